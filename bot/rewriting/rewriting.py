"""Asking for other wordings, from the text to what staff may choose from.

Not for a chat's answer nor inside a transaction: it waits for a stranger. Where it is not configured, or nothing usable
comes back, the pack's own words stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiohttp import ClientSession

from bot.config.sections import Rewriting as Section
from bot.rewriting.asking import personal, prompt
from bot.rewriting.endpoint import ChatEndpoint
from bot.rewriting.judging import Case, judge, wordings
from bot.rewriting.values import NoAnswer, Refusal, Rewriter, Suggestion
from referral.framing import Framing
from referral.offers import Edition

log = structlog.get_logger()

_LONGEST = 300  # characters of a text that is sent
_PLAIN = {"company": "本店", "link": "https://a.cn/i/0", "code": "0" * 8}
_NOBODY_THERE = "改写服务这会儿没有给出能用的回答，请稍后再试，或者自己改一改"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """Other wordings for the words of one company; `count` of them are asked for at a time."""

    rewriter: Rewriter
    industry: str
    count: int = 3

    async def suggest(
        self,
        text: str,
        edition: Edition,
        framing: Framing,
        *,
        values: Mapping[str, object] | None = None,
        longest: int | None = None,
    ) -> list[Suggestion | Refusal]:
        """Other wordings of a text, those that may be used first; never raises for what the other side does.

        `values` are what the placeholders would say, for our linter only: they are never sent.
        """
        if against := _may_not_be_sent(text):
            return [against]
        case = Case(
            original=text, edition=edition, industry=self.industry, values={**_PLAIN, **(values or {})}, longest=longest
        )
        try:
            answer = await self.rewriter.answer(prompt(text, edition=edition, framing=framing, count=self.count))
            texts = wordings(answer, self.count)
        except NoAnswer as error:
            log.warning("rewriting.no_answer", why=error.code)
            return [Refusal(code=error.code, why=_NOBODY_THERE)]
        judged = [judge(case, each) for each in dict.fromkeys(texts)]
        dropped = [each.code for each in judged if isinstance(each, Refusal)]
        log.info("rewriting.answered", usable=len(judged) - len(dropped), dropped=dropped)
        return sorted(judged, key=lambda each: isinstance(each, Refusal)) or [Refusal(code="none", why=_NOBODY_THERE)]


def rewriting_of(section: Section | None, session: ClientSession, *, industry: str) -> Rewriting | None:
    """As configured; None where it is not. `session` is the way out for what the configuration names."""
    if section is None:
        return None
    endpoint = ChatEndpoint(
        session, api_base=section.api_base, model=section.model, key=section.key or "", timeout_s=section.timeout_s
    )
    return Rewriting(rewriter=endpoint, industry=industry, count=section.count)


def _may_not_be_sent(text: str) -> Refusal | None:
    if not text.strip():
        return Refusal(code="empty", why="还没有文字")
    if len(text) > _LONGEST:
        return Refusal(code="too_long", why=f"太长：最多 {_LONGEST} 个字")
    if told := personal(text):
        return Refusal(code="personal", why=f"「{told}」像是人名、号码或链接，不能送出去；换成占位符或删掉再试")
    return None
