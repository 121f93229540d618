"""What the desk asks a customer along with an answer: whether an advocate may know, whether we may write, a survey."""

from __future__ import annotations

from bot.words import Words
from referral.messages import DeskMenu, DeskText, MenuItem
from referral.referrals import Disclosure
from storage.transaction import Transaction


def disclosure(tx: Transaction, words: Words, referral_id: str, *, desk: str, to: str) -> DeskMenu:
    """May the advocate know that the friend came? The referral is marked as asked."""
    referral = tx.referrals.get(referral_id)
    advocate = tx.people.get(referral.advocate) if referral else None
    name = advocate.shown_name if advocate else None
    head = words.say("privacy.ask", advocate=name) if name else words.say("privacy.ask_unsigned")
    items = (
        MenuItem(text=words.say("menu.yes"), id=f"yes:{referral_id}"),
        MenuItem(text=words.say("menu.no"), id=f"no:{referral_id}"),
    )
    tx.referrals.disclose(referral_id, Disclosure.ASKED)
    return DeskMenu(desk=desk, to=to, head=head, items=items)


def permission(words: Words, *, desk: str, to: str) -> DeskMenu:
    """May we tell them good news now and then? (征询)"""
    items = (
        MenuItem(text=words.say("consent.yes"), id="consent.yes"),
        MenuItem(text=words.say("consent.no"), id="consent.no"),
    )
    return DeskMenu(desk=desk, to=to, head=words.say("consent.ask"), items=items)


def survey(words: Words, *, desk: str, to: str) -> DeskText:
    """How satisfied are they, 0-10?"""
    return DeskText(desk=desk, to=to, text=words.say("survey.ask"))
