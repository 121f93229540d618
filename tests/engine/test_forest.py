"""The forest is kept true step by step: after any history it is what all referrals say when read from the beginning."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

import pytest
from sqlalchemy import Connection, select

from referral import due_rows, erasure, grafting, merging, suspicions
from referral.champions import kind_of
from referral.errors import RuleViolation
from referral.forest import Branch, Grove, Kind, Stay, Tally
from referral.signals import Signal, SignalKind
from referral.suspicions import Suspicion, SuspicionState
from storage import tables as t
from storage import tombstones
from tests.engine.books import Books, history, wecom

MARK = tombstones.mark_with(b"k" * 32)
NAMES = ("mei", "jun", "bo", "hua", "ping", "tao", "xin")
OPEN = {"new_customers_only": False, "cap_per_day": 1000, "cap_per_year": 1000, "margin_percent": 0}


@pytest.fixture(params=["pages", pytest.param("postgres_pages", marks=pytest.mark.postgres)])
def connection(request: pytest.FixtureRequest) -> Connection:
    """A connection on each database."""
    found: Connection = request.getfixturevalue(request.param)
    return found


class Town:
    """Books of people who bring each other, and what the forest should say of them."""

    def __init__(self, books: Books, campaigns: int = 1) -> None:
        self.books, self.tx = books, books.tx
        self.ids = {name: books.met(wecom(name)) for name in NAMES}
        self.campaigns = [books.campaign(budget_fen=10**9, **OPEN) for _ in range(campaigns)]
        self.serial = 0

    def brings(self, advocate: str, friend: str, campaign: int = 0) -> str:
        """A friend comes by an advocate and buys; the order's number."""
        code = self.books.code(wecom(advocate), self.campaigns[campaign])
        self.books.touch(wecom(friend), code, at=self.books.now)
        return self.buys(friend)

    def buys(self, who: str) -> str:
        self.serial += 1
        self.books.order(f"n{self.serial}", wecom(who), at=self.books.now)
        return f"n{self.serial}"

    def night(self) -> None:
        """What the night's job does, in one go."""
        tx, facts, now = self.tx, self.books.facts, self.books.now
        told = [each.by for each in tx.branches.unsettled("", 1000) if grafting.settle(tx, each, now=now)]
        grafting.count_up(tx, facts, {by for by in told if by}, now=now)
        tx.branches.set_grove(tx.branches.totals())
        for each in tx.branches.advocates("", 1000):
            grafting.count(tx, facts, each.person, now=now)

    def of(self, name: str) -> Branch:
        person = self.tx.people.find(wecom(name))
        assert person
        return self.tx.branches.get(person.id)

    def check(self) -> None:
        """Every row, and what the score is told, against all referrals read anew."""
        expected = recomputed(self.tx.connection)
        rows = {row.person: row for row in self.tx.connection.execute(select(t.branches))}
        assert rows.keys() == expected.keys()
        for person, (by, referral, tally) in expected.items():
            branch = self.tx.branches.get(person)
            assert (branch.by, branch.referral, branch.tally) == (by, referral, tally)
            assert (branch.stays is None) is (by is None)
            assert rows[person].value == tally.stayed + tally.further / 2
        for person in self.tx.connection.execute(
            select(t.people.c.id).where(t.people.c.merged_into.is_(None))
        ).scalars():
            moment, branch = self.tx.moments.get(person), self.tx.branches.get(person)
            assert (moment.brought, moment.came_by) == (branch.tally.brought, branch.by is not None)


def recomputed(connection: Connection) -> dict[str, tuple[str | None, str | None, Tally]]:
    """The forest by brute force: all referrals read, and every friend counted up the line one by one."""
    r = t.referrals.c
    rows = connection.execute(
        select(t.referrals).where(r.status == "credited", r.folded.is_(None)).order_by(r.at, r.id)
    )
    first: dict[str, Any] = {}
    led: dict[str, int] = {}
    for row in rows:
        if row.friend != row.advocate:
            first.setdefault(row.friend, row)
            led.setdefault(row.advocate, row.at)
    edges = {friend: row for friend, row in first.items() if friend not in led or led[friend] > row.at}
    stays = dict(connection.execute(select(t.branches.c.person, t.branches.c.stays)).all())
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for friend, row in edges.items():
        kept = stays[friend] in ("early", "stayed")
        counts[row.advocate] += Counter(
            brought=1, stayed=kept, ripe=stays[friend] in ("stayed", "gone"), lasting=stays[friend] == "stayed"
        )
        if row.advocate in edges:
            counts[edges[row.advocate].advocate] += Counter(descendants=1, further=kept)
    return {
        person: (edges[person].advocate, edges[person].id, Tally(**counts[person]))
        if person in edges
        else (None, None, Tally(**counts[person]))
        for person in edges.keys() | counts.keys()
    }


@pytest.mark.parametrize("seed", range(5))
def test_step_by_step_it_is_what_all_referrals_say_together(connection: Connection, seed: int) -> None:
    """Credits in several campaigns, refunds, merges, partings and nights, in any order."""
    rng = random.Random(seed)
    with history(connection, seed=seed) as books:
        town = Town(books, campaigns=3)
        bought: list[str] = []
        merges: list[str] = []
        for _ in range(45):
            books.pass_days(rng.choice((0, 1, 1, 5, 20, 45)))
            match rng.choices(("bring", "buy", "refund", "merge", "part", "night"), (9, 3, 3, 1, 1, 3))[0]:
                case "bring":
                    one, other = rng.sample(NAMES, 2)
                    bought.append(town.brings(one, other, rng.randrange(3)))
                case "buy":
                    bought.append(town.buys(rng.choice(NAMES)))
                case "refund" if bought:
                    number = bought.pop(rng.randrange(len(bought)))
                    books.refund(number, f"{number}-back", None)
                case "merge":
                    merges += merged(town, *rng.sample(NAMES, 2))
                case "part" if merges:
                    merging.part(books.tx, books.facts, merges.pop(), who="周经理", now=books.now, rng=books.rng)
                case "night":
                    town.night()
                case _:
                    continue
            town.check()


def merged(town: Town, one: str, other: str) -> list[str]:
    """The merge of two people, none where they are one already."""
    books = town.books
    kept, gone = (books.tx.people.find(wecom(name)) for name in (one, other))
    assert kept
    assert gone
    try:
        made = merging.merge(
            books.tx, books.facts, kept.id, gone.id, why="同一位", who="周经理", now=books.now, rng=books.rng
        )
    except RuleViolation:
        return []
    return [made.id]


def test_a_friend_who_buys_again_is_known_to_have_stayed_and_one_who_is_silent_to_have_gone(
    connection: Connection,
) -> None:
    with history(connection) as books:
        town = Town(books)
        for friend in ("jun", "bo", "hua"):
            town.brings("mei", friend)
        books.pass_days(30)
        town.buys("jun")
        town.night()
        assert (town.of("jun").stays, town.of("bo").stays) == (Stay.EARLY, Stay.YOUNG)

        books.pass_days(45)
        seen = Signal(person=town.ids["hua"], kind=SignalKind.ACTIVITY, at=books.now, source="hook", count=1)
        due_rows.hear(books.tx, books.facts, seen, now=books.now)
        books.pass_days(15)
        town.night()

        assert [town.of(name).stays for name in ("jun", "bo", "hua")] == [Stay.STAYED, Stay.GONE, Stay.STAYED]
        assert town.of("mei").tally == Tally(brought=3, stayed=2, ripe=3, lasting=2)
        town.check()


def test_a_credit_given_back_leaves_no_edge_and_the_score_hears_of_both(connection: Connection) -> None:
    with history(connection) as books:
        town = Town(books)
        mei, jun = town.ids["mei"], town.ids["jun"]
        number = town.brings("mei", "jun")
        assert (books.tx.moments.get(mei).brought, books.tx.moments.get(jun).came_by) == (1, True)

        books.refund(number, "back", None)

        assert (books.tx.moments.get(mei).brought, books.tx.moments.get(jun).came_by) == (0, False)
        assert town.of("jun") == Branch(person=jun)


def test_friends_of_friends_are_counted_for_whoever_stands_two_steps_above_and_no_further(
    connection: Connection,
) -> None:
    with history(connection) as books:
        town = Town(books)
        for advocate, friend in (("mei", "jun"), ("jun", "bo"), ("bo", "hua"), ("jun", "ping")):
            books.pass_days(1)
            town.brings(advocate, friend)

        assert [town.of(name).tally.descendants for name in ("mei", "jun", "bo", "hua")] == [2, 1, 0, 0]


def test_who_had_brought_somebody_was_here_already_and_two_who_brought_each_other_are_no_ring(
    connection: Connection,
) -> None:
    with history(connection) as books:
        town = Town(books, campaigns=2)
        town.brings("mei", "jun")
        books.pass_days(1)
        town.brings("jun", "mei", campaign=1)

        assert (town.of("jun").by, town.of("mei").by) == (town.ids["mei"], None)
        town.check()


def stars(town: Town) -> None:
    """Mei brings six, of whom all stay."""
    for friend in NAMES[1:]:
        town.brings("mei", friend)
    town.books.pass_days(30)
    for friend in NAMES[1:]:
        town.buys(friend)
    town.books.pass_days(61)
    town.night()


def test_a_champion_is_listed_and_is_so_no_more_once_erased(connection: Connection) -> None:
    with history(connection) as books:
        town = Town(books)
        stars(town)
        assert [(each.person, each.kind) for each in books.tx.branches.listed(9)] == [(town.ids["mei"], Kind.CHAMPION)]
        assert books.tx.branches.grove() == Grove(advocates=1, brought=6, stayed=6, ripe=6, lasting=6)

        erasure.erase(books.tx, town.ids["mei"], MARK, who="cli", now=books.now, rng=books.rng)
        assert books.tx.branches.listed(9) == []
        town.night()

        assert books.tx.branches.listed(9) == []
        assert kind_of(books.tx.branches.get(town.ids["mei"]).tally, books.tx.branches.grove()) is Kind.CHAMPION
        assert books.tx.moments.get(town.ids["mei"]).brought == 0  # nothing is kept of her but numbers in the forest


def test_a_colleague_is_no_champion(connection: Connection) -> None:
    with history(connection) as books:
        town = Town(books)
        stars(town)

        books.tx.people.learn(town.ids["mei"], staff=True)
        town.night()

        assert books.tx.branches.listed(9) == []


def test_what_somebody_must_still_look_at_says_nothing_yet(connection: Connection) -> None:
    with history(connection) as books:
        town = Town(books)
        town.brings("mei", "jun")
        books.pass_days(20)
        town.buys("jun")
        suspect(town, "jun")

        town.night()
        assert town.of("jun").stays is Stay.YOUNG

        suspicions.clear(books.tx, town.of("jun").referral, "周经理", "问过了", now=books.now)
        town.night()
        assert town.of("jun").stays is Stay.EARLY


def suspect(town: Town, friend: str) -> None:
    """Somebody has to look at how a friend came."""
    branch, now = town.of(friend), town.books.now
    assert branch.by
    assert branch.referral
    suspicion = Suspicion(
        referral=branch.referral,
        advocate=branch.by,
        friend=branch.person,
        code="CODE",
        chance=0.9,
        evidence=(),
        state=SuspicionState.OPEN,
        at=now,
        weighed_at=now,
    )
    town.tx.suspicions.save(suspicion)
