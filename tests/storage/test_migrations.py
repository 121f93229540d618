"""Bringing a database to this version: wholly or not at all, and only our own."""

import asyncio
import hashlib
import shutil
import sqlite3
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect, text

from storage import tables as t
from storage.errors import DatabaseInUse, ForeignDatabase, NewerDatabase, NotMigrated, StorageError
from storage.open import migrate_database, open_beside, open_store

ROOT = Path(__file__).parents[2]


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def run_sql(url: str, *statements: str) -> None:
    """From outside our program."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def table_names(url: str) -> set[str]:
    engine = create_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


async def test_an_empty_database_arrives_at_exactly_the_schema_of_the_code(database_url: str):
    assert await migrate_database(database_url)

    engine = create_engine(database_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": connection.dialect.name == "postgresql"}
        difference = compare_metadata(MigrationContext.configure(connection, opts=options), t.metadata)
        found = shape(connection)
    engine.dispose()

    assert difference == []
    assert found == shape_of_the_code(defaults=database_url.startswith("sqlite"))


async def test_migrating_again_changes_nothing(database_url: str):
    await migrate_database(database_url)

    assert not await migrate_database(database_url)
    assert table_names(database_url) == {*t.metadata.tables, "alembic_version"}


async def test_two_who_migrate_postgres_at_once_do_it_once(postgres_url: str):
    ran = await asyncio.gather(*(migrate_database(postgres_url) for _ in range(4)))

    assert sorted(ran) == [False, False, False, True]


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str):
    await migrate_database(database_url)
    run_sql(database_url, "update alembic_version set version_num = '9999'")

    for opening in (open_store, migrate_database, open_beside):
        with pytest.raises(NewerDatabase, match="9999"):
            await opening(database_url)


@pytest.mark.parametrize("foreign", ["wp_posts", "marks", "alembic_version"])
async def test_another_programs_database_is_refused_and_left_alone(database_url: str, foreign: str):
    row = f"insert into {foreign} values ('program', 'blog')"
    run_sql(database_url, f"create table {foreign} (key text, value text)", row)
    before = fingerprint(database_url)

    for opening in (open_store, migrate_database, open_beside):
        with pytest.raises(ForeignDatabase):
            await opening(database_url)

    assert table_names(database_url) == {foreign}
    assert fingerprint(database_url) == before


async def test_a_file_that_is_no_database_is_refused_and_left_alone(sqlite_url: str):
    path_of(sqlite_url).write_bytes(b"Dear diary, " * 100)

    for opening in (open_store, migrate_database, open_beside):
        with pytest.raises(ForeignDatabase):
            await opening(sqlite_url)

    assert path_of(sqlite_url).read_bytes() == b"Dear diary, " * 100


async def test_a_sqlite_file_is_brought_up_to_date_when_the_bot_starts(sqlite_url: str):
    store = await open_store(sqlite_url)

    assert await store.read(lambda tx: tx.marks.get("program")) == "taoli"
    await store.close()


async def test_a_path_may_have_spaces_and_signs_in_it(tmp_path: Path):
    path = tmp_path / "客户 #1"
    path.mkdir()
    url = f"sqlite:///{path / 'taoli 100% #2.db'}"

    store = await open_store(url)
    await store.write(lambda tx: tx.marks.set("clock", "1"))

    assert await store.read(lambda tx: tx.marks.get("clock")) == "1"
    assert [found.name for found in path.glob("*.db")] == ["taoli 100% #2.db"]
    await store.close()


async def test_postgres_is_not_opened_before_it_was_migrated(postgres_url: str):
    for opening in (open_store, open_beside):
        with pytest.raises(NotMigrated, match="taoli migrate"):
            await opening(postgres_url)

    assert table_names(postgres_url) == set()


async def test_a_sqlite_file_that_does_not_exist_cannot_be_read_beside(sqlite_url: str):
    with pytest.raises(NotMigrated):
        await open_beside(sqlite_url)

    assert not path_of(sqlite_url).exists()


async def test_a_server_that_is_not_there_is_an_error_of_storage():
    with pytest.raises(StorageError):
        await open_store("postgresql+psycopg://taoli@127.0.0.1:1/nothing")


async def told_by(*command: str) -> list[str]:
    """The lines a program of ours prints."""
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
    told, _ = await process.communicate()
    return told.decode().splitlines()


async def test_a_second_process_may_not_open_the_file_for_writing(ready_sqlite_url: str):
    store = await open_store(ready_sqlite_url)
    program = (
        "import asyncio, sys; from storage import open as o; from storage.errors import DatabaseInUse\n"
        "for opening in (o.migrate_database, o.open_store):\n"
        "    try:\n"
        "        asyncio.run(opening(sys.argv[1]))\n"
        "    except DatabaseInUse as error:\n"
        "        print(error)"
    )

    refused = await told_by(sys.executable, "-c", program, ready_sqlite_url)
    with pytest.raises(DatabaseInUse):
        await open_store(ready_sqlite_url)
    await store.close()

    assert refused == ["taoli.db 正由另一个进程使用"] * 2
    await (await open_store(ready_sqlite_url)).close()


def test_a_migration_killed_on_its_way_leaves_the_old_or_the_new(database_url: str):
    """A preloaded process forks one migration after another and kills each at a later statement."""
    step = "9" if database_url.startswith("sqlite") else "18"
    command = [sys.executable, str(Path(__file__).with_name("killed_migrations.py")), database_url, step]

    told = subprocess.run(command, cwd=ROOT, timeout=100, check=True, capture_output=True, text=True)

    states = told.stdout.split()
    assert states[-1] == "new"
    assert set(states) == {"old", "new"}
    assert states.count("old") >= 4
    assert not asyncio.run(migrate_database(database_url))


def fingerprint(url: str) -> str:
    if url.startswith("sqlite"):
        return hashlib.sha256(path_of(url).read_bytes()).hexdigest()
    with psycopg.connect(plain(url)) as connection:
        return str(connection.execute("select relname, relfilenode from pg_class order by 1").fetchall())


def shape_of_the_code(*, defaults: bool) -> dict[str, set[str | None]]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        t.metadata.create_all(connection)
        return shape(connection, defaults=defaults)


def shape(connection: Connection, *, defaults: bool | None = None) -> dict[str, set[str | None]]:
    """Names of checks, keys and references by table, on SQLite the defaults too: what autogenerate compares badly."""
    look = inspect(connection)
    with_defaults = connection.dialect.name == "sqlite" if defaults is None else defaults
    return {
        table: {
            *(check["name"] for check in look.get_check_constraints(table)),
            *(unique["name"] for unique in look.get_unique_constraints(table)),
            *(key["name"] for key in look.get_foreign_keys(table)),
            *(f"{column['name']} {column['default']}" for column in look.get_columns(table) if with_defaults),
        }
        for table in t.metadata.tables
    }


def test_every_append_only_table_is_guarded(migrated_file: Path):
    with sqlite3.connect(migrated_file) as connection:
        names = {name for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'")}
    connection.close()

    assert names == {f"{table}_no_{act}" for table in t.APPEND_ONLY for act in ("update", "delete", "replace")}


async def test_a_file_whose_writer_died_in_mid_rollback_is_recovered_and_opened(ready_sqlite_url, tmp_path):
    alive = path_of(ready_sqlite_url)
    writer = sqlite3.connect(alive, isolation_level=None)
    writer.executescript("pragma journal_mode = delete; pragma cache_size = 2; begin immediate")
    writer.executemany("insert into marks values (?, ?)", ((f"half {n}", "x" * 500) for n in range(2000)))
    dead = tmp_path / "dead.db"
    for suffix in ("", "-journal"):
        shutil.copy(f"{alive}{suffix}", f"{dead}{suffix}")
    writer.close()

    store = await open_store(f"sqlite:///{dead}")

    assert await store.read(lambda tx: tx.marks.get("half 0")) is None
    assert await store.read(lambda tx: tx.marks.get("program")) == "taoli"
    await store.close()


def migrate_to(url: str, version: str) -> None:
    """A database as a former program left it."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage/migrations"))
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    run_sql(url, "insert into marks (key, value) values ('program', 'taoli')")


async def test_the_step_to_cheaper_upkeep_keeps_every_moment(sqlite_url: str):
    """0003 makes the table of moments anew on SQLite."""
    migrate_to(sqlite_url, "0002")
    columns = "person, consent, score, state, reason, due_at"
    run_sql(
        sqlite_url,
        "insert into people (id, created_at) values ('p1', 1), ('p2', 1)",
        f"insert into moments ({columns}) values ('p1', 'granted', 1.5, 'ready', '', 7)",
        f"insert into moments ({columns}) values ('p2', 'unknown', -1, 'idle', 'consent.unknown', null)",
    )

    assert await migrate_database(sqlite_url)

    with sqlite3.connect(path_of(sqlite_url)) as file:
        kept = file.execute(f"select {columns} from moments order by person").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="ck_moments_state"):
            file.execute("update moments set state = 'nothing'")
        problems = file.execute("pragma foreign_key_check").fetchall()
    file.close()
    assert kept == [("p1", "granted", 1.5, "ready", "", 7), ("p2", "unknown", -1.0, "idle", "consent.unknown", None)]
    assert problems == []


OLD_TERMS = (
    '{"amount_advocate":60,"amount_friend":30,"attribution":"last","both_or_neither":true,"budget_fen":900000,'
    '"cap_per_year":50,"conversions":["order.paid"],"cost_fen":3000,"hold_days":15,"kind":"days","late_days":7,'
    '"min_amount_fen":1,"new_customers_only":true,"rule":"first-order","unit":"days","window_days":30}'
)
OLD_THANKS = "insert into rewards (id, campaign, referral, friend, person, side, rule, kind, unit, amount, cost_fen,"
OLD_THANKS += ' state, reason, "order", held_at, due_at, granted_at) values '


async def test_the_step_to_the_engine_keeps_campaigns_terms_and_thanks(database_url: str):
    """0004 makes the table of rewards anew and lists what was one kind of thanks for both sides."""
    migrate_to(database_url, "0003")
    run_sql(
        database_url,
        "insert into people (id, created_at) values ('mei', 1), ('jun', 1)",
        "insert into campaigns (id, pack, name, state, starts_at, budget_fen, used_fen, created_at)"
        " values ('c1', 'double-month', '冬', 'running', 1, 900000, 6000, 1)",
        f"insert into terms (campaign, version, body, since) values ('c1', 1, '{OLD_TERMS}', 1)".replace(":", r"\:"),
        "insert into referrals (id, campaign, friend, advocate, code, touch, version, method, status, reason, at)"
        " values ('r1', 'c1', 'jun', 'mei', 'CODE', 't1', 1, 'last_touch', 'credited', 'hold.running', 5)",
        "insert into orders (id, source, order_no, kind, amount_fen, paid_at, received_at, person, digest, outcome,"
        " reasons, referral) values ('o1', 'shop', 'A1', 'order.paid', 19900, 6, 7, 'jun', 'd', 'held', '[]', 'r1')",
        OLD_THANKS + "('w1', 'c1', 'r1', 'jun', 'mei', 'advocate', 'first-order', 'days', 'days', 60, 3000,"
        " 'granted', 'granted', 'o1', 7, 8, 9)",
        OLD_THANKS + "('w2', 'c1', 'r1', 'jun', 'jun', 'friend', 'first-order', 'days', 'days', 30, 3000,"
        " 'held', 'hold.running', 'o1', 7, 8, null)",
    )

    assert await migrate_database(database_url)

    store = await open_store(database_url)
    campaign, terms, rewards, referral = await store.read(
        lambda tx: (
            tx.campaigns.get("c1"),
            tx.campaigns.terms("c1", 1),
            tx.rewards.of_referral("r1"),
            tx.referrals.get("r1"),
        )
    )
    await store.close()
    assert (campaign.used_fen, campaign.spent_fen, campaign.pause) == (6000, 3000, "")
    assert [(each.side, each.choices[0].amount, each.choices[0].cost_fen) for each in terms.thanks] == [
        ("advocate", 60, 3000),
        ("friend", 30, 3000),
    ]
    assert [(r.id, r.state, r.reserved_fen, r.cause) for r in rewards] == [
        ("w1", "granted", 3000, "referral"),
        ("w2", "held", 3000, "referral"),
    ]
    assert referral.order == "o1"


async def test_the_step_to_carriers_leaves_every_poster_on_our_own_page(database_url: str):
    """0005 tells apart what a QR leads to; a contact QR of before is read when it is next wanted."""
    migrate_to(database_url, "0004")
    run_sql(
        database_url,
        "insert into campaigns (id, pack, name, state, starts_at, budget_fen, used_fen, created_at)"
        " values ('c1', 'double-month', '冬', 'running', 1, 900000, 0, 1)",
        "insert into contact_ways (id, code, rep, mark, config, source, picture, asked_at, ready_at)"
        r" values ('q1', 'ABCD1234', 'lin', 's1', 'c', 'https\://p/qr', 'q1.png', 1, 2)",
        r"insert into desks (id, cursor, link) values ('wk1', '', 'https\://work.weixin.qq.com/kf/kf1?enc_scene=E')",
    )

    assert await migrate_database(database_url)

    store = await open_store(database_url)
    campaign, way, prefix, blocked = await store.read(
        lambda tx: (
            tx.campaigns.get("c1"),
            tx.contact_ways.of_code("ABCD1234", "lin"),
            tx.desks.prefix("wk1"),
            tx.domains.blocked(),
        )
    )
    await store.close()
    assert campaign.carrier == "landing"
    assert (way.picture, way.payload, way.is_made, way.is_lost) == ("q1.png", None, False, False)
    assert (prefix, blocked) == (None, [])
