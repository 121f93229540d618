"""What staff may write to the app, and the passive answer."""

from __future__ import annotations

from datetime import datetime

from bot.conversations import rep_campaigns, rep_claims, rep_customers, rep_list, rep_notes, rep_thanks
from bot.conversations.rep_talk import RepTalk
from bot.words import Words
from referral import drafts
from referral.conversations.commands import (
    Answered,
    AskedAbout,
    ConfirmsClaim,
    NotesDown,
    NotUnderstood,
    RefusesClaim,
    WantsApprovals,
    WantsCampaign,
    WantsCampaigns,
    WantsClaims,
    WantsHelp,
    WantsList,
    WantsPoster,
    WantsResults,
    read,
)
from referral.events import RepOpened, RepSaid
from referral.facts import Facts
from referral.ids import Bits
from referral.times import SHANGHAI
from storage.transaction import Transaction


def prepare(words: Words, facts: Facts, event: RepSaid) -> None:
    """What takes long and needs no transaction: to read all offers aloud to the rules of this industry, once."""
    if event.kind == "text" and isinstance(read(event.text), WantsCampaign):
        words.judge_shipped(facts.industry)


def said(tx: Transaction, facts: Facts, words: Words, event: RepSaid, *, now: datetime, rng: Bits) -> str:
    """Answer a message; what it starts is done in the same transaction."""
    if event.kind != "text":
        return words.say("rep.not_text")
    return _answer(RepTalk(tx=tx, facts=facts, words=words, rep=event.rep, now=now, rng=rng), event.text)


def opened(tx: Transaction, words: Words, event: RepOpened) -> str | None:
    """Greet whoever opens the app for the first time; later openings need no answer.

    Any of the staff may open it: whether they serve customers is for the platform's list to say.
    """
    if not tx.reps.see(event.rep, "", active=False):
        return None
    return words.say("rep.hello", rep="顾问")


def _answer(talk: RepTalk, text: str) -> str:
    match read(text):
        case WantsList():
            return rep_list.today(talk)
        case WantsCampaigns():
            return rep_campaigns.running(talk)
        case WantsCampaign(offer=offer):
            return rep_campaigns.wanted(talk, offer)
        case Answered() as answer if drafts.is_manager(talk.facts, talk.rep):
            return rep_thanks.answered(talk, answer)
        case WantsApprovals() if drafts.is_manager(talk.facts, talk.rep):
            return rep_thanks.waiting(talk)
        case AskedAbout(name=name):
            return rep_customers.standing(talk, name)
        case WantsPoster(name=name):
            return rep_customers.poster(talk, name)
        case NotesDown() as command:
            return rep_notes.noted(talk, command)
        case WantsClaims():
            return rep_claims.waiting(talk)
        case ConfirmsClaim(rest=rest):
            return rep_claims.confirmed(talk, rest)
        case RefusesClaim(rest=rest):
            return rep_claims.refused(talk, rest)
        case WantsResults():
            return _results(talk)
        case WantsHelp():
            return _help(talk)
        case Answered() | WantsApprovals() | NotUnderstood():
            return talk.say("unknown")


def _help(talk: RepTalk) -> str:
    if not drafts.is_manager(talk.facts, talk.rep):
        return talk.say("help")
    return f"{talk.say('help')}\n{talk.say('help_manager')}"


def _results(talk: RepTalk) -> str:
    month = talk.now.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = talk.tx.results.of_rep(talk.rep, month)
    if not (found.advocates or found.friends or found.bought or found.granted):
        return talk.say("results_none")
    return talk.say(
        "results",
        advocates=found.advocates,
        friends=found.friends,
        bought=found.bought,
        granted=found.granted,
    )
