"""Whoever is erased is an opaque id everywhere, and nobody can add a column and forget it."""

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Double, ForeignKey, LargeBinary, Table, Text, func, insert, select

from referral import erasure
from referral.erasure import Erased, Tombstone
from referral.errors import NotFound
from referral.identities import Identity
from referral.messages import DeskText, MakeBroadcast, RepText
from referral.moments import Permission
from referral.outbox import Purpose
from referral.people import Person, find_or_create
from referral.referrals import ReferralStatus
from referral.rewards import RewardState, Side
from storage import proofs, tombstones
from storage import tables as t
from storage.erasure_rules import RULES
from storage.errors import StorageError
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.cast import (
    CRM,
    NOON,
    PHONE,
    WECOM,
    a_letter,
    a_reward,
    a_share,
    after,
    an_entry,
    salt_of,
    settle_with_order,
)

CANARY = "wm-mei-the-canary"
SEED = bytes(range(32))
MARK = tombstones.mark_with(b"k" * 32)
STONE = Tombstone(person="mei", marks=(), at=after(days=1))
WORDS = (Text, LargeBinary)


def words_of(table: Table) -> set[str]:
    return {column.name for column in table.columns if isinstance(column.type, WORDS)}


def erase(tx: Transaction, person: str = "mei") -> Erased:
    return erasure.erase(tx, person, MARK, who="cli", now=after(days=1), rng=random.Random(7))


def everything(tx: Transaction) -> Iterator[tuple[str, str, Any]]:
    """Every value of text or bytes in the database."""
    for table in t.metadata.sorted_tables:
        for row in tx.connection.execute(select(table)).mappings():
            for name in words_of(table):
                if row[name] is not None:
                    yield table.name, name, row[name]


def canaries(tx: Transaction) -> set[str]:
    """The columns in which the canary is."""
    return {f"{table}.{name}" for table, name, value in everything(tx) if _text(value).count(CANARY)}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


def sizes(tx: Transaction) -> dict[str, int]:
    counted = {name: select(func.count()).select_from(table) for name, table in t.metadata.tables.items()}
    return {name: tx.connection.execute(statement).scalar_one() for name, statement in counted.items()}


def body_of(tx: Transaction, key: str) -> bytes:
    return bytes(tx.connection.execute(select(t.inbox.c.body).where(t.inbox.c.key == key)).scalar_one())


# --- the list of rules ---------------------------------------------------------------------------------------------


def test_every_table_has_a_rule_and_every_column_of_words_is_emptied_removed_or_kept_for_a_reason():
    missing = [name for name in t.metadata.tables if name not in RULES]
    missing += [
        f"{name}.{column}"
        for name, rule in RULES.items()
        if not rule.gone
        for column in sorted(words_of(t.metadata.tables[name]) - {*rule.emptied, *rule.kept})
    ]

    assert missing == [], "say in storage/erasure_rules.py what becomes of these when a person is erased"


def test_no_rule_speaks_of_what_is_not_there_or_says_two_things():
    wrong = [
        f"{name}.{column}"
        for name, rule in RULES.items()
        for column in {*rule.emptied, *rule.kept}
        if column not in t.metadata.tables[name].columns or (column in rule.emptied and column in rule.kept)
    ]
    assert wrong == []
    assert all(reason for rule in RULES.values() for reason in rule.kept.values())


def test_every_table_that_names_a_person_has_a_rule_that_finds_their_rows():
    naming = {
        table.name for table in t.metadata.tables.values() for key in table.foreign_keys if key.column.table is t.people
    }

    assert [name for name in sorted(naming) if RULES[name].about is None] == []


# --- a canary in every column --------------------------------------------------------------------------------------


def fill(tx: Transaction) -> None:
    """A row in every table that is about Mei, with a word that gives her away wherever a rule says it would go."""
    tx.people.create(Person(id="mei", nickname=CANARY, name=CANARY, avatar=f"https://x/{CANARY}"), NOON)
    tx.people.attach("mei", Identity(WECOM, CANARY), NOON)
    for table in t.metadata.sorted_tables:
        if table.name in RULES and table.name not in (*BY_HAND, *t.APPEND_ONLY):
            tx.connection.execute(insert(table).values(**row_of(table)))
    tx.audit.note("cli", "claim", "c1", f"{CANARY} 说的", NOON)


BY_HAND = ("people", "identities", "erasures", "ledger_salts")
ALLOWED = {
    "codes.code": "CODE0000",
    "contact_ways.code": "CODE0000",
    "outbox.kind": "DeskText",
    "outbox.payload": f'{{"desk": "wk1", "to": "{CANARY}", "text": "{CANARY}"}}',
    "devices.device": "phone-of-mei",
    "touches.device": "phone-of-mei",
    "misses.who": "person:mei",
    "branches.kind": "champion",
    "suspicions.state": "cleared",
    "jobs.key": "mei",
    "rewards.cause": "manual",
    "coupons.void_at": None,
}
"""Values that a column must have for its row to be hers."""


def row_of(table: Table) -> dict[str, Any]:
    return {column.name: value_of(table, column) for column in table.columns}


def value_of(table: Table, column: Column[Any]) -> Any:
    name = f"{table.name}.{column.name}"
    if name in ALLOWED:
        return ALLOWED[name]
    if key := next(iter(column.foreign_keys), None):
        return target_of(key)
    if allowed := allowed_in(table, column):
        return allowed
    if isinstance(column.type, WORDS):
        said = CANARY if column.name in RULES[table.name].emptied or RULES[table.name].gone else name
        return said.encode() if isinstance(column.type, LargeBinary) else said
    if isinstance(column.type, Boolean):
        return False
    if column is table.autoincrement_column:
        return 1000  # far from where the database's own numbers begin
    return 1.0 if isinstance(column.type, Double) else 1


def target_of(key: ForeignKey) -> Any:
    other = key.column.table
    return "mei" if other is t.people else value_of(other, key.column)


def allowed_in(table: Table, column: Column[Any]) -> str:
    """The first value that a check constraint of the schema allows."""
    for check in (str(c.sqltext) for c in table.constraints if hasattr(c, "sqltext")):
        if found := re.match(rf"{column.name} (?:in \('|= ')([^']*)", check):
            return found.group(1)
    return ""


async def test_nothing_that_gives_a_person_away_is_left_in_any_column(store: Store):
    await store.write(fill)
    found = await store.read(canaries)
    assert len(found) > 40

    rows = await store.read(lambda tx: tx.erasures.rows("mei"))
    await store.write(lambda tx: tx.erasures.erase(STONE))

    assert await store.read(canaries) == set()
    assert {place.partition(".")[0] for place in found} <= {*rows.removed, *rows.emptied}


async def test_what_is_counted_beforehand_is_what_goes(store: Store):
    await store.write(fill)

    rows = await store.read(lambda tx: tx.erasures.rows("mei"))
    before = await store.read(sizes)
    await store.write(lambda tx: tx.erasures.erase(STONE))
    after_it = await store.read(sizes)

    silent = {"moments", "consent", "erasures"}  # what the erasure itself writes down
    gone = {name: before[name] - after_it[name] for name in before if name not in silent}
    assert {name: count for name, count in gone.items() if count} == {
        name: count for name, count in rows.removed.items() if name not in silent
    }


async def test_others_keep_all_that_is_theirs(store: Store):
    def bo_and_mei(tx: Transaction) -> None:
        fill(tx)
        tx.people.create(Person(id="bo", nickname="阿波", name="波"), NOON)
        tx.people.attach("bo", Identity(WECOM, "wm-bo"), NOON)
        tx.outbox.post(
            a_letter("m2", person="bo", lane="desk:wm-bo", message=DeskText(desk="d", to="wm-bo", text="您好")), NOON
        )
        tx.inbox.receive("k2", channel="kf", kind="DeskSaid", body="阿波：在吗".encode(), now=NOON)

    await store.write(bo_and_mei)
    await store.write(lambda tx: tx.erasures.erase(STONE))

    bo, letters, body = await store.read(
        lambda tx: (tx.people.find(Identity(WECOM, "wm-bo")), tx.outbox.unfinished(), body_of(tx, "k2"))
    )
    assert bo and (bo.nickname, bo.name) == ("阿波", "波")
    assert [letter.message for letter in letters] == [DeskText(desk="d", to="wm-bo", text="您好")]
    assert body == "阿波：在吗".encode()


# --- a person amid a story -----------------------------------------------------------------------------------------


def story(tx: Transaction) -> None:
    """Mei brought Jun, who bought: her thanks are held, an entry stands in the ledger, a nudge waits in the outbox."""
    settle_with_order(tx)
    for kind, value in ((WECOM, "wm-mei-0001"), (CRM, "88001"), (PHONE, "f" * 64)):
        tx.people.attach("mei", Identity(kind, value), NOON)
    tx.people.attach("jun", Identity(WECOM, "wm-jun"), NOON)
    tx.people.learn("mei", name="李梅", avatar="https://x/mei", tags='["老客"]')
    tx.rewards.add(a_reward())
    tx.campaigns.reserve("c1", 6000)
    tx.shares.reach(a_share())
    tx.ledger.append(an_entry(0, ref="w1"), salt_of(0))
    tx.ledger.append(an_entry(1, debit="jun:held"), salt_of(1))
    tx.ledger.sequence()
    proofs.sign_off(tx, SEED, NOON)


async def test_the_ledger_still_verifies_and_proofs_given_out_before_still_hold(store: Store):
    await store.write(story)
    proof = await store.read(lambda tx: proofs.prove(tx, "w1"))

    await store.write(erase)
    while await store.write(lambda tx: tx.ledger.sequence()):
        pass

    found = await store.read(proofs.verify)
    assert (found["ok"], found["problem"], found["without_salt"]) == (True, None, 2)
    assert (await store.read(lambda tx: proofs.check(tx, proof)))["ok"]
    with pytest.raises(NotFound, match="盐已随本人资料删除"):
        await store.read(lambda tx: proofs.prove(tx, "w1"))


async def test_an_entry_that_had_no_place_in_the_tree_yet_gets_one_before_its_salt_goes(store: Store):
    def unplaced(tx: Transaction) -> None:
        settle_with_order(tx)
        tx.ledger.append(an_entry(0), salt_of(0))

    await store.write(unplaced)
    await store.write(erase)
    while await store.write(lambda tx: tx.ledger.sequence()):
        pass

    assert await store.read(lambda tx: tx.ledger.unsequenced()) == 0
    assert (await store.read(proofs.verify))["ok"]


async def test_thanks_that_were_not_theirs_yet_go_back_to_the_budget_and_the_friend_keeps_theirs(store: Store):
    def thanked(tx: Transaction) -> None:
        story(tx)
        tx.rewards.add(a_reward(id="w2", person="jun", side=Side.FRIEND))

    await store.write(thanked)
    done = await store.write(erase)

    hers, theirs = await store.read(lambda tx: (tx.rewards.get("w1"), tx.rewards.get("w2")))
    assert done.renounced == 1
    assert hers and (hers.state, hers.reason) == (RewardState.REVERSED, "person.erased")
    assert theirs and theirs.state is RewardState.HELD


async def test_what_was_granted_stays_booked_under_the_opaque_id(store: Store):
    def granted(tx: Transaction) -> None:
        settle_with_order(tx)
        tx.rewards.add(a_reward(state=RewardState.GRANTED, granted_at=NOON))

    await store.write(granted)
    done = await store.write(erase)

    reward = await store.read(lambda tx: tx.rewards.get("w1"))
    assert (done.renounced, reward.state, reward.person) == (0, RewardState.GRANTED, "mei")


async def test_nothing_will_come_of_a_friend_who_has_not_bought_yet(store: Store):
    await store.write(story)
    await store.write(erase)

    referral = await store.read(lambda tx: tx.referrals.get("r1"))
    assert (referral.status, referral.reason) == (ReferralStatus.REJECTED, "person.erased")


async def test_an_erased_person_is_silent_for_good_and_their_codes_lead_nowhere(store: Store):
    code = await store.write(settle_with_order)
    await store.write(erase)

    moment, found = await store.read(lambda tx: (tx.moments.get("mei"), tx.codes.find(code.code)))
    assert moment.consent is Permission.WITHDRAWN
    assert found is None


async def test_whoever_comes_back_is_somebody_new(store: Store):
    await store.write(story)
    await store.write(erase)

    came = Identity(WECOM, "wm-mei-0001")
    assert await store.read(lambda tx: tx.people.find(came)) is None

    def comes_back(tx: Transaction) -> str:
        person, new = find_or_create(tx, came, now=after(days=2), rng=random.Random(1), holdout=0.0)
        assert new
        return person.id

    fresh = await store.write(comes_back)
    stone = await store.read(lambda tx: tx.erasures.find("mei"))
    marked = {came: MARK(came)}
    assert fresh != "mei"
    assert stone.marks == tuple(sorted(map(MARK, [came, Identity(CRM, "88001"), Identity(PHONE, "f" * 64)])))
    assert await store.read(lambda tx: tx.erasures.known_then(stone, marked)) == ["mei"]


async def test_in_an_older_database_a_tombstone_finds_its_person_by_id_and_by_identity(store: Store):
    """As before two ids were found to be one human being."""
    await store.write(story)
    stone = Tombstone(person="mei", marks=(MARK(Identity(WECOM, "wm-jun")),), at=after(hours=1))

    marked = {each: MARK(each) for each in await store.read(lambda tx: tx.erasures.identities())}

    assert await store.read(lambda tx: tx.erasures.known_then(stone, marked)) == ["jun", "mei"]


async def test_nobody_can_be_erased_who_is_not_known(store: Store):
    with pytest.raises(NotFound, match="没有找到这个人：p1"):
        await store.write(lambda tx: erase(tx, "p1"))


async def test_erasing_again_is_harmless_and_keeps_the_first_day(store: Store):
    await store.write(story)
    first = await store.write(erase)
    stone = await store.read(lambda tx: tx.erasures.find("mei"))

    again = await store.write(
        lambda tx: erasure.erase(tx, "mei", MARK, who="cli", now=after(days=9), rng=random.Random(9))
    )

    assert first.renounced == 1
    assert again.renounced == 0
    assert await store.read(lambda tx: tx.erasures.find("mei")) == stone
    assert (await store.read(proofs.verify))["ok"]


# --- letters -------------------------------------------------------------------------------------------------------


async def test_what_waits_for_them_is_dropped_and_a_broadcast_goes_to_the_others(store: Store):
    def posted(tx: Transaction) -> None:
        story(tx)
        tx.outbox.post(a_letter("m1", person="mei", purpose=Purpose.NUDGE), NOON)
        tx.outbox.post(a_letter("m2", lane="rep:lin", message=RepText(rep="lin", text="李梅 介绍的朋友来了")), NOON)
        many = MakeBroadcast(broadcast="b1", rep="lin", to=("wm-mei-0001", "wm-jun"), text="新年好")
        tx.outbox.post(a_letter("m3", lane="broadcast:b1", message=many), NOON)

    await store.write(posted)
    await store.write(erase)

    assert [letter.message for letter in await store.read(lambda tx: tx.outbox.unfinished())] == [
        MakeBroadcast(broadcast="b1", rep="lin", to=("wm-jun",), text="新年好")
    ]
    dropped = await store.read(lambda tx: tx.outbox.by_id("m2"))
    assert dropped.message == RepText(rep="lin", text="")


async def test_the_audit_loses_its_details_and_nothing_else_of_it_can_change(store: Store):
    def noted(tx: Transaction) -> None:
        story(tx)
        tx.audit.note("rep:lin", "claim", "r1", "李梅介绍的", NOON)

    await store.write(noted)
    await store.write(erase)

    rows = await store.read(lambda tx: tx.connection.execute(select(t.audit).order_by(t.audit.c.row)).all())
    assert [(row.who, row.action, row.subject, row.detail) for row in rows] == [
        ("rep:lin", "claim", "r1", ""),
        ("cli", "erase", "mei", ""),
    ]
    for changed in ("detail = 'x'", "who = 'bo', detail = ''", "at = 1, detail = ''"):
        with pytest.raises(StorageError):
            await store.write(lambda tx, to=changed: tx.connection.exec_driver_sql(f"update audit set {to}"))
    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.connection.exec_driver_sql("delete from audit"))
