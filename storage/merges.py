"""Merges: every column that names a person is rewritten, row by row remembered, and can be put back.

Which columns those are is read off the schema, so that a new table is never forgotten. A row that cannot bear the other
name, because one of its kind is there already, stays under the name that was folded away, or goes where two of its kind
mean the same; `people.get` still finds whoever an old id names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from referral import best_hour
from referral.learning import OWN
from referral.merges import Merge
from storage import tables as t
from storage.times import at, ms

Row = Mapping[str, Any]

_OWN = (t.people, t.merges, t.merge_rows, t.identities, t.moments, t.contacts, t.branches)
"""Tables whose rows come together in a way of their own."""

_UNNAMED = ((t.outbox, "person"),)
"""Columns that name a person without a foreign key."""

_SAME_AGAIN = ("devices", "signals", "notices", "cares")
"""Tables where two rows of one key say the same: the one that is left says it for both."""


def _columns() -> list[tuple[Table, Column[str]]]:
    keyed = [
        (table, column)
        for table in t.metadata.sorted_tables
        for column in table.c
        if table not in _OWN and any(key.column is t.people.c.id for key in column.foreign_keys)
    ]
    return keyed + [(table, table.c[name]) for table, name in _UNNAMED]


class MergesTable:
    """`referral.merges.Merges` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def fold(self, merge: Merge, referrals: Sequence[tuple[str, str]]) -> None:
        """Make everything of `gone` that of `kept`; of `referrals` the first of each pair gives way to the second."""
        self._c.execute(
            insert(t.merges).values(
                id=merge.id,
                row=select(func.coalesce(func.max(t.merges.c.row), 0) + 1).scalar_subquery(),
                kept=merge.kept,
                gone=merge.gone,
                why=merge.why,
                who=merge.who,
                at=ms(merge.at),
            )
        )
        for goes, stays in referrals:
            for row in self._rows(t.referrals, t.referrals.c.id == goes):
                self._change(merge, t.referrals, row, {"folded": stays})
        self._rewrite(merge, t.identities, t.identities.c.person)
        self._together(merge, t.people, _people_together)
        self._together(merge, t.moments, _moments_together)
        self._contacts(merge)
        self._end_open_nudge(merge)
        self._end_open_care(merge)
        for table, column in _columns():
            self._rewrite(merge, table, column)
        folded = or_(t.people.c.id == merge.gone, t.people.c.merged_into == merge.gone)
        for row in self._rows(t.people, folded):
            self._change(merge, t.people, row, {"merged_into": merge.kept})

    def unfold(self, merge: Merge, who: str, now: datetime) -> None:
        """Put back every row as it was, but for what has changed since for another reason."""
        m = t.merge_rows.c
        for row in self._c.execute(select(t.merge_rows).where(m.merge == merge.id).order_by(m.row.desc())).all():
            if row.table in t.metadata.tables:
                table = t.metadata.tables[row.table]
                key, before, after = (_row(table, part) for part in (row.key, row.before, row.after))
                self._put_back(table, key, before, after)
        values = {"undone_at": ms(now), "undone_by": who}
        self._c.execute(update(t.merges).where(t.merges.c.id == merge.id).values(**values))

    def get(self, merge: str) -> Merge | None:
        return next(iter(self._where(t.merges.c.id == merge)), None)

    def of_person(self, person: str) -> list[Merge]:
        """Every merge that this person was part of, the latest first."""
        return self._where(or_(t.merges.c.kept == person, t.merges.c.gone == person))

    def were_parted(self, one: str, other: str) -> bool:
        m = t.merges.c
        pair = or_(and_(m.kept == one, m.gone == other), and_(m.kept == other, m.gone == one))
        return self._c.execute(select(m.id).where(pair, m.undone_at.is_not(None)).limit(1)).first() is not None

    def moved_rewards(self, merge: Merge) -> list[str]:
        """The thanks that the one who was folded away brought along."""
        m = t.merge_rows.c
        statement = select(m.key, m.before).where(m.merge == merge.id, m.table == "rewards")
        return [_read(key)["id"] for key, before in self._c.execute(statement) if "person" in _read(before)]

    def note_ledger(self, merge: Merge, length: int) -> None:
        values = {"merge": merge.id, "table": "ledger", "key": _write({}), "before": _write({"length": length})}
        self._c.execute(insert(t.merge_rows).values(**values))

    def noted_ledger(self, merge: Merge) -> int:
        m = t.merge_rows.c
        noted = self._c.execute(select(m.before).where(m.merge == merge.id, m.table == "ledger")).scalar_one()
        return int(_read(noted)["length"])

    def _where(self, *where: ColumnElement[bool]) -> list[Merge]:
        rows = self._c.execute(select(t.merges).where(*where).order_by(t.merges.c.row.desc()))
        return [_merge(row) for row in rows]

    def _rows(self, table: Table, *where: ColumnElement[bool]) -> list[Row]:
        return [dict(row) for row in self._c.execute(select(table).where(*where)).mappings()]

    # ---- bringing together -------------------------------------------------------------------------------------

    def _rewrite(self, merge: Merge, table: Table, column: Column[str]) -> None:
        for row in self._rows(table, column == merge.gone):
            try:
                with self._c.begin_nested():
                    self._change(merge, table, row, {column.name: merge.kept})
            except IntegrityError:  # one of its kind is there already
                if table.name in _SAME_AGAIN:
                    self._remove(merge, table, row)

    def _together(self, merge: Merge, table: Table, join: Callable[[Row, Row], dict[str, Any]]) -> None:
        """Of two rows about one human being make one; a row that stands alone takes the other name."""
        key = next(iter(table.primary_key))
        rows = {row[key.name]: row for row in self._rows(table, key.in_((merge.kept, merge.gone)))}
        if merge.gone not in rows:
            return
        if merge.kept not in rows:
            self._change(merge, table, rows[merge.gone], {key.name: merge.kept} | _AGAIN)
            return
        if table is not t.people:
            self._remove(merge, table, rows[merge.gone])
        self._change(merge, table, rows[merge.kept], join(rows[merge.kept], rows[merge.gone]))

    def _contacts(self, merge: Merge) -> None:
        mine = {row["rep"]: row for row in self._rows(t.contacts, t.contacts.c.person == merge.kept)}
        for row in self._rows(t.contacts, t.contacts.c.person == merge.gone):
            if row["rep"] in mine:
                self._remove(merge, t.contacts, row)
                self._change(merge, t.contacts, mine[row["rep"]], _contacts_together(mine[row["rep"]], row))
            else:
                self._change(merge, t.contacts, row, {"person": merge.kept})

    def _end_open_nudge(self, merge: Merge) -> None:
        """Nobody has two open asks: the one of who is folded away gives way."""
        n = t.nudges.c
        open_ = self._rows(t.nudges, n.person.in_((merge.kept, merge.gone)), n.state.in_(("listed", "queued")))
        if len(open_) == 2:  # the two people
            gives_way = next(row for row in open_ if row["person"] == merge.gone)
            self._change(merge, t.nudges, gives_way, {"state": "ended", "outcome": "merged"})

    def _end_open_care(self, merge: Merge) -> None:
        """Nobody has two open cares, nor one for what was met under the other name."""
        c = t.cares.c
        rows = self._rows(t.cares, c.person.in_((merge.kept, merge.gone)))
        said = {(row["kind"], row["ref"]): row["sent_at"] for row in rows if row["sent_at"]}
        open_ = [row for row in rows if row["state"] in ("listed", "queued")]
        for row in [row for row in open_ if (row["kind"], row["ref"]) in said]:
            at_ = said[row["kind"], row["ref"]]
            self._change(merge, t.cares, row, {"state": "sent", "sent_at": at_, "outcome": "merged"})
            open_.remove(row)
        if len({row["person"] for row in open_}) == 2:  # the two people
            for row in [row for row in open_ if row["person"] == merge.gone]:
                self._change(merge, t.cares, row, {"state": "ended", "outcome": "merged"})

    def _change(self, merge: Merge, table: Table, row: Row, changed: Mapping[str, Any]) -> None:
        really = {name: value for name, value in changed.items() if row[name] != value}
        if really:
            self._c.execute(update(table).where(_is(table, row)).values(**really))
            before = {name: row[name] for name in really}
            self._remember(merge, table, {**_key(table, row), **_of_key(table, really)}, before, really)

    def _remove(self, merge: Merge, table: Table, row: Row) -> None:
        self._c.execute(delete(table).where(_is(table, row)))
        self._remember(merge, table, _key(table, row), row, None)

    def _remember(self, merge: Merge, table: Table, key: Row, before: Row, after: Row | None) -> None:
        values = {"merge": merge.id, "table": table.name, "key": _write(key), "before": _write(before)}
        self._c.execute(insert(t.merge_rows).values(**values, after=None if after is None else _write(after)))

    # ---- parting -----------------------------------------------------------------------------------------------

    def _put_back(self, table: Table, key: Row, before: Row, after: Row | None) -> None:
        if after is None:
            self._bring_back(table, before)
            return
        found = self._rows(table, *(table.c[name] == value for name, value in key.items()))
        for row in found:
            undone = {name: before[name] for name in before if row[name] == after[name]}
            if undone:
                self._c.execute(update(table).where(_is(table, row)).values(**undone))

    def _bring_back(self, table: Table, row: Row) -> None:
        try:
            with self._c.begin_nested():
                self._c.execute(insert(table).values(**row))
        except IntegrityError:  # its like has come since
            return


_AGAIN = {"state": "waiting", "reason": "new", "due_at": 0, "care_at": 0}
"""A due row that is looked at again at once."""


def _key(table: Table, row: Row) -> dict[str, Any]:
    return {column.name: row[column.name] for column in table.primary_key}


def _of_key(table: Table, changed: Row) -> dict[str, Any]:
    return {column.name: changed[column.name] for column in table.primary_key if column.name in changed}


def _is(table: Table, row: Row) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in _key(table, row).items()))


def _write(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, default=_as_hex)


_HEX = "hex:"


def _as_hex(value: object) -> str:
    if isinstance(value, (bytes, memoryview)):
        return f"{_HEX}{bytes(value).hex()}"
    raise TypeError(f"{type(value)} in a row of people")


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _row(table: Table, text: str | None) -> Any:
    """A row as it was noted, with its bytes."""
    row = _read(text)
    for name in row or ():
        if row[name] is not None and isinstance(table.c[name].type, LargeBinary):
            row[name] = bytes.fromhex(row[name].removeprefix(_HEX))
    return row


def _filled(kept: Row, gone: Row, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    return ((name, gone[name]) for name in names if gone[name] and not kept[name])


def _people_together(kept: Row, gone: Row) -> dict[str, Any]:
    """What only the other knew; whoever was held out of nudges under one name stays so, and staff stay staff."""
    names = ("nickname", "name", "avatar", "rep", "joined_at", "profiled_at", "tier", "birthday")
    tags = list(dict.fromkeys([*json.loads(kept["tags"]), *json.loads(gone["tags"])]))
    joined = min((row["joined_at"] for row in (kept, gone) if row["joined_at"]), default=None)
    return dict(_filled(kept, gone, names)) | {
        "tags": json.dumps(tags, ensure_ascii=False),
        "holdout": bool(kept["holdout"] or gone["holdout"]),
        "staff": bool(kept["staff"] or gone["staff"]),
        "joined_at": joined,
        "adult_on": max((row["adult_on"] for row in (kept, gone) if row["adult_on"]), default=None),
        "created_at": min(kept["created_at"], gone["created_at"]),
    }


def _contacts_together(kept: Row, gone: Row) -> dict[str, Any]:
    """Two people who were contacts of one rep were one: since the earlier add, and contacts still if either is."""
    added = min((row["added_at"] for row in (kept, gone) if row["added_at"]), default=None)
    last = max((row["last_added_at"] for row in (kept, gone) if row["last_added_at"]), default=None)
    left = None if None in (kept["left_at"], gone["left_at"]) else max(kept["left_at"], gone["left_at"])
    returned = max((row["returned_at"] for row in (kept, gone) if row["returned_at"]), default=None)
    tags = list(dict.fromkeys([*json.loads(kept["tags"]), *json.loads(gone["tags"])]))
    told = {"added_at": added, "last_added_at": last, "left_at": left, "returned_at": returned}
    return told | {"tags": json.dumps(tags, ensure_ascii=False)}


_NEWER = (
    ("surveyed_at", "satisfaction"),
    ("good_at", "good"),
    ("rest_until", "rest_why"),
    ("nudged_at", "fatigue"),
    ("refund_at", "refunded"),
)
_LATEST = ("took_at", "complaint_at", "seen_at", "last_order_at", "consent_asked_at")


def _moments_together(kept: Row, gone: Row) -> dict[str, Any]:
    """Two moments of one human being: of each kind of news the newer, complaints added up, else what is known."""
    both = {name: value if value is not None else gone[name] for name, value in kept.items() if name != "person"}
    for at_, what in _NEWER:
        newer = kept if (kept[at_] or 0) >= (gone[at_] or 0) else gone
        if newer[at_]:
            both |= {at_: newer[at_], what: newer[what]}
    both |= {name: max((row[name] for row in (kept, gone) if row[name]), default=None) for name in _LATEST}
    since = [row["customer_since"] for row in (kept, gone) if row["customer_since"]]
    orders = [row["orders"] for row in (kept, gone) if row["orders"] is not None]
    both |= {"complaints": kept["complaints"] + gone["complaints"], "customer_since": min(since, default=None)}
    both |= {"personal": bool(kept["personal"] and gone["personal"])}
    both |= {"minor": True} if kept["minor"] or gone["minor"] else {}
    both |= {name: kept[name] + gone[name] for name in ("posters", "visitors", "unprompted")}
    both |= {"hours": best_hour.together(kept["hours"], gone["hours"])} | _learned_together(kept, gone)
    return both | {"orders": sum(orders) if orders else None} | _consent_together(kept, gone) | _AGAIN


def _learned_together(kept: Row, gone: Row) -> dict[str, Any]:
    """What both have answered, each by how much it tells beside what was known of everybody before."""
    seen, before = kept["own_seen"] + gone["own_seen"], 1 / OWN**2
    told = sum(row["own"] * (before + row["own_seen"]) for row in (kept, gone))
    return {"own_seen": seen, "own": told / (before + seen)}


def _consent_together(kept: Row, gone: Row) -> dict[str, Any]:
    """What was said last counts; silence was shared before, and nobody's answer is unsaid by nobody's."""
    if gone["consent"] == "unknown" or "withdrawn" in (kept["consent"], gone["consent"]):
        said = gone if gone["consent"] == "withdrawn" else kept
    elif kept["consent"] == "unknown":
        said = gone
    else:
        said = max((kept, gone), key=lambda row: row["consent_at"] or 0)
    return {"consent": said["consent"], "consent_at": said["consent_at"]}


def _merge(row: Any) -> Merge:
    return Merge(
        id=row.id,
        kept=row.kept,
        gone=row.gone,
        why=row.why,
        who=row.who,
        at=at(row.at),
        undone_at=at(row.undone_at),
    )
