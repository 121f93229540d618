"""The sandbox is an independent check: it shares no code with what it checks."""

import ast
from pathlib import Path

import bot.sandbox

FOLDER = Path(bot.sandbox.__file__).parent
OURS = ("bot", "referral", "storage", "scheduler", "templates")


def imported(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_sandbox_imports_nothing_of_the_bot_it_plays_against():
    names = {name for file in FOLDER.glob("*.py") for name in imported(file)}

    ours = {name for name in names if name.split(".")[0] in OURS}
    assert {name for name in ours if name.split(".")[:2] != ["bot", "sandbox"]} == set()
    assert not [name for name in names if name.startswith("wechatpy")]


def test_every_file_stays_small():
    assert [file.name for file in FOLDER.glob("*.py") if len(file.read_text().splitlines()) > 350] == []
