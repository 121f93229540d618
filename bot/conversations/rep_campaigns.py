"""活动, 新活动, 同意: what runs, what a rep would like to run, and a manager's answer."""

from __future__ import annotations

from datetime import timedelta

from bot.conversations.rep_talk import RepTalk
from bot.offers import pack_names
from referral import campaigns, drafts
from referral.campaigns import Campaign, CampaignState
from referral.conversations.names import fold
from referral.drafts import ANSWERED_WITHIN, Draft
from referral.offers import Pack

_SHOWN = (CampaignState.RUNNING, CampaignState.WAITING, CampaignState.DRAFT)


def running(talk: RepTalk) -> str:
    """The campaigns that run, or will, with what has become of them so far."""
    found = [each for each in talk.tx.campaigns.all() if each.state in _SHOWN and not each.is_over(talk.now)]
    if not found:
        return talk.say("campaigns_none")
    newest = sorted(found, key=lambda c: (_SHOWN.index(c.state), -c.starts_at.timestamp()))
    return talk.listing(talk.say("campaigns_head"), [_line(talk, each) for each in newest])


def wanted(talk: RepTalk, offer: str) -> str:
    """Make a draft of an offer for the managers to look at."""
    if not offer:
        return _offers(talk, talk.say("offers_head"))
    pack = _find(talk, offer)
    if pack is None:
        return _offers(talk, talk.say("offers_unknown", wanted=offer))
    if unlawful := _unlawful(talk, pack):
        return talk.listing(talk.say("offer_unlawful", title=pack.title), [f"· {each}" for each in unlawful], most=4)
    if _has_asked(talk, pack):
        return talk.say("draft_already", title=pack.title)
    return _draft(talk, pack)


def answered(talk: RepTalk, handle: str, *, yes: bool) -> str | None:
    """Take a manager's answer to the draft it names, or to the only one that waits; None where it names none."""
    draft = _meant(talk, handle)
    if draft is None:
        return None
    if draft.answer:
        return _before(talk, draft)
    if yes and not drafts.may_approve(talk.facts, draft, talk.rep):
        return talk.say("answer_own")
    campaign = drafts.decide(talk.tx, talk.facts, draft, yes=yes, by=talk.rep, now=talk.now, rng=talk.rng)
    if campaign is None:
        return None
    key, title = "answer_yes" if yes else "answer_no", campaign.name
    if drafts.is_same(draft.rep, talk.rep):
        return talk.say(f"{key}_own", title=title)
    return talk.say(key, title=title, rep=drafts.name_of(talk.tx, draft.rep))


def waiting_lines(talk: RepTalk) -> list[str]:
    """The drafts that wait for an answer."""
    return [
        talk.say(
            "answer_line",
            handle=draft.handle,
            rep=drafts.name_of(talk.tx, draft.rep),
            title=_campaign(talk, draft).name,
        )
        for draft in talk.tx.drafts.waiting()
    ]


def _line(talk: RepTalk, campaign: Campaign) -> str:
    results = talk.tx.results.of_campaign(campaign.id)
    return talk.say(
        "campaign_line",
        title=campaign.name,
        state=talk.say(f"state_{campaign.state.value}"),
        period=_period(talk, campaign),
        used_yuan=_yuan(campaign.used_fen),
        budget_yuan=_yuan(campaign.budget_fen),
        advocates=results.advocates,
        friends=results.friends,
    )


def _period(talk: RepTalk, campaign: Campaign) -> str:
    if campaign.starts_at > talk.now:
        return talk.say("period_begins", when=talk.day(campaign.starts_at))
    if campaign.ends_at is None:
        return talk.say("period_open")
    left = _whole_days(campaign.ends_at - talk.now)
    return talk.say("period_left", count=left) if left else talk.say("period_last")


def _offers(talk: RepTalk, head: str) -> str:
    """Those that this industry may use."""
    packs = [pack for pack in map(talk.words.pack, pack_names()) if not _unlawful(talk, pack)]
    lines = [talk.say("offer_line", talk.words.offer(pack.name, pack.terms), name=pack.name) for pack in packs]
    if not lines:
        return talk.say("offers_none")
    return talk.listing(head, lines, talk.say("offers_tail", title=packs[0].title), most=len(lines))


def _unlawful(talk: RepTalk, pack: Pack) -> list[str]:
    return talk.words.unlawful(pack.name, pack.terms, talk.facts.industry)


def _find(talk: RepTalk, offer: str) -> Pack | None:
    """The pack of this name or title."""
    packs = (talk.words.pack(name) for name in pack_names())
    return next((pack for pack in packs if fold(offer) in (fold(pack.name), fold(pack.title))), None)


def _has_asked(talk: RepTalk, pack: Pack) -> bool:
    mine = [draft for draft in talk.tx.drafts.waiting() if drafts.is_same(draft.rep, talk.rep)]
    return any(_campaign(talk, draft).pack == pack.name for draft in mine)


def _draft(talk: RepTalk, pack: Pack) -> str:
    made = campaigns.draft(
        talk.tx,
        pack=pack.name,
        name=pack.title,
        terms=pack.terms,
        budget_fen=pack.terms.budget_fen,
        now=talk.now,
        rng=talk.rng,
    )
    draft = drafts.ask(talk.tx, talk.facts, made, pack.terms, talk.rep, now=talk.now, rng=talk.rng)
    if not talk.facts.managers:
        return talk.say("draft_no_manager", title=pack.title, command=f"taoli campaign resume {made.id}")
    if drafts.may_approve(talk.facts, draft, talk.rep):
        return talk.say("draft_waits_own", title=pack.title, handle=draft.handle)
    return talk.say("draft_waits", title=pack.title)


def _meant(talk: RepTalk, handle: str) -> Draft | None:
    """The draft with this handle; without one the only one that waits, or, where none does, the last one answered."""
    if handle:
        return talk.tx.drafts.by_handle(handle)
    waiting = talk.tx.drafts.waiting()
    if not waiting:
        return talk.tx.drafts.last_answered(talk.now - ANSWERED_WITHIN)
    return waiting[0] if len(waiting) == 1 else None


def _before(talk: RepTalk, draft: Draft) -> str:
    assert draft.answer
    key, title = f"answer_{draft.answer.value}", _campaign(talk, draft).name
    return talk.say(key, {"rep": drafts.name_of(talk.tx, draft.answered_by or "")}, title=title)


def _campaign(talk: RepTalk, draft: Draft) -> Campaign:
    campaign = talk.tx.campaigns.get(draft.campaign)
    assert campaign
    return campaign


def _yuan(fen: int) -> str:
    return str(fen // 100) if fen % 100 == 0 else f"{fen / 100:.2f}"


def _whole_days(span: timedelta) -> int:
    return max(0, span // timedelta(days=1))
