"""Exports as a marketer opens them: the same rows as CSV, as a workbook and as JSON lines, and nothing that runs."""

import asyncio
import csv
import io
import json
import os
import pty
import subprocess
import tracemalloc
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from referral.identities import Identity
from referral.people import Person
from storage import tables as t
from storage.exports import COLUMNS
from storage.formats import CUT, SHEET_ROWS, write_rows
from storage.guard import guarded, unguarded
from storage.open import migrate_database, open_store
from storage.times import ms
from tests.cli.desk import CONFIG, ROOT, TAOLI, Desk, run
from tests.storage.cast import CRM, NOON, PHONE, WECOM, a_reward, a_share, after, an_entry, salt_of, settle_with_order

CUSTOMERS = """\
crm_id,name,nickname,rep,joined_on,tier,satisfaction,activity,last_order_at,orders,past_referrals,tags,marketing_consent
0042,李梅,=1+1,lin,2024-01-05,金卡,9,3.5,2026-01-05 10:20:30,12,2,老客户、爱喝茶,1
0043,小军,梅🌸,lin,2024-02-05,,8.5,-4,2026-01-06,,,,0
0044,小方,مريم,,,,,,,,,,
"""
NAMES = [
    '=HYPERLINK("http://evil.example","点我")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "'=already",
    "＝1+1",
    "-5",
    "+86",
    "梅🌸👩‍👩‍👧",
    "مريم\u200f בת שבע",
    "第一行\n第二行\r\n第三行",
    'He said "hi", 说完；走了',
    "_x0041_ 和 \x0b",
    "00042",
]
RISKY = tuple("=+-@\t\r")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request, tmp_path_factory):
    """A company of which every table has rows, on each kind of database; its customers have awkward names."""
    folder = tmp_path_factory.mktemp("exports")
    url = f"sqlite:///{folder / 'taoli.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").create("exports")
    asyncio.run(_fill(url))
    return Desk(folder, f'{CONFIG}\n[database]\nurl = "{url}"\n')


async def _fill(url: str) -> None:
    await migrate_database(url)
    store = await open_store(url)
    await store.write(_story)
    await store.close()


def _story(tx) -> None:
    settle_with_order(tx)
    for number, nickname in enumerate(NAMES):
        tx.people.create(Person(id=f"p{number:02}", nickname=nickname), after(minutes=number + 1))
    for name in (Identity(CRM, "0042"), Identity(WECOM, "wm-mei"), Identity(PHONE, "ab" * 32)):
        tx.people.attach("mei", name, NOON)
    tx.people.learn("mei", name="李梅", joined_at=after(days=-700), rep="lin")
    mei = t.people.update().where(t.people.c.id == "mei")
    tx.connection.execute(mei.values(tier="金卡", tags='["老客户", "爱喝茶"]'))
    known = {"satisfaction": 9.0, "activity": -3.5, "last_order_at": ms(NOON), "orders": 12, "past_referrals": 2}
    tx.connection.execute(t.moments.insert().values(person="mei", **known))
    tx.shares.reach(a_share())
    tx.rewards.add(a_reward(due_at=after(days=15, microseconds=1000)))
    nudge = {"person": "mei", "campaign": "c1", "purpose": "ask", "decision": "send", "state": "sent", "channel": "kf"}
    times = {"created_at": ms(NOON), "planned_at": ms(NOON), "sent_at": ms(after(hours=1))}
    tx.connection.execute(t.nudges.insert().values(id="g1", why="moment.praise", copy="help", **nudge, **times))
    for number in range(3):
        tx.ledger.append(an_entry(number), salt_of(number))
    tx.ledger.sequence(limit=3)


def exported(desk, what: str, fmt: str) -> bytes:
    result = desk.run("export", what, "--format", fmt)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout_bytes


def from_jsonl(content: bytes) -> list[dict]:
    return [json.loads(line) for line in content.decode().splitlines()]


def from_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def from_xlsx(content: bytes) -> list[list]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def as_cell(column: str, value: object) -> str:
    """What a person reads in a cell, before any guard."""
    if isinstance(value, list):
        return "、".join(value) if column == "tags" else json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def as_read(cell: object) -> str:
    """A workbook's cell as the other formats write it: times and days are Excel's own there."""
    if isinstance(cell, datetime):
        return f"{cell.isoformat(timespec='milliseconds')}+08:00"
    if isinstance(cell, float):
        return str(int(cell) if cell.is_integer() else cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)


@pytest.mark.parametrize("what", COLUMNS)
def test_every_table_tells_the_same_in_every_format(desk, what):
    rows = from_jsonl(exported(desk, what, "jsonl"))
    wanted = [[as_cell(column, row[column]) for column in COLUMNS[what]] for row in rows]

    head, *lines = from_csv(exported(desk, what, "csv"))
    top, *cells = from_xlsx(exported(desk, what, "xlsx"))

    assert rows
    assert head == top == list(COLUMNS[what])
    assert [[unguarded(cell) for cell in line] for line in lines] == wanted
    assert [[as_read(cell) for cell in line] for line in cells] == wanted


def test_a_customer_is_written_as_a_people_file_is(desk):
    head, *lines = from_csv(exported(desk, "people", "csv"))
    mei = next(dict(zip(head, line, strict=True)) for line in lines if line[0] == "mei")

    assert {column: value for column, value in mei.items() if value} == {
        "id": "mei",
        "crm_id": "0042",
        "external_userid": "wm-mei",
        "name": "李梅",
        "nickname": "Mei",
        "rep": "lin",
        "joined_on": "2024-12-21",
        "tier": "金卡",
        "satisfaction": "9",
        "activity": "-3.5",
        "last_order_at": "2026-11-21T12:00:00.000+08:00",
        "orders": "12",
        "past_referrals": "2",
        "tags": "老客户、爱喝茶",
    }


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_customers_who_are_exported_and_imported_again_do_not_change(tmp_path, fmt):
    company = Desk(tmp_path)
    brought, taken = tmp_path / "customers.csv", tmp_path / f"taken.{fmt}"
    brought.write_text(CUSTOMERS, "utf-8")
    assert company.run("import", "people", str(brought)).exit_code == 0
    company.run("export", "people", "-o", str(taken))

    again = json.loads(company.run("import", "people", str(taken), "--json").stdout)

    assert {name: again[name] for name in ("rows", "new", "changed", "same", "errors")} == {
        "rows": 3,
        "new": 0,
        "changed": 0,
        "same": 3,
        "errors": [],
    }


def test_a_csv_opens_right_in_excel(desk):
    content = exported(desk, "shares", "csv")

    assert content.startswith(b"\xef\xbb\xbfperson,campaign,")
    assert content.count(b"\n") == content.count(b"\r\n") == 2


def test_no_cell_of_a_csv_is_run_as_a_formula(desk):
    cells = [cell for line in from_csv(exported(desk, "people", "csv")) for cell in line]

    assert {cell for cell in cells if cell.startswith(RISKY)} == {"-5", "+86", "-3.5"}
    assert {unguarded(cell) for cell in cells} >= set(NAMES)


def test_a_workbook_holds_no_formula_and_no_link(desk):
    content = exported(desk, "people", "xlsx")

    (sheet,) = [part for name, part in parts(content).items() if "/worksheets/" in name]
    assert not any(mark in sheet for mark in (b"<f>", b"<hyperlink"))
    assert {row[COLUMNS["people"].index("nickname")] for row in from_xlsx(content)} >= set(NAMES)


def test_a_workbooks_head_stays_in_sight_and_its_columns_are_wide_enough(desk):
    content = exported(desk, "rewards", "xlsx")

    sheet = parts(content)["xl/worksheets/sheet1.xml"].decode()
    assert 'ySplit="1"' in sheet
    assert 'state="frozen"' in sheet
    assert sheet.count("<col ") > 3
    assert "<autoFilter " in sheet
    assert CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names == ["rewards"]


def test_times_in_a_workbook_are_times_in_beijing(desk):
    head, reward = from_xlsx(exported(desk, "rewards", "xlsx"))
    people = from_xlsx(exported(desk, "people", "xlsx"))

    found = dict(zip(head, reward, strict=True))
    assert found["held_at"].isoformat() == "2026-11-21T12:00:00"
    assert found["due_at"] - found["held_at"] == timedelta(days=15, milliseconds=1)
    assert found["reversed_at"] == ""
    assert [date(2024, 12, 21)] == [cell for row in people for cell in row if type(cell) is date]


@pytest.mark.parametrize("fmt", ["csv", "xlsx", "jsonl"])
def test_a_file_is_written_as_its_name_ends(desk, tmp_path, fmt):
    output = tmp_path / f"out.{fmt.upper()}"

    result = desk.run("export", "touches", "-o", str(output))

    assert (result.exit_code, result.output) == (0, "")
    read = {"csv": from_csv, "xlsx": from_xlsx, "jsonl": from_jsonl}[fmt]
    assert read(output.read_bytes()) == read(exported(desk, "touches", fmt))
    assert list(tmp_path.iterdir()) == [output]


def test_what_is_asked_for_counts_more_than_the_name(desk, tmp_path):
    output = tmp_path / "out.csv"

    assert desk.run("export", "touches", "--format", "jsonl", "-o", str(output)).exit_code == 0

    assert from_jsonl(output.read_bytes())


def test_a_workbook_goes_through_a_pipe(desk):
    command = [*TAOLI, "export", "shares", "--format", "xlsx", "--config", str(desk.file)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)

    assert from_xlsx(done.stdout)[0] == list(COLUMNS["shares"])


def test_a_workbook_is_not_poured_into_a_terminal(desk):
    here, there = pty.openpty()
    command = [*TAOLI, "export", "shares", "--format", "xlsx", "--config", str(desk.file)]

    done = subprocess.run(command, cwd=ROOT, stdout=there, stderr=subprocess.PIPE, check=False)

    os.close(there)
    assert done.returncode == 2
    assert "-o FILE" in done.stderr.decode()
    with pytest.raises(OSError, match="5"):  # nothing was written before it was closed
        os.read(here, 1)
    os.close(here)


@pytest.mark.parametrize("fmt", ["csv", "xlsx", "jsonl"])
def test_a_full_disk_is_said(desk, fmt):
    result = desk.run("export", "ledger", "--format", fmt, "-o", "/dev/full")

    assert result.exit_code == 1
    assert "磁盘已满" in result.stderr


def test_an_empty_table_is_its_header(tmp_path):
    empty = Desk(tmp_path)
    assert empty.run("migrate").exit_code == 0

    assert from_csv(exported(empty, "nudges", "csv")) == [list(COLUMNS["nudges"])]
    assert from_xlsx(exported(empty, "nudges", "xlsx")) == [list(COLUMNS["nudges"])]
    assert exported(empty, "nudges", "jsonl") == b""


def test_more_rows_than_a_sheet_holds_are_refused_at_once_and_csv_is_named(tmp_path):
    big = Desk(tmp_path)
    assert big.run("migrate").exit_code == 0
    big.ask_database(
        "insert into shares (code, level, person, campaign, channel, first_at, evidence)"
        f" with recursive n(i) as (select 0 union all select i + 1 from n where i < {SHEET_ROWS})"
        " select i, 'prepared', 'mei', 'c1', '', 0, '' from n"
    )

    result = big.run("export", "shares", "--format", "xlsx", "-o", str(tmp_path / "out.xlsx"))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "--format csv" in result.stderr
    assert "1,048,576" in result.stderr
    assert not (tmp_path / "out.xlsx").exists()


def test_a_text_longer_than_a_cell_is_cut_and_says_so():
    texts = ["字" * 32_767, "字" * 32_768, "🌸" * 16_383, "a" + "🌸" * 20_000, "\uffff"]
    file = io.BytesIO()

    write_rows([{"why": text} for text in texts], ("why",), "xlsx", file)

    fits, cut, flowers, cut_flowers, strange = [row[0] for row in from_xlsx(file.getvalue())[1:]]
    assert (fits, flowers, strange) == (texts[0], texts[2], "\ufffd")
    assert cut == "字" * (32_767 - len(CUT)) + CUT
    assert cut_flowers.startswith("a🌸")
    assert cut_flowers.endswith(f"🌸{CUT}")
    assert 32_700 < len(cut_flowers.encode("utf-16-le")) // 2 <= 32_767


@pytest.mark.parametrize(
    ("tags", "cell"),
    [
        (["老客户", "爱喝茶"], "老客户、爱喝茶"),
        (["一、二", "三"], '["一、二", "三"]'),
        (["a,b"], '["a,b"]'),
        (["=1+1"], "'=1+1"),
        (None, ""),
    ],
)
def test_tags_are_written_as_one_would_unless_that_would_split_them(tags, cell):
    file = io.BytesIO()

    write_rows([{"id": "mei", "tags": tags}], ("id", "tags"), "csv", file)

    assert from_csv(file.getvalue())[1] == ["mei", cell]


@pytest.mark.parametrize("fmt", ["csv", "jsonl"])
def test_memory_stays_small_however_many_rows_there_are(fmt):
    row = {"id": "p" * 20, "tags": ["老客户"], "first_at": "2026-11-21T12:00:00.000+08:00"}

    with Path(os.devnull).open("wb") as nowhere:
        tracemalloc.start()
        write_rows((row for _ in range(30_000)), tuple(row), fmt, nowhere)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak < 300_000  # bytes


@given(st.text())
def test_a_guard_is_taken_off_again(text):
    cell = guarded(text)

    assert unguarded(cell) == text
    assert not cell.startswith(RISKY) or float(cell) is not None


def test_help_tells_the_formats():
    shown = run("export", "--help").stdout

    assert "[csv|xlsx|jsonl]" in shown


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
