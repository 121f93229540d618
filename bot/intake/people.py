"""A batch of a people file in one transaction: who each row is about, what it changes, and all of that kept at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from bot.intake.batches import Found, PeopleBatch, Verdict
from bot.intake.phones import doubtful, is_another
from bot.intake.strangers import InOrder, Learned, Making, named_reps, rows_of, stranger
from referral import due_rows, intake, orders, planned
from referral.facts import Facts
from referral.ids import Bits
from referral.intake import Profile, Told
from referral.merges import join
from referral.moments import Due, Moment, Permission, Thresholds
from referral.taught import NOTICED
from storage.intake import new_rows
from storage.transaction import Transaction


class People:
    """One batch of people in one transaction."""

    def __init__(self, tx: Transaction, facts: Facts, batch: PeopleBatch, now: datetime, rng: Bits) -> None:
        self._tx = tx
        self._facts = facts
        self._digest = batch.digest
        self._again = tx.audit.knows("import.people", batch.digest)
        self._now = now
        self._rng = InOrder(rng, batch.place, batch.of)
        self._rows = named_reps(batch.rows, tx.intake.reps())
        self._scale = tx.moments.thresholds() if batch.steps is None else Thresholds(batch.steps)
        taught = tx.lessons.latest()
        lesson = taught.lesson if taught else None
        self._making = Making(
            digest=batch.digest,
            scale=self._scale,
            policy=facts.policy,
            holdout=facts.holdout,
            now=now,
            lesson=lesson,
            weights=tx.models.current().weights,
        )
        self._names = {row.line: tuple(map(str, row.identities)) for row in self._rows}
        self._whose = tx.intake.whose(self._all_names())
        self._leave_phones()
        self._joined: set[int] = set()
        self._profiles: dict[str, Profile] = {}
        self._moments: dict[str, Moment] = {}

    def _leave_phones(self) -> None:
        """A phone that is somebody else's, by a number of their own, says nothing of a row."""
        for place, row in enumerate(self._rows if self._whose else ()):
            names = self._names[row.line]
            found = doubtful(names, self._whose)
            if found and is_another(map(str, self._tx.people.identities(found[1])), names):
                kept = tuple(each for each in row.identities if str(each) != found[0])
                self._rows[place] = msgspec.structs.replace(row, identities=kept)
                self._names[row.line] = tuple(map(str, kept))

    def look(self) -> list[tuple[Found, Learned]]:
        """What the rows would be, and how their people would be known afterwards."""
        return list(self._learned())

    def take(self) -> list[Found]:
        """Write what the rows tell."""
        if self._scale != self._tx.moments.thresholds():
            self._tx.moments.set_thresholds(self._scale)
        self._join()
        learned = list(self._learned())
        self._keep([each for _, each in learned])
        return [found for found, _ in learned]

    def _join(self) -> None:
        """Bring people together whom one row names; what they were called stays with the one who is left."""
        several = [row for row in self._rows if len(self._named(row)) > 1]
        for row in several:
            kept = join(self._tx, self._facts, row.identities, now=self._now, rng=self._rng)
            assert kept
            orders.reexamine(self._tx, self._facts, kept.id, now=self._now, rng=self._rng)
        if several:
            self._whose = self._tx.intake.whose(self._all_names())
            self._joined = {row.line for row in several if len(self._named(row)) == 1}

    def _learned(self) -> Iterator[tuple[Found, Learned]]:
        known = list(dict.fromkeys(filter(None, map(self._person, self._rows))))
        self._profiles, self._moments = self._tx.intake.profiles(known), self._tx.moments.find(known)
        for row in self._rows:
            person = self._person(row)
            learned = stranger(row, self._making, self._rng) if person is None else self._known(row, person)
            yield (learned.verdict, learned.moment.consent), learned

    def _all_names(self) -> Iterator[str]:
        return chain.from_iterable(self._names.values())

    def _named(self, row: Told) -> list[str]:
        """The people whom a row names, each once, in its order."""
        if not self._whose:
            return []
        return list(dict.fromkeys(self._whose[name] for name in self._names[row.line] if name in self._whose))

    def _person(self, row: Told) -> str | None:
        """Whom a row is about; the first it names, where it names two who cannot be joined."""
        return next(iter(self._named(row)), None)

    def _known(self, row: Told, person: str) -> Learned:
        profile, moment = self._profiles[person], self._moments.get(person) or self._tx.moments.get(person)
        heard_before, own = False, False
        if intake.may_differ(moment, row):
            heard_before, own = self._tx.intake.own_words(person, intake.evidence(self._digest, row.line))
        said = intake.answer(moment, row, heard_before=heard_before, own=own)
        attached = tuple(identity for identity in row.identities if str(identity) not in self._whose)
        of_profile, of_moment = (
            intake.news(profile, row),
            intake.moment_news(moment, row, self._scale, again=self._again, adult_on=profile.adult_on),
        )
        if said:
            of_moment |= {"consent": Permission(said), "consent_at": self._now}
        differs = attached or of_profile or of_moment.keys() - {"rank"} or row.line in self._joined
        if of_profile:
            profile = self._profiles[person] = msgspec.structs.replace(profile, **of_profile)
        if of_profile or of_moment:
            of_moment |= self._taught(moment.but(**of_moment), profile)
        if of_moment:
            moment = self._moments[person] = moment.but(**of_moment)
        return Learned(
            person=person,
            verdict=Verdict.CHANGED if differs else Verdict.SAME,
            profile=of_profile,
            known=profile,
            moment=moment,
            moved=bool(of_moment),
            answer=(person, said, intake.evidence(self._digest, row.line)) if said else None,
            attached=attached,
        )

    def _taught(self, moment: Moment, profile: Profile) -> dict[str, Any]:
        """What the lesson now says of a customer whose table has changed, if that is something else."""
        effect = self._making.effect(moment, profile)
        return {"profile": effect} if self._making.lesson and abs(effect - moment.profile) > NOTICED else {}

    def _keep(self, learned: Sequence[Learned]) -> None:
        table, now = self._tx.intake, self._now
        new, old = ([each for each in learned if each.is_new is is_new] for is_new in (True, False))
        table.add(rows_of(new, self._making))
        for each in old:
            if each.profile:
                table.change(each.person, each.profile)
            if each.moved and each.moment.minor:
                planned.end(self._tx, each.person, "minor")
        table.keep_moments(self._due(each for each in old if each.moved))
        attached = [(identity, each.person) for each in old for identity in each.attached]
        answers = [each.answer for each in old if each.answer]
        table.add(new_rows(identities=attached, answers=answers, now=now))
        self._reexamine(learned)

    def _due(self, learned: Iterable[Learned]) -> list[tuple[Moment, Due]]:
        latest = {each.person: each.moment for each in learned}
        policy, weights = self._facts.policy, self._making.weights
        return [(moment, due_rows.outlook(moment, policy, self._now, weights)) for moment in latest.values()]

    def _reexamine(self, learned: Sequence[Learned]) -> None:
        """Look again at orders whose buyer has only now become somebody."""
        awaited = self._tx.intake.awaited(str(identity) for each in learned for identity in each.attached)
        for each in learned:
            if awaited and not awaited.isdisjoint(map(str, each.attached)):
                orders.reexamine(self._tx, self._facts, each.person, now=self._now, rng=self._rng)
