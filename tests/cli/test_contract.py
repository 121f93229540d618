"""Every command of the contract is there, as README and design say it."""

import re
import shlex
from pathlib import Path

import pytest

from bot import __version__
from tests.cli.desk import ROOT, run

COMMANDS = [
    *("demo", "serve", "migrate", "check", "code", "export", "why", "poster", "lint"),
    *(f"campaign {verb}" for verb in ("start", "list", "show", "edit", "pause", "resume", "end")),
    *(f"ledger {verb}" for verb in ("head", "verify", "prove", "check-proof")),
    *("sync", "import", "plan", "shortlist", "erase", "backup", "restore", "unmatched"),
    *(f"key {verb}" for verb in ("new", "list", "revoke")),
    *(f"story {verb}" for verb in ("list", "select", "withdraw")),
    *(f"claim {verb}" for verb in ("list", "confirm", "refuse")),
    *(f"appeal {verb}" for verb in ("list", "answer")),
    *(f"reward {verb}" for verb in ("list", "approve", "refuse", "adjust")),
    *(f"person {verb}" for verb in ("merge", "part", "merges")),
]
ANSWER_IN_JSON = [
    *("code", "why", "lint", "import", "plan", "shortlist", "unmatched"),
    *(name for name in COMMANDS if name.startswith(("campaign ", "ledger ", "story ", "claim ", "appeal "))),
    *(name for name in COMMANDS if name.startswith(("reward ", "person "))),
]
OPTIONS = {
    "demo": ["--once", "--port", "--data"],
    "campaign start": ["--name", "--from", "--to", "--budget-fen", "--set"],
    "campaign edit": ["--set", "--budget-fen", "--to"],
    "import": ["--map", "--scale", "--dry-run"],
    "shortlist": ["--limit", "--at", "--all"],
    "erase": ["--dry-run"],
    "key new": ["--scope"],
    "claim refuse": ["--reason"],
    "appeal answer": ["--text"],
    "reward list": ["--waiting"],
    "reward approve": ["--by"],
    "reward refuse": ["--by", "--reason"],
    "reward adjust": ["--campaign", "--kind", "--amount", "--unit", "--cost-fen", "--reason", "--by"],
    "person merge": ["--reason", "--by"],
    "person part": ["--by"],
    "code": ["--campaign"],
    "export": ["--format", "-o"],
    "poster": ["--template", "--edition", "-o"],
    "lint": ["--edition", "--industry"],
}
GROUPS = {name.split()[0] for name in COMMANDS if " " in name}


@pytest.mark.parametrize("command", COMMANDS)
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
    assert [name for name in COMMANDS if f"  {name.split()[0]} " not in shown.stdout] == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_every_command_line_in_a_readme_exists(readme):
    lines = _commands(ROOT / readme)

    assert len(lines) > 3
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        names = [word for word in words[:2] if re.fullmatch(r"[a-z-]+", word)]
        deeper = names[:2] if names[0] in GROUPS else names[:1]
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
        ("campaign", "edit", "c1", "--config", "x", "--budget-fen", "-1"),
        ("reward", "approve", "w1", "--config", "x"),
        ("reward", "refuse", "w1", "--by", "周", "--config", "x"),
        ("reward", "adjust", "crm:1", "--campaign", "c1", "--kind", "smiles", "--config", "x"),
        ("person", "merge", "crm:1", "--config", "x"),
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
