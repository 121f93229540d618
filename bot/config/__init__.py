"""The one TOML file a company writes, as frozen values: `load` reads it, `with_sandbox_secrets` completes a sandbox."""

from bot.config.load import ConfigError, load
from bot.config.sandbox import with_sandbox_secrets
from bot.config.secret import Secret
from bot.config.sections import (
    Admin,
    App,
    AppUse,
    Company,
    Config,
    Connector,
    Console,
    Hook,
    KeySources,
    Official,
    Sending,
    Server,
    WeCom,
)

__all__ = [
    "Admin",
    "App",
    "AppUse",
    "Company",
    "Config",
    "ConfigError",
    "Connector",
    "Console",
    "Hook",
    "KeySources",
    "Official",
    "Secret",
    "Sending",
    "Server",
    "WeCom",
    "load",
    "with_sandbox_secrets",
]
