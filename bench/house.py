"""A company without the sandbox: the configuration of the `serve` that is measured."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Self

from envelopes import Account
from processes import Child

DESK = "wkBENCH"
_CONFIG = """
[server]
port = 0
[company]
name = "春和家居"
[database]
url = "sqlite:///taoli.db"
[files]
data_dir = "data"
[wecom]
corp_id = "{corp}"
api_base = "{api_base}"
[[wecom.apps]]
name = "main"
agent_id = 1000002
secret_env = "BENCH_SECRET"
token_env = "BENCH_TOKEN"
aes_key_env = "BENCH_AES_KEY"
uses = ["contact", "kf", "rep"]
kf_accounts = ["{desk}"]
"""


def serve(folder: Path, account: Account, api_base: str) -> Child:
    """Start the genuine `taoli serve` on SQLite, its platform at `api_base`."""
    file = folder / "taoli.toml"
    file.write_text(_CONFIG.format(corp=account.corp, api_base=api_base, desk=DESK), encoding="utf-8")
    secrets = {"BENCH_SECRET": "s" * 43, "BENCH_TOKEN": account.token, "BENCH_AES_KEY": account.aes_key}
    return Child("-m", "bot", "serve", "--config", str(file), environ=secrets)


def port_of(server: Child) -> int:
    """Wait until it serves; its port."""
    found = re.search(r"127\.0\.0\.1:(\d+)", server.line("http://127.0.0.1:"))
    assert found
    return int(found[1])


class Database:
    """The bot's database, looked at from outside, read-only."""

    def __init__(self, folder: Path) -> None:
        self._c = sqlite3.connect(f"file:{folder / 'taoli.db'}?mode=ro", uri=True, isolation_level=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._c.close()

    def stored(self, channel: str) -> int:
        """Events in the inbox that came by a channel."""
        return self._count("select count(*) from inbox where channel = ?", channel)

    def answered(self, crowd: str) -> int:
        """Customers of a crowd for whom words are in the outbox, sent or not."""
        return self._count(
            "select count(distinct lane) from outbox where kind = 'DeskText' and lane like ?", f"desk:{crowd}%"
        )

    def waiting(self) -> int:
        """Letters that are still to be sent."""
        return self._count("select count(*) from outbox where state in ('queued', 'sending')")

    def _count(self, query: str, *values: str) -> int:
        found: int = self._c.execute(query, values).fetchone()[0]
        return found
