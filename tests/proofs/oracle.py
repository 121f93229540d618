"""The judge: reads a database that no bot has open, and compares it with what was acknowledged and delivered.

Nothing here trusts the rules of the program; only the ledger's own proof is asked, and its head kept outside.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from storage import proofs
from storage.transaction import Transaction
from tests.proofs.fake_wecom import DESK, FakeWecom
from tests.proofs.load import Record

COUNTED = ("held", "approved", "granted")
BECOMES = {
    "held": {"held", "rejected"},
    "credited": {"credited", "rejected"},
    "rejected": {"rejected"},
    "no_referral": {"no_referral", "held", "credited", "rejected"},
    "unmatched": {"unmatched", "no_referral", "held", "credited", "rejected"},
    "duplicate": {"unmatched", "no_referral", "held", "credited", "rejected"},
}
"""What an order may have become since the answer that its sender was given."""


@dataclass(slots=True)
class Judge:
    """One database over its whole life. `seed` signs the heads that are kept outside it."""

    url: str
    seed: bytes
    record: Record
    wecom: FakeWecom
    heads: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def look(self, *, settled: bool) -> None:
        """Check everything; `settled` when nothing may be waiting any more."""
        with _untouched(self.url) as connection:
            findings = [
                *self.record.problems,
                *self.wecom.contradictions,
                *_damage(connection),
                *self._inbox(connection, settled),
                *self._orders(connection),
                *_rewards(connection),
                *_budgets(connection),
                *self._touches(connection),
                *self._ledger(connection, settled),
                *self._letters(connection, settled),
            ]
            self.figures = _figures(connection)
        self.problems += [finding for finding in findings if finding not in self.problems]

    def _inbox(self, connection: Connection, settled: bool) -> Iterator[str]:
        kept = {key for (key,) in _rows(connection, 'select "key" from inbox')}
        for key, kind in self.record.callbacks.items():
            if key not in kept:
                yield f"an acknowledged event was lost: {kind} {key}"
        for key, count in self.record.replies.items():
            if count > 1:
                yield f"a rep's message was answered {count} times: {key}"
        if settled:
            said = {f"kf:{DESK}:{message['msgid']}" for message in self.wecom.said_at_desk}
            for key in said - kept:
                yield f"a customer's message was never read: {key}"

    def _orders(self, connection: Connection) -> Iterator[str]:
        rows = _rows(connection, "select order_no, kind, outcome from orders where source = 'shop'")
        outcomes = {order_no: outcome for order_no, _, outcome in rows}
        yield from (f"order {name} is there {n} times" for name, n in _doubles((no, kind) for no, kind, _ in rows))
        for order_no, told in self.record.outcomes.items():
            if order_no not in outcomes:
                yield f"an acknowledged order was lost: {order_no}"
            elif outcomes[order_no] not in BECOMES[told]:
                yield f"order {order_no} was answered {told} and is {outcomes[order_no]}"
        answers = dict(_rows(connection, "select id, answer from deliveries"))
        for webhook, answer in self.record.answers.items():
            if answers.get(webhook) != answer:
                yield f"webhook {webhook} was answered {answer}, kept is {answers.get(webhook)}"
        refunds = _rows(connection, "select order_no, refund_no from refunds")
        yield from (f"refund {name} is there {n} times" for name, n in _doubles(refunds))
        for lost in self.record.refunds - set(refunds):
            yield f"an acknowledged refund was lost: {lost}"
        yield from _unlike_their_rewards(connection)

    def _touches(self, connection: Connection) -> Iterator[str]:
        """The first add of each friend and rep is a touch, no other is."""
        rows = _rows(
            connection,
            "select i.value, count(t.id) from identities i"
            " left join touches t on t.friend = i.person and t.kind = 'add'"
            " where i.kind = 'wecom' group by i.value",
        )
        counted = dict(rows)
        acknowledged = Counter(who for who, _ in self.record.adds)
        tried = Counter(who for who, _ in self.record.adds_tried)
        for who in tried.keys() | counted.keys():
            if not acknowledged[who] <= counted.get(who, 0) <= tried[who]:
                yield f"{who} has {counted.get(who, 0)} touches of {acknowledged[who]} to {tried[who]} adds"

    def _ledger(self, connection: Connection, settled: bool) -> Iterator[str]:
        tx = Transaction(connection)
        found = proofs.verify(tx, outside=self.heads)
        if not found["ok"]:
            yield f"the ledger does not verify: {found['problem']}"
            return
        if found["without_salt"]:
            yield f"{found['without_salt']} entries lost their salt"
        self.heads.append(proofs.head(tx, self.seed, datetime.now(UTC)))
        waiting = tx.ledger.unsequenced()
        if waiting and (settled or connection.dialect.name == "sqlite"):
            yield f"{waiting} entries have no place in the tree"
        yield from _books(connection)

    def _letters(self, connection: Connection, settled: bool) -> Iterator[str]:
        rows = _rows(connection, "select id, dedupe, kind, state, note, due_at from outbox")
        yield from (f"{n} letters for {cause}" for cause, n in _doubles(row.dedupe for row in rows if row.dedupe))
        yield from (f"a {row.kind} failed: {row.note}" for row in rows if row.state == "failed")
        if settled:
            open_ = (row for row in rows if row.state in ("queued", "sending"))
            yield from (f"a {row.kind} is still {row.state}: {row.dedupe or row.id}, due {row.due_at}" for row in open_)
        yield from self._deliveries(rows)

    def _deliveries(self, rows: list[Any]) -> Iterator[str]:
        """What reached a phone was in the outbox before, and no phone was told the same thing twice."""
        letters = {row.id for row in rows}
        welcomes = {row.dedupe for row in rows if row.kind == "Welcome"}
        delivered = self.wecom.delivered
        for each in delivered:
            if (each.kind == "desk" and each.key not in letters) or (
                each.kind == "welcome" and f"welcome:{each.key}" not in welcomes
            ):
                yield f"a {each.kind} message went out that nobody decided: {each.key}"
        for each, count in _doubles((d.kind, d.to, d.words) for d in delivered if d.kind != "welcome"):
            yield f"{each[1]} was told {count} times: {each[2]}"
        known = {(d.kind, d.key) for d in delivered}
        desk = ("DeskText", "DeskMenu", "DeskPoster")
        for row in rows:
            if row.state == "sent" and row.kind in desk and ("desk", row.id) not in known:
                yield f"a {row.kind} counts as sent and reached nobody: {row.id}"


# --- what must hold in the database itself ---------------------------------------------------------------------------


def _damage(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return
    for (finding,) in _rows(connection, "pragma integrity_check"):
        if finding != "ok":
            yield f"the file is damaged: {finding}"
    for row in _rows(connection, "pragma foreign_key_check"):
        yield f"a row points nowhere: {tuple(row)}"


def _unlike_their_rewards(connection: Connection) -> Iterator[str]:
    """A held order has its two rewards."""
    rows = _rows(
        connection,
        'select o.order_no, count(r.id) from orders o left join rewards r on r."order" = o.id and r.state in'
        " ('held','approved','granted') where o.outcome = 'held' group by o.order_no having count(r.id) <> 2",
    )
    return (f"order {order_no} counts as held with {count} rewards" for order_no, count in rows)


def _rewards(connection: Connection) -> Iterator[str]:
    """At most one for each campaign, friend and side; both sides together and alike, or none.

    What was held for an advocate by mistake, until we heard of the touch that counts, is on record beside it.
    """
    mistaken = "state = 'reversed' and reason = 'reward.corrected'"
    columns = 'campaign, friend, rule, side, referral, state, "order"'
    rows = _rows(connection, f"select {columns} from rewards where not ({mistaken})")
    for each, count in _doubles((row.campaign, row.friend, row.rule, row.side) for row in rows):
        yield f"a reward is there {count} times: {each}"
    pairs: dict[str, list[Any]] = {}
    for row in rows:
        pairs.setdefault(row.referral, []).append(row)
    for referral, pair in pairs.items():
        alike = len({(row.state, row.order, row.campaign, row.friend) for row in pair}) == 1
        if sorted(row.side for row in pair) != ["advocate", "friend"] or not alike:
            yield f"the rewards of {referral} are no pair: {[(row.side, row.state) for row in pair]}"


def _budgets(connection: Connection) -> Iterator[str]:
    rows = _rows(
        connection,
        "select c.id, c.used_fen, c.budget_fen, coalesce(sum(r.reserved_fen), 0) as counted"
        " from campaigns c left join rewards r on r.campaign = c.id"
        " and r.state in ('held','approved','granted','expired') group by c.id, c.used_fen, c.budget_fen",
    )
    for row in rows:
        if not row.used_fen == row.counted <= row.budget_fen:
            yield f"campaign {row.id} says it used {row.used_fen}, its rewards cost {row.counted} of {row.budget_fen}"


def _books(connection: Connection) -> Iterator[str]:
    """Each reward has the entries of its way, each account says what the rewards say, units sum to zero."""
    rewards = _rows(connection, "select id, campaign, person, unit, amount, state, granted_at from rewards")
    entries = _rows(connection, "select kind, debit, credit, unit, amount, ref from ledger_entries")
    moves: dict[str, Counter[str]] = {}
    accounts: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        moves.setdefault(entry.ref, Counter())[entry.kind] += 1
        accounts[entry.debit, entry.unit] += entry.amount
        accounts[entry.credit, entry.unit] -= entry.amount
    owed: Counter[tuple[str, str]] = Counter()
    for reward in rewards:
        if moves.pop(reward.id, Counter()) != _way(reward):
            yield f"reward {reward.id} is {reward.state} and its entries say otherwise"
        if reward.state in COUNTED:
            owed[f"{reward.person}:{'granted' if reward.state == 'granted' else 'held'}", reward.unit] += reward.amount
            owed[f"campaign:{reward.campaign}", reward.unit] -= reward.amount
    yield from (f"entries are about {ref}, which is no reward" for ref in moves)
    for account in accounts.keys() | owed.keys():
        if accounts[account] != owed[account]:
            yield f"account {account} stands at {accounts[account]}, the rewards say {owed[account]}"
    for unit in {unit for _, unit in accounts}:
        if sum(amount for (_, each), amount in accounts.items() if each == unit):
            yield f"the accounts in {unit} do not sum to zero"


def _way(reward: Any) -> Counter[str]:
    """The entries that a reward must have by now."""
    match reward.state:
        case "held":
            return Counter(["held"])
        case "granted":
            return Counter(["held", "granted"])
        case "reversed":
            return Counter(["held", "granted", "reversed"] if reward.granted_at else ["held", "reversed"])
    return Counter()


def _figures(connection: Connection) -> dict[str, Any]:
    """How much there is, for the report."""
    counts = {name: _rows(connection, f"select count(*) from {name}")[0][0] for name in ("inbox", "orders", "touches")}
    entries = _rows(connection, "select count(*) from ledger_entries")[0][0]
    rewards = dict(_rows(connection, "select state, count(*) from rewards group by state"))
    refused = _rows(connection, "select count(*) from referrals where reason = 'budget.exhausted'")[0][0]
    letters = dict(_rows(connection, "select state, count(*) from outbox group by state"))
    return counts | {"ledger": entries, "rewards": rewards, "budget_refusals": refused, "letters": letters}


def waiting(url: str, now: datetime | None) -> int:
    """How much a bot has to do at `now`, letters that it keeps back for later not counted; None counts all letters."""
    ms = int(now.timestamp() * 1000) if now else 2**62
    kept_back = (
        "select 1 from outbox earlier where earlier.lane = outbox.lane and earlier.seq <= outbox.seq"
        f" and earlier.state = 'queued' and earlier.due_at > {ms}"
    )
    count = (
        "select (select count(*) from outbox where state = 'sending'),"
        f" (select count(*) from outbox where state = 'queued' and not exists ({kept_back})),"
        f" (select count(*) from jobs where state = 'open' and due_at <= {ms if now else 0}),"
        " (select count(*) from ledger_entries) - (select count(*) from ledger_leaves)"
    )
    return sum(_asked(url, count))


def last_due(url: str) -> datetime | None:
    """When the last letter that waits is due; None when none waits."""
    (ms,) = _asked(url, "select max(due_at) from outbox where state = 'queued'")
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _asked(url: str, query: str) -> Any:
    """The first row."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return _rows(connection, query)[0]
    finally:
        engine.dispose()


def _rows(connection: Connection, query: str) -> list[Any]:
    return list(connection.execute(text(query)).all())


def _doubles(things: Any) -> list[tuple[Any, int]]:
    return [(thing, count) for thing, count in Counter(things).items() if count > 1]


@contextmanager
def _untouched(url: str) -> Iterator[Connection]:
    """A look at the database that leaves it as the dead bot left it: of a file, a copy is opened, its log with it."""
    with tempfile.TemporaryDirectory(prefix="taoli-judge-") as folder:
        if url.startswith("sqlite"):
            path = Path(url.removeprefix("sqlite:///"))
            for part in (path, path.with_name(path.name + "-wal")):
                if part.exists():
                    shutil.copy(part, folder)
            url = f"sqlite:///{folder}/{path.name}"
        engine = create_engine(url, poolclass=NullPool)
        if not url.startswith("sqlite"):
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
