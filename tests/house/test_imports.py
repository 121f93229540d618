"""Who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ("bot", "referral", "scheduler", "storage", "templates")
MAY_IMPORT = {
    "referral": {"referral"},
    "storage": {"storage", "referral"},
    "scheduler": {"scheduler", "referral"},
    "templates": {"templates"},
    "bot": set(HOUSE),
}
ENGINES = ("storage.open", "scheduler.clock")  # opening storage, starting the clock
COMPOSITION = ("bot/app.py", "bot/cli", "bot/demo")
NEITHER_DATABASE_NOR_NETWORK = {
    "aiohttp", "alembic", "apscheduler", "asyncio", "httpx", "jinja2", "PIL", "psycopg", "random", "requests",
    "secrets", "socket", "sqlalchemy", "sqlite3", "time", "wechatpy",
}  # fmt: skip


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(module: Path) -> Iterator[str]:
    """Every dotted name a module imports, wherever in it the import stands; `from a import b` gives a.b."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


@pytest.mark.parametrize("package", HOUSE)
def test_a_package_imports_only_what_stands_below_it(package: str):
    ours = {*HOUSE, "tests", "bench", "docs", "scripts"}

    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules(package)
        for name in imports(module)
        if (top := name.partition(".")[0]) in ours and top not in MAY_IMPORT[package]
    ]

    assert wrong == []


def test_the_rules_know_neither_database_nor_network_nor_the_time_of_day():
    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules("referral")
        for name in imports(module)
        if name.partition(".")[0] in NEITHER_DATABASE_NOR_NETWORK
    ]

    assert wrong == []


def test_only_the_composition_root_and_the_command_line_open_storage_or_start_the_clock():
    wrong = [
        f"{place} imports {name}"
        for module in modules("bot")
        if not (place := str(module.relative_to(ROOT))).startswith(COMPOSITION)
        for name in imports(module)
        if any(within(name, engine) for engine in ENGINES)
    ]

    assert wrong == []


def test_the_house_is_five_packages():
    found = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))

    assert found == sorted([*HOUSE, "tests"])
