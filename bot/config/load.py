"""Loading the configuration file: the defaults that hang on other keys, and the one error that names every problem."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from bot.config.reader import Reader, Table, toml
from bot.config.sections import Config

SANDBOX_CORP_ID = "wwsandbox000000001"
SANDBOX_AGENT_ID = 1000002
SANDBOX_DESK = "wkSANDBOX"
SANDBOX_MANAGER = "zhou"
ALWAYS = ("server", "database", "files", "keys", "company", "sending", "egress", "sandbox")
PLAYED = ("wecom", "orders", "signals", "console")  # what a sandbox has without being asked


class ConfigError(Exception):
    """The configuration cannot be used. `problems` are all that was found, each `key.path: sentence`."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.path = path
        self.problems = tuple(problems)
        super().__init__("\n".join([f"{path} cannot be used:", *(f"  {problem}" for problem in problems)]))


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read the configuration at `path`, secrets from `environ` or the files it names; raises `ConfigError`.

    With the sandbox enabled, secrets that are not set are empty: see `with_sandbox_secrets`.
    """
    path = path.absolute()
    try:
        table = toml(path)
    except ValueError as error:
        raise ConfigError(path, [f"the file {error}"]) from error
    sandbox = _in_table(table, "sandbox").get("enabled") is True
    reader = Reader(path.parent, environ, sandbox=sandbox)
    config = reader.section(Config, _with_defaults(table, sandbox=sandbox), "")
    if not isinstance(config, Config):
        raise ConfigError(path, reader.problems)
    return config


def _with_defaults(table: Table, *, sandbox: bool) -> Table:
    """Put in what is not written but follows from other keys; a value of a wrong type is left for the reader."""
    filled = {**{name: {} for name in (*ALWAYS, *(PLAYED if sandbox else ()))}, **table}
    own = f"http://127.0.0.1:{_in_table(table, 'server').get('port', 8000)}"
    data_dir = _in_table(table, "files").get("data_dir", "data")
    _fill(filled, "server", public_url=own)
    _fill(filled, "database", url="sqlite:///taoli.db")
    _fill(filled, "files", data_dir="data")
    _fill(filled, "keys", file=str(PurePath(str(data_dir)) / "keys.toml"))
    _fill(filled, "sending", hours=["09:00", "20:30"])
    if sandbox:
        _fill(filled, "wecom", corp_id=SANDBOX_CORP_ID, apps=[{}], managers=[SANDBOX_MANAGER])
    else:
        _fill(filled, "wecom", api_base="https://qyapi.weixin.qq.com", oauth_base="https://open.weixin.qq.com")
    if not sandbox:
        _fill_connectors(filled, "wechatpay", api_base="https://api.mch.weixin.qq.com")
    return _with_list_defaults(filled, sandbox=sandbox)


def _fill_connectors(table: Table, kind: str, **values: Any) -> None:
    connectors = _in_table(table, "fulfilment")
    filled = {
        name: {**values, **each} if isinstance(each, dict) and each.get("kind") == kind else each
        for name, each in connectors.items()
    }
    if connectors:
        table["fulfilment"] = filled


def _with_list_defaults(table: Table, *, sandbox: bool) -> Table:
    if sandbox:
        apps = _in_table(table, "wecom").get("apps")
        played: Table = {"agent_id": SANDBOX_AGENT_ID, "kf_accounts": [SANDBOX_DESK]}
        return _fill(table, "wecom", override=True, apps=_each_with(apps, played))
    accounts = table.get("official", [])
    return {**table, "official": _each_with(accounts, {"api_base": "https://api.weixin.qq.com"})}


def _fill(table: Table, name: str, *, override: bool = False, **values: Any) -> Table:
    if isinstance(table.get(name), dict):
        table[name] = {**table[name], **values} if override else {**values, **table[name]}
    return table


def _each_with(tables: Any, values: Table) -> Any:
    if not isinstance(tables, list):
        return tables
    return [{**values, **table} if isinstance(table, dict) else table for table in tables]


def _in_table(table: Table, name: str) -> Table:
    found = table.get(name)
    return found if isinstance(found, dict) else {}
