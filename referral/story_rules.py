"""How stories are chosen, as a campaign publishes it: how many in a month, how many of one author, by whose yes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral.errors import BadInput, RuleViolation
from referral.terms import Terms
from referral.times import month_start

if TYPE_CHECKING:
    from referral.tx import Tx

AGREED = "story.agree"
"""The audit's word for one colleague's yes to a story; its detail is the colleague."""


def refuse_beyond(tx: Tx, terms: Terms, author: str, *, now: datetime) -> None:
    """Raise `RuleViolation` where this month (Beijing) has as many stories already as the rules allow.

    One that was taken back afterwards had been selected all the same.
    """
    since = month_start(now)
    if terms.stories_per_author and tx.stories.count_selected(since, author) >= terms.stories_per_author:
        raise RuleViolation(
            "story.author",
            f"这位作者这个月已经入选 {terms.stories_per_author} 篇，规则里公布的就是每月最多这么多，下个月再选吧。",
        )
    if terms.stories_per_month and tx.stories.count_selected(since) >= terms.stories_per_month:
        raise RuleViolation(
            "story.month",
            f"这个月已经入选 {terms.stories_per_month} 篇，规则里公布的就是每月最多这么多，下个月再选吧。",
        )


def agree(tx: Tx, terms: Terms, story: str, judge: str, *, by: str, now: datetime) -> int:
    """Keep a colleague's yes and say how many more are needed. One colleague counts once, however they are written.

    Raises `BadInput` where several decide and nobody says who this is.
    """
    if terms.story_judges == 1:
        return 0
    if not judge:
        raise BadInput("--by", f"这个活动的故事要 {terms.story_judges} 位同事同意才入选，请写明您是哪位")
    known = set(tx.audit.details(AGREED, story))
    who = _one_name(tx, judge)
    if who not in known:
        tx.audit.note(by, AGREED, story, who, now)
    return max(0, terms.story_judges - len(known | {who}))


def _one_name(tx: Tx, judge: str) -> str:
    """A member of staff by their id, whether they are written by it or by their name."""
    said = judge.casefold()
    return next((rep.id for rep in tx.reps.active() if said in (rep.id.casefold(), rep.name.casefold())), said)
