"""Every command on the pages of questions runs as it stands, answers right, and changes nothing."""

import asyncio
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from referral.identities import Identity
from referral.orders import Outcome
from referral.people import Person
from referral.referrals import ReferralStatus
from referral.rewards import RewardState, Side
from referral.shares import ShareLevel
from storage import tables as t
from storage.open import open_store
from storage.times import ms
from tests.cli.desk import ROOT, Told
from tests.storage.cast import CRM, TERMS, a_campaign, a_referral, a_reward, a_share, a_touch, an_order

PAGES = {"en": ROOT / "docs" / "questions.md", "zh": ROOT / "docs" / "questions.zh.md"}
NIGHT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)  # 20:30 in Beijing
READ_ONLY = "file:taoli.db?mode=ro"


def commands(page: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGES[page].read_text("utf-8"), flags=re.DOTALL)


def ask(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Paste a command into a shell that stands in the company's folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["bash", "-e", "-o", "pipefail", "-c", command]
    return subprocess.run(
        shell, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )


def table(shown: str) -> list[list[str]]:
    """The rows of a table as `-t` shows it."""
    return [re.split(r"\s{2,}", line.strip()) for line in shown.splitlines()[2:]]


@pytest.fixture(scope="module")
def company(once_told, tmp_path_factory):
    """What the demo left behind, and beside it a second campaign in which 华姐 brought two friends."""
    folder = tmp_path_factory.mktemp("questions")
    for file in ("taoli.db", "taoli.toml"):
        (folder / file).write_bytes((once_told.folder / file).read_bytes())
    asyncio.run(_fill(folder))
    return Told(folder, once_told.demo)


async def _fill(folder: Path) -> None:
    store = await open_store(f"sqlite:///{folder / 'taoli.db'}")
    await store.write(_story)
    await store.close()


def _story(tx) -> None:
    now = datetime.now(UTC)
    for person, name in (("hua", "华姐"), ("jun2", "小军二"), ("fang", "小方"), ("tao", "小陶")):
        tx.people.create(Person(id=person, name=name), NIGHT)
    tx.people.attach("hua", Identity(CRM, "0042"), NIGHT)
    tx.reps.see("yu", "于顾问")
    tx.campaigns.add(a_campaign(name="带朋友来"), TERMS, NIGHT)
    for level, at in ((ShareLevel.PREPARED, NIGHT), (ShareLevel.SEEN, now), (ShareLevel.BOUGHT, now)):
        tx.shares.reach(a_share(person="hua", level=level, first_at=at))
    for number, friend in enumerate(("jun2", "fang", "tao")):
        status = ReferralStatus.PENDING if friend == "tao" else ReferralStatus.CREDITED
        touch = {"id": f"t{number}", "friend": friend, "advocate": "hua", "at": NIGHT + timedelta(hours=3 * number)}
        tx.touches.add(a_touch(**touch))
        tx.referrals.save(a_referral(id=f"r{number}", friend=friend, advocate="hua", touch=f"t{number}", status=status))
    _orders(tx, now)
    _moments(tx, now)


def _orders(tx, now: datetime) -> None:
    tx.orders.add(an_order(id="o0", person="jun2", referral="r0", outcome=Outcome.HELD), [])
    for number, amount_fen in ((1, 10_050), (2, 20_000)):
        order = {"id": f"o{number}", "order_no": f"A{number + 1}", "amount_fen": amount_fen}
        tx.orders.add(an_order(outcome=Outcome.NO_REFERRAL, **order), [])
    days = {"referral": "r0", "advocate": "hua", "friend": "jun2", "order": "o0", "held_at": now}
    tx.rewards.add(a_reward(id="w0", person="hua", due_at=now + timedelta(days=3), **days))
    tx.rewards.add(a_reward(id="w1", person="jun2", side=Side.FRIEND, due_at=now + timedelta(days=3), **days))
    later = {"referral": "r1", "advocate": "hua", "friend": "fang", "order": "o0", "due_at": now + timedelta(days=30)}
    tx.rewards.add(a_reward(id="w2", person="hua", **later))
    tx.rewards.add(a_reward(id="w3", person="fang", side=Side.FRIEND, state=RewardState.REVERSED, **later))


def _moments(tx, now: datetime) -> None:
    due = ms(datetime(2027, 1, 1, tzinfo=UTC))
    rows = [
        {"person": "hua", "consent": "granted", "state": "ready", "reason": "", "due_at": None},
        {"person": "jun2", "consent": "unknown", "state": "idle", "reason": "consent.unknown", "due_at": None},
        {"person": "fang", "consent": "withdrawn", "state": "idle", "reason": "opted_out", "due_at": None},
        {"person": "tao", "consent": "unknown", "state": "waiting", "reason": "tenure.short", "due_at": due},
    ]
    for table in (t.moments, t.nudges):  # the demo has its own
        tx.connection.execute(table.delete())
    tx.connection.execute(t.moments.insert(), [{"customer_since": ms(NIGHT), **row} for row in rows])
    asked = {"sent_at": ms(now), "state": "sent"}
    nudges = [("hua", asked | {"took_at": ms(now)}), ("fang", asked), ("tao", {"state": "listed"})]
    common = {"purpose": "ask", "decision": "send", "why": "eligible", "channel": "rep", "rep": "yu"}
    for person, state in nudges:
        times = {"created_at": ms(now), "planned_at": ms(now)}
        tx.connection.execute(t.nudges.insert().values(id=f"g-{person}", person=person, **common, **times, **state))


@pytest.fixture(scope="module")
def answers(company):
    """What every command of both pages printed, and the bytes of the database before and after."""
    database = company.folder / "taoli.db"
    before = sha256(database.read_bytes()).digest()
    asked = [(page, command) for page in PAGES for command in commands(page)]
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda each: ask(company.folder, each[1]), asked))
    unchanged = sha256(database.read_bytes()).digest() == before
    by_page = {page: [one for (on, _), one in zip(asked, told, strict=True) if on == page] for page in PAGES}
    return by_page, unchanged


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs_and_answers(answers, page):
    ran = answers[0][page]

    assert len(ran) == 13
    for command, done in zip(commands(page), ran, strict=True):
        assert (done.returncode, done.stderr) == (0, ""), (command, done.stderr)
        assert done.stdout.strip() or "> status.csv" in command, command


def test_the_file_is_as_it_was(answers):
    assert answers[1]


def test_both_pages_ask_the_same_questions(answers):
    found = {page: [re.findall(r"\d[\d.:-]*", str(table(done.stdout))) for done in answers[0][page]] for page in PAGES}

    assert found["en"] == found["zh"]


@pytest.mark.parametrize("page", PAGES)
def test_the_answers_are_right(answers, page):
    shown = [table(done.stdout) for done in answers[0][page]]

    assert shown[0] == [["华姐", "2"], ["梅姐", "1"]]
    assert shown[1] == [["带朋友来", "2", "90", "45"], [shown[1][1][0], "1", "60", "60"]]
    assert shown[2][-2:] == [["2026-11-22", "1", "0"], ["2026-11-21", "2", "2"]]
    assert sum(int(friends) for _, friends, _ in shown[2]) == 4
    ((_, kind, count, amount, unit, yuan),) = shown[3]
    assert (kind, count, amount, unit, yuan) == ("days", "2", "60", "days", "60")
    assert [row[-1] for row in shown[4]] == ["2", "1", "1"]
    assert {(row[0], row[1]) for row in shown[5]} == {
        ("consent.unknown", "1"),
        ("opted_out", "1"),
        ("tenure.short", "1"),
    }
    assert next(row[2] for row in shown[5] if row[0] == "tenure.short") == "2027-01-01 08:00:00"
    assert shown[6] == [["于顾问", "3", "2", "1", "67"]]
    assert ["带朋友来", "1", "0", "0", "1", "0", "1"] in shown[7]
    assert shown[8] == [["shop", "no_referral", "2", "300.5"]]
    assert ["20:00", "1"] in shown[9]
    assert shown[11] == [["0042", "华姐", "2"], ["mei", "梅姐", "1"]]
    assert shown[12] == [["credited", "3"], ["pending", "1"]]


def test_a_csv_answer_is_a_file_for_other_programs(answers, company):
    lines = (company.folder / "status.csv").read_text("utf-8").splitlines()

    assert lines[0] == "status,referrals"
    assert set(lines[1:]) == {"credited,3", "pending,1"}


def test_beside_a_running_bot_one_sees_the_latest_and_can_change_nothing(running):
    made = running.json("campaign", "start", "double-month")

    seen = ask(running.folder, f"sqlite-utils '{READ_ONLY}' 'select id from campaigns order by created_at desc' -r")
    refused = ask(running.folder, f"sqlite-utils '{READ_ONLY}' 'delete from campaigns'")

    assert (seen.returncode, seen.stdout) == (0, made["id"])
    assert refused.returncode == 1
    assert "attempt to write a readonly database" in refused.stderr
    assert running.json("campaign", "end", made["id"])["state"] == "ended"


def test_every_command_on_the_pages_opens_the_file_read_only():
    for page in PAGES:
        opened = re.findall(r"sqlite-utils (?!memory)(\S+)", "".join(commands(page)))
        assert opened
        assert set(opened) == {f"'{READ_ONLY}'"}
