"""A rep's list of the day, and what she does with it.

An answer to 征询, a poster at the customer's wish, one text to several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import broadcasts, codes, nudges, own_asks
from referral.broadcasts import FEWEST, Broadcast
from referral.codes import Code
from referral.consent import Answer
from referral.consent import say as say_consent
from referral.decisions import Customer
from referral.errors import RuleViolation
from referral.floor import barrier, may_ask_permission
from referral.ids import Bits
from referral.notices import is_silent
from referral.nudges import Go, Nudge, NudgeState, Purpose, Stop, Wait
from referral.shares import Share, ShareLevel
from referral.silence import keep as keep_silence

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

CHANNEL = "rep"
"""How consent and refusals that a rep passes on are marked."""

_SAID_NO = ("opted_out", "consent.refused")


class TooFew(RuleViolation):
    """A broadcast that would reach fewer than two; `held` tells who may not be asked now, and why."""

    def __init__(self, held: Mapping[str, Wait | Stop]) -> None:
        super().__init__("broadcast.few", f"现在能发的不到 {FEWEST} 位")
        self.held = held


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The list as it stands, the same for the chat and the page: `asks` with those done today, the best first.

    `questions` are the customers to be asked in passing (征询) if they want to hear of anything; they count as nobody
    to turn to. `known` is everybody on it. `withdrawn` counts those who are not to be asked any more, or whose campaign
    rests, so that nobody takes them as done.
    """

    asks: Sequence[Nudge]
    questions: Sequence[Nudge]
    known: Mapping[str, Customer]
    withdrawn: int = 0

    @property
    def waiting(self) -> list[Nudge]:
        """Those still to be turned to."""
        return [nudge for nudge in self.asks if nudge.state is NudgeState.LISTED]

    def name(self, nudge: Nudge) -> str:
        """What the customer is called, empty where that is not known."""
        customer = self.known.get(nudge.person)
        return customer.name if customer else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A broadcast put before a rep, and who was left out of it and why, by nudge."""

    broadcast: Broadcast
    held: Mapping[str, Wait | Stop] = field(default_factory=dict)


def today(tx: Tx, rep: str, now: datetime) -> Today:
    """What is on a rep's list now."""
    listed = tx.nudges.on_list(rep, now)
    known = {each.moment.person: each for each in tx.customers.load([nudge.person for nudge in listed], now)}
    asks = [nudge for nudge in listed if nudge.purpose is Purpose.ASK]
    resting = [n for n in asks if n.state is NudgeState.LISTED and not nudges.is_spoken_of(tx, n, now)]
    return Today(
        asks=[nudge for nudge in asks if nudge not in resting],
        questions=[nudge for nudge in listed if _is_to_be_asked(nudge, known.get(nudge.person), now)],
        known=known,
        withdrawn=len(resting) + tx.nudges.withdrawn(rep, now),
    )


def _is_to_be_asked(nudge: Nudge, customer: Customer | None, now: datetime) -> bool:
    """Whether this customer is still to be asked if they want to hear of anything: nobody has, meanwhile."""
    is_open = nudge.purpose is Purpose.CONSENT and nudge.state is NudgeState.LISTED
    return is_open and customer is not None and may_ask_permission(customer.moment, now)


def keep_words(tx: Tx, nudge: Nudge, words: str) -> Nudge:
    """Keep what a rep has made of the suggested words, as long as they are not said."""
    if nudge.state is not NudgeState.LISTED or not words or words == nudge.words:
        return nudge
    edited = replace(nudge, words=words)
    tx.nudges.save(edited)
    return edited


def permission(tx: Tx, facts: Facts, nudge: Nudge, answer: Answer, rep: str, *, now: datetime) -> None:
    """What a customer said when the rep asked in passing: kept with who heard it, when, and to which words.

    A yes does not undo a no that the customer gave elsewhere meanwhile. Done before, it does nothing.
    """
    if nudge.purpose is not Purpose.CONSENT or nudge.state is not NudgeState.LISTED:
        return
    stands = barrier(tx.moments.get(nudge.person), facts.policy, now)
    if answer is Answer.GRANTED and stands and stands.code in _SAID_NO:
        tx.nudges.save(replace(nudge, state=NudgeState.ENDED, outcome=f"dropped:{stands.code}"))
        return
    evidence = f"rep:{rep} {now.isoformat()} 「{nudge.words}」{answer.value}"
    say_consent(tx, facts, nudge.person, answer, evidence=evidence, channel=CHANNEL, now=now)
    said = replace(nudge, state=NudgeState.SENT, sent_at=now, delivered_at=now, outcome=answer.value)
    tx.nudges.save(said)


def silence(tx: Tx, facts: Facts, nudge: Nudge, rep: str, *, now: datetime) -> None:
    """The customer told the rep 不再提醒. Said again, it changes nothing."""
    if not is_silent(tx, nudge.person):
        evidence = f"rep:{rep} {now.isoformat()} 不再提醒"
        keep_silence(tx, facts, nudge.person, evidence=evidence, channel=CHANNEL, now=now)


def poster(tx: Tx, facts: Facts, nudge: Nudge, rep: str, *, now: datetime, rng: Bits) -> Code:
    """The customer asked the rep for a poster: their code, and that the rep passes it on at their request.

    Raises `RuleViolation` where the campaign is over.
    """
    campaign = tx.campaigns.get(nudge.campaign) if nudge.campaign else None
    person = tx.people.get(nudge.person)
    if campaign is None or person is None or campaign.is_over(now):
        raise RuleViolation("campaign.ended", "这个活动已经结束。")
    evidence = f"rep:{rep}"
    if nudge.state is NudgeState.LISTED:  # they have talked already: it was asked, and answered
        nudges.start(tx, facts, nudge, nudge.words, now=now)
    code = codes.issue(tx, facts, person, campaign, evidence=evidence, now=now)
    share = Share(
        person=person.id,
        campaign=campaign.id,
        code=code.code,
        channel=code.channel,
        level=ShareLevel.SENT_FOR,
        first_at=now,
        evidence=evidence,
    )
    tx.shares.reach(share)
    own_asks.handed_over(tx, facts, person.id, campaign.id, rep, now=now, rng=rng)
    return code


def ask_many(tx: Tx, facts: Facts, rep: str, asked: Sequence[Nudge], words: str, *, now: datetime, rng: Bits) -> Handed:
    """Put one text for several customers before the rep. Each is judged once more, as for a single one.

    Raises `TooFew` where fewer than two may be asked; nothing must be kept then.
    """
    held: dict[str, Wait | Stop] = {}
    carried: dict[str, str] = {}
    for nudge in asked:
        verdict = nudges.start(tx, facts, nudge, words, now=now)
        if isinstance(verdict, Go):
            carried[nudge.person] = nudge.id
        else:
            held[nudge.id] = verdict
    if len(carried) < FEWEST:
        raise TooFew(held)
    ends = min(nudge.expires_at or now for nudge in asked if nudge.person in carried)
    made = broadcasts.ask(tx, rep, list(carried), words, now=now, rng=rng, nudges=carried, expires_at=ends)
    return Handed(broadcast=made, held=held)
