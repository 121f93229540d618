"""Every command of the contract is there, as README and design say it."""

import re
import shlex
from pathlib import Path

import pytest

from bot import __version__
from tests.cli.desk import ROOT, run

PART_ONE = [
    *("demo", "serve", "migrate", "check", "code", "export", "why", "poster", "lint"),
    *(f"campaign {verb}" for verb in ("start", "list", "show", "pause", "resume", "end")),
    *(f"ledger {verb}" for verb in ("head", "verify", "prove", "check-proof")),
]
ANSWER_IN_JSON = [
    *("code", "why", "lint"),
    *(name for name in PART_ONE if name.startswith(("campaign ", "ledger "))),
]
OPTIONS = {
    "demo": ["--once", "--port", "--data"],
    "campaign start": ["--name", "--from", "--to", "--budget-fen", "--set"],
    "code": ["--campaign"],
    "export": ["--format", "-o"],
    "poster": ["--template", "--edition", "-o"],
    "lint": ["--edition", "--industry"],
}


@pytest.mark.parametrize("command", PART_ONE)
def test_a_command_of_the_contract_is_there(command):
    result = run(*command.split(), "--help")

    assert result.exit_code == 0
    wanted = OPTIONS.get(command, [])
    wanted += ["--json"] if command in ANSWER_IN_JSON else []
    wanted += [] if command in ("demo", "lint") else ["--config"]
    assert [option for option in wanted if option not in result.stdout] == []


def test_the_version_is_told():
    result = run("--version")

    assert (result.exit_code, result.stderr) == (0, "")
    assert __version__ in result.stdout


def test_help_names_every_command():
    shown = run("--help")

    assert shown.exit_code == 0
    assert [name for name in PART_ONE if f"  {name.split()[0]} " not in shown.stdout] == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_every_command_line_in_a_readme_exists(readme):
    lines = _commands(ROOT / readme)

    assert len(lines) > 3
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        names = [word for word in words[:2] if re.fullmatch(r"[a-z-]+", word)]
        deeper = names[:2] if names[0] in ("campaign", "ledger") else names[:1]
        shown = run(*deeper, "--help")
        assert shown.exit_code == 0, line
        assert [word for word in words if word.startswith("-") and word not in shown.stdout] == [], line


def _commands(file: Path) -> list[str]:
    """The `taoli …` lines inside fences."""
    fenced = re.findall(r"```sh\n(.*?)```", file.read_text("utf-8"), flags=re.DOTALL)
    return [line for block in fenced for line in block.splitlines() if line.startswith("taoli ")]


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("nosuch",),
        ("serve",),
        ("campaign", "start", "double-month"),
        ("export", "everything", "--config", "x"),
        ("code", "crm:1", "--config", "x"),
        ("poster", "0" * 8, "--config", "x"),
        ("demo", "--port", "70000"),
        ("lint", "--edition", "shout"),
        ("lint", "--industry", "nosuch"),
        ("lint", "/nowhere/at/all"),
    ],
)
def test_what_cannot_be_typed_is_usage(args):
    result = run(*args)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr
