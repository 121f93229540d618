"""What README and docs say is there: commands, keys, links, pictures, reasons; and both languages say it."""

import re
import shlex
import textwrap
from pathlib import Path

import click
import pytest

from bot.cli import taoli
from bot.config import load
from bot.config.reader import known_keys
from bot.config.sections import Config
from tests.house.test_config import AES_KEY, WHSEC, structs

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("**/*.md")])
ENGLISH = [page for page in PAGES if not page.name.endswith(".zh.md")]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
KEY = re.compile(r"^\[{1,2}([a-z_.]+)\]{1,2}(?: ([a-z_]+))?(?: = .*)?$")
REASON = re.compile(r"^[a-z]+[._][a-z_]+$")
LARGEST = 250_000  # bytes of a picture


def blocks(page: Path, *kinds: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text("utf-8")) if kind in kinds]


def inline(page: Path) -> list[str]:
    return CODE.findall(BLOCK.sub("", page.read_text("utf-8")))


def commands(page: Path) -> list[list[str]]:
    """Every `taoli …` in a shell block or in the text, as words."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()] + inline(page)
    return [shlex.split(line, comments=True)[1:] for line in lines if re.match(r"taoli [^\\]+$", line)]


def headings(page: Path) -> list[int]:
    return [len(line.split(" ")[0]) for line in BLOCK.sub("", page.read_text("utf-8")).splitlines() if line[:1] == "#"]


def problem(words: list[str]) -> str | None:
    """What of a command is not there, None if all is."""
    command: click.Command = taoli
    context = click.Context(taoli)
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    known = {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= dict.fromkeys((*context.help_option_names, "-h", "--version"))
    unknown = [word for word in words if re.match("--?[a-z]", word) and word not in known]
    if unknown:
        return f"no option {unknown[0]}"
    first = next((p for p in command.params if isinstance(p, click.Argument)), None)
    if first and isinstance(first.type, click.Choice) and words:
        return next((f"not to be {word}" for word in words[0].split("|") if word not in first.type.choices), None)
    return None


def environ_of(block: str) -> dict[str, str]:
    """A fitting secret for every variable that a configuration names."""
    fitting = {"aes_key": AES_KEY, "token": "QDG6eK", "orders": WHSEC, "signals": WHSEC, "erp": WHSEC}
    named = re.findall(r'_env = "(\w+)"', block)
    return {name: next((v for k, v in fitting.items() if k in name.lower()), "s3cret-of-the-app") for name in named}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_is_there_with_its_options(page):
    wrong = {" ".join(words): why for words in commands(page) if (why := problem(words))}

    assert wrong == {}


def test_a_command_that_is_not_there_would_be_found():
    assert problem(["doctor", "--config", "taoli.toml"]) == "no command doctor"
    assert problem(["ledger", "sign"]) == "no command sign"
    assert problem(["serve", "--conifg", "taoli.toml"]) == "no option --conifg"
    assert problem(["import", "rewards", "file.csv"]) == "not to be rewards"
    assert problem(["import", "people", "file.csv", "--dry-run"]) is None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_of_make_is_there(page):
    makefile = (ROOT / "Makefile").read_text()
    lines = [line.strip() for block in blocks(page, "sh") for line in block.splitlines()] + inline(page)

    targets = {match[1] for line in lines if (match := re.match(r"make ([a-z-]+)", line))}

    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_shown_is_accepted(page, tmp_path):
    for number, block in enumerate(blocks(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(textwrap.dedent(block), "utf-8")

        assert load(file, environ_of(block)).company.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_key_named_is_there(page):
    tables = {name: [] for name in known_keys(Config)} | structs()
    named = [match.groups() for text in inline(page) if (match := KEY.match(text))]

    wrong = [
        (table, key)
        for table, key in named
        if table not in tables or (key and not {key, key.removesuffix("_env")} & set(tables[table]))
    ]

    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_is_there(page):
    targets = [link or source for link, source in LINK.findall(page.read_text("utf-8"))]
    local = [target for target in targets if not target.startswith(("http://", "https://", "#"))]

    assert [target for target in local if not (page.parent / target.partition("#")[0]).exists()] == []


def test_every_picture_is_shown_somewhere_and_small():
    shown = "".join(page.read_text("utf-8") for page in PAGES)
    pictures = [file for file in (ROOT / "docs" / "pictures").iterdir() if file.is_file()]

    assert [file.name for file in pictures if file.name not in shown] == []
    assert [file.name for file in pictures if file.stat().st_size > LARGEST] == []


@pytest.mark.parametrize("name", ["troubleshooting.md", "troubleshooting.zh.md"])
def test_every_word_of_the_log_named_is_one_that_is_written(name):
    page = ROOT / "docs" / name
    sources = "".join(
        file.read_text("utf-8") for folder in ("bot", "scheduler", "storage") for file in (ROOT / folder).rglob("*.py")
    )
    seen = "\n".join(line.split("|")[1] for line in page.read_text("utf-8").splitlines() if line.startswith("| "))

    named = {word for word in CODE.findall(seen) if REASON.match(word)}

    assert {word for word in named if f'"{word}"' not in sources} == set()
    assert {"callback.not_stored", "address_not_allowed"} <= named


@pytest.mark.parametrize("page", ENGLISH, ids=lambda page: page.name)
def test_every_page_has_its_equal_in_chinese(page):
    chinese = page.with_name(page.name.replace(".md", ".zh.md"))

    assert headings(chinese) == headings(page)
    assert [len(block) > 0 for _, block in BLOCK.findall(chinese.read_text("utf-8"))] == [
        len(block) > 0 for _, block in BLOCK.findall(page.read_text("utf-8"))
    ]
    assert commands(chinese) == commands(page)
    assert chinese.name in page.read_text("utf-8")
    assert page.name in chinese.read_text("utf-8")


def test_the_map_names_files_that_are_there():
    for page in (ROOT / "README.md", ROOT / "README.zh.md"):
        rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| ") and "`" in line]
        files = [text for row in rows for text in CODE.findall(row) if "/" in text and " " not in text]

        assert len(files) > 15
        assert [file for file in files if not list(ROOT.glob(file.rstrip("/")))] == []
