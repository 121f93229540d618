"""Talk about thanks performed: a form taken, points told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.words import Words
from referral import choices, points, thanks
from referral.conversations.thanks_actions import ChooseForm, ChooseNamed, TellPoints, ThanksAction
from referral.conversations.thanks_heard import fits
from referral.errors import NotFound, RuleViolation
from referral.facts import Facts
from referral.ids import Bits
from referral.rewards import Reward
from referral.times import chinese_day
from storage.transaction import Transaction


def may_choose(tx: Transaction, person: str) -> bool:
    """Whether anything is held of which this person may still choose the form."""
    return bool(_open(tx, person))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanksTalk:
    """What one message about thanks leads to: the answer, as text."""

    tx: Transaction
    facts: Facts
    words: Words
    person: str
    now: datetime
    rng: Bits

    def do(self, action: ThanksAction) -> str:
        """Take one action of the flow."""
        match action:
            case ChooseForm(reward=reward, number=number):
                return self._choose(reward, number)
            case ChooseNamed(word=word):
                return self._choose_named(word)
            case TellPoints():
                return self._points()
        raise TypeError(action)

    def _choose_named(self, word: str) -> str:
        meant = [
            (reward.id, number)
            for reward in _open(self.tx, self.person)
            for number, form in enumerate(choices.forms(self.tx, reward))
            if fits(word, form.kind, self.words.thanks(form))
        ]
        if len(meant) != 1:
            return self.words.say("choice.other", me_link=self.facts.own_page(self.person))
        return self._choose(*meant[0])

    def _choose(self, reward: str, number: int) -> str:
        try:
            with self.tx.attempt():
                chosen = thanks.choose(self.tx, reward, self.person, number, now=self.now, rng=self.rng)
        except (NotFound, RuleViolation):
            return self.words.say("choice.closed")
        due = chinese_day(chosen.due_at or self.now, self.now)
        return self.words.say("choice.done", advocate_thanks=self.words.thanks(chosen.form), when=due)

    def _points(self) -> str:
        stand = points.of(self.tx, self.person, self.now)
        if not stand.known:
            return self.words.say("points.none")
        lines = [self.words.say("points.below" if stand.balance < 0 else "points.balance", points=stand.balance)]
        if stand.lapse:
            when = chinese_day(stand.lapse.at, self.now)
            lines.append(self.words.say("points.lapse", count=stand.lapse.points, when=when))
        if self.tx.shop.open():
            lines.append(self.words.say("points.shop", me_link=self.facts.own_page(self.person)))
        return "\n".join(lines)


def _open(tx: Transaction, person: str) -> list[Reward]:
    return [reward for reward in tx.rewards.of_person(person) if choices.forms(tx, reward)]
