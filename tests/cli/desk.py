"""What the command line's tests stand on: commands, a company's folder, and a running bot."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from bot.cli import taoli

ROOT = Path(__file__).parents[2]
TAOLI = (sys.executable, "-m", "bot")
PATIENCE_S = 60.0
CONFIG = """\
[server]
port = 0

[company]
name = "春和家居"

[sandbox]
enabled = true
"""


def run(*args: str, stdin: str | bytes | None = None, env: dict[str, str] | None = None) -> Result:
    """Run a command in this very process."""
    return CliRunner().invoke(taoli, args, input=stdin, env=env)


class Desk:
    """A folder with a configuration, and commands on it."""

    def __init__(self, folder: Path, config: str = CONFIG) -> None:
        self.folder = folder
        self.file = folder / "taoli.toml"
        self.data = folder / "data"
        self.database = folder / "taoli.db"
        self.bot: Bot
        if not self.file.exists():
            self.file.write_text(config, encoding="utf-8")

    def run(self, *args: str, **others: Any) -> Result:
        """Run a command with this configuration."""
        return run(*args, "--config", str(self.file), **others)

    def json(self, *args: str) -> Any:
        """What a command that goes well prints with `--json`."""
        result = self.run(*args, "--json")
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        assert result.stdout.count("\n") == 1
        return json.loads(result.stdout)

    def ask_database(self, statement: str) -> list[Any]:
        """Look at the tables themselves, or change them."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()


class Told(Desk):
    """A folder in which the demo's story was told once."""

    def __init__(self, folder: Path, demo: Result) -> None:
        super().__init__(folder)
        self.demo = demo

    def rows(self, what: str) -> list[dict[str, Any]]:
        """One export."""
        result = self.run("export", what)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]


class Bot:
    """A `taoli` process that serves; its log as it comes."""

    def __init__(self, *args: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [*TAOLI, *args],
            cwd=ROOT,
            env=os.environ | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.lines: list[str] = []
        self.address = ""

    def wait_for(self, text: str, *, stdout: bool = False) -> str:
        """The next line that holds `text`."""
        stream = self.process.stdout if stdout else self.process.stderr
        guard = threading.Timer(PATIENCE_S, self.process.kill)
        guard.start()
        try:
            for line in stream or ():
                self.lines.append(line)
                if text in line:
                    return line
        finally:
            guard.cancel()
        raise AssertionError(f"ended without saying {text}: {self.lines}")

    def signal(self, sign: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(sign)

    def insist(self, sign: signal.Signals) -> None:
        """Send it again and again, as somebody impatient does."""
        while self.process.poll() is None:
            self.signal(sign)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.2)

    def ended(self) -> tuple[int, str, str]:
        """Wait until it has ended: its exit code and what it still said on stdout and stderr."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@contextmanager
def serving(desk: Desk, **env: str) -> Iterator[Bot]:
    """`taoli serve` in a process of its own, ended with the block."""
    bot = Bot("serve", "--config", str(desk.file), env=env)
    try:
        bot.address = json.loads(bot.wait_for("serve.started"))["address"]
        yield bot
    finally:
        if bot.process.poll() is None:
            bot.process.kill()
        bot.process.communicate()
