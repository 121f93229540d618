"""Designs: how a rep has the posters of her own customers look in a campaign, and in which words.

Words are plain text with a few `{names}` that the offer itself answers, so that a poster can never promise another
thanks than the rules do: an amount or a gift that is typed in by hand is refused. What the law and the platforms forbid
is found by the linter (referral.wording), edition by edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from referral import codes
from referral.carriers import RULES_AT_PAGE
from referral.jobs import Job
from referral.nicknames import legible
from referral.offers import EDITIONS, Edition, PosterCopy
from referral.story_quotes import FORGET
from referral.typed_promises import promises
from referral.typed_ways import typed_ways
from referral.wording import lint

if TYPE_CHECKING:
    from referral.codes import Code
    from referral.tx import Tx

SWEEP = "design.photo"
"""The job that deletes a photo which no design shows; its key is the file's name."""
UNUSED_FOR = timedelta(days=1)
"""How long a photo that was only tried out is kept."""
_DRAWN_WITHIN = timedelta(minutes=1)

THE_PACKS = PosterCopy(headline="", body="", note="")
"""The pack's own words, all of them."""

TEXTS: Mapping[str, int] = {"headline": 24, "body": 80, "note": 30}
"""The texts of a poster, with the most characters of each as it is typed."""

NAMES: Mapping[Edition, tuple[str, ...]] = {
    "feed": ("company", "product"),
    "friend": (
        *("company", "product", "friend_thanks", "advocate_thanks", "both_peer", "both_friend"),
        *("minimum", "hold", "after_peer", "after_friend"),
    ),
}
"""What may stand in braces; a feed names no thanks (reliability R1)."""
MAY_BE_EMPTY = frozenset({"minimum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a rep has changed; empty is the campaign's own. `photo` is a file's name on the shelf of designs."""

    campaign: str
    rep: str
    template: str = ""
    palette: str = ""
    season: str = ""
    feed: PosterCopy = THE_PACKS
    friend: PosterCopy = THE_PACKS
    photo: str = ""
    changed_at: datetime

    def words(self, edition: Edition) -> PosterCopy:
        """Her own words in an edition."""
        return self.feed if edition == "feed" else self.friend

    @property
    def is_plain(self) -> bool:
        """Whether nothing is changed at all."""
        plain = Design(campaign=self.campaign, rep=self.rep, changed_at=self.changed_at)
        return self == plain


class Designs(Protocol):
    """Where designs are kept: one for a campaign and a rep."""

    def get(self, campaign: str, rep: str) -> Design | None: ...
    def of_rep(self, rep: str) -> list[Design]: ...
    def save(self, design: Design) -> None: ...
    def drop(self, campaign: str, rep: str) -> None: ...
    def shows(self, photo: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something in a design that cannot be: where (`friend.body`, `photo`), which piece, why, and what to do instead.

    `text` is empty where the whole is meant.
    """

    place: str
    text: str = ""
    why: str
    suggestion: str = ""


def of_code(tx: Tx, code: Code) -> Design | None:
    """The design that a code's posters come in: of the rep who greets the friends who come with it, if she has one."""
    rep = codes.greeting_rep(tx, code)
    return tx.designs.get(code.campaign, rep) if rep else None


def save(tx: Tx, design: Design) -> None:
    """Keep a design in place of the one before; one that changes nothing is dropped. Raises nothing."""
    if design.is_plain:
        drop(tx, design.campaign, design.rep, now=design.changed_at)
        return
    before = tx.designs.get(design.campaign, design.rep)
    if before and replace(before, changed_at=design.changed_at) == design:
        return
    tx.designs.save(design)
    _note(tx, design.rep, "design.saved", design.campaign, said(design), design.changed_at)
    if before and before.photo not in ("", design.photo):
        _take_down(tx, before, design.changed_at)


def drop(tx: Tx, campaign: str, rep: str, *, now: datetime) -> None:
    """Go back to the campaign's own; nothing happens where there is no design."""
    before = tx.designs.get(campaign, rep)
    if before is None:
        return
    tx.designs.drop(campaign, rep)
    _note(tx, rep, "design.dropped", campaign, "", now)
    if before.photo:
        _take_down(tx, before, now)


def unused(tx: Tx, photo: str, due: datetime) -> None:
    """Have a photo deleted at that time if no design shows it then."""
    tx.jobs.put(Job(kind=SWEEP, key=photo, due_at=due))


def hold(tx: Tx, photo: str) -> None:
    """Let nobody delete a photo that is about to be shown: whoever was to do so waits, and then looks again."""
    tx.jobs.cancel(SWEEP, photo)


def said(design: Design) -> str:
    """What a design changes, for the audit: one line each; of her own words only where they stand."""
    chosen = [f"{name}: {getattr(design, name)}" for name in ("template", "palette", "season") if getattr(design, name)]
    worded = [
        f"{edition}.{each.name}"
        for edition in EDITIONS
        for each in fields(PosterCopy)
        if getattr(design.words(edition), each.name)
    ]
    return "\n".join([*chosen, *(["photo"] if design.photo else []), *worded])


def written(text: str) -> str:
    """Typed words on one line, without what cannot be seen; too long ones as they are, for `typed` to refuse."""
    return text if len(text) > max(TEXTS.values()) else legible(text)


def typed(own: PosterCopy, edition: Edition, values: Mapping[str, object]) -> list[Refusal]:
    """What keeps words as they are typed from being filled; `values` are what the offer answers, by name."""
    found: list[Refusal] = []
    for name, longest in TEXTS.items():
        text, place = getattr(own, name), f"{edition}.{name}"
        if len(text) > longest:
            found.append(Refusal(place=place, why=f"最多 {longest} 个字，现在有 {len(text)} 个"))
            continue
        found += [replace(refusal, place=place) for refusal in _braced(text, edition, values)]
    if own.note and RULES_AT_PAGE not in own.note:
        rules = Refusal(
            place=f"{edition}.note", why="要说清规则在哪里看", suggestion=f"请留着「{RULES_AT_PAGE}」几个字"
        )
        found.append(rules)
    return found


@lru_cache(maxsize=512)
def promised(own: PosterCopy, edition: Edition) -> tuple[Refusal, ...]:
    """What is typed in and leads past the offer: amounts and gifts, which only it keeps true, addresses and numbers."""
    promises_made = tuple(
        Refusal(
            place=f"{edition}.{name}",
            text=promise.text,
            why=_NUMBER_WHY if promise.is_number else _GIFT_WHY,
            suggestion=_INSTEAD_IN_FEED if edition == "feed" else _INSTEAD[promise.is_number],
        )
        for name in TEXTS
        for promise in promises(getattr(own, name)[: max(TEXTS.values())])
    )
    return promises_made + tuple(
        Refusal(place=f"{edition}.{name}", text=way.text, why=f"这里写着{way.what}", suggestion=_BY_THE_QR)
        for name in TEXTS
        for way in typed_ways(getattr(own, name)[: max(TEXTS.values())])
    )


@lru_cache(maxsize=512)
def objections(copy: PosterCopy, edition: Edition, industry: str) -> tuple[Refusal, ...]:
    """What a poster's words, filled, may not say in an edition: text by text, then what only the whole says."""
    found: list[Refusal] = []
    rules: set[str] = set()
    for name in TEXTS:
        for each in lint(getattr(copy, name), edition=edition, industry=industry):
            rules.add(each.rule)
            found.append(Refusal(place=f"{edition}.{name}", text=each.text, why=each.why, suggestion=each.suggestion))
    whole = "，".join(text for text in (copy.headline, copy.body, copy.note) if text)
    for each in lint(whole, edition=edition, industry=industry):
        if each.rule not in rules:
            rules.add(each.rule)
            found.append(Refusal(place=f"{edition}.body", text=each.text, why=each.why, suggestion=each.suggestion))
    return tuple(found)


_NUMBER_WHY = "数目手写上去，可能跟活动规则对不上"
_BY_THE_QR = "请删去：朋友扫图里的二维码就能找到您，也才算得到介绍人"
_GIFT_WHY = "送什么要跟活动规则一致"
_INSTEAD = {
    True: "请写 {friend_thanks}",
    False: "要写谢礼，请写：送你{friend_thanks}；不是谢礼，请换个说法",
}
_INSTEAD_IN_FEED = "公开版不写优惠和谢礼，请换个说法"

_BRACED = re.compile(r"\{[^{}]*\}|[{}]")


def _braced(text: str, edition: Edition, values: Mapping[str, object]) -> Iterator[Refusal]:
    """Braces that are none of ours, thanks in a feed, and names that this offer has nothing for."""
    allowed = NAMES[edition]
    ways = f"可以写：{'、'.join(f'{{{name}}}' for name in allowed if values.get(name))}"
    for braced in dict.fromkeys(_BRACED.findall(text)):
        name = braced[1:-1]
        if name not in allowed:
            elsewhere = any(name in others for others in NAMES.values())
            why = "公开版不写谢礼" if elsewhere else "花括号里只能是现成的几个词"
            yield Refusal(place="", text=braced, why=why, suggestion=ways)
        elif name not in MAY_BE_EMPTY and not values.get(name):
            yield Refusal(place="", text=braced, why="这个活动没有这一项", suggestion=ways)


def _take_down(tx: Tx, before: Design, now: datetime) -> None:
    """Its photo goes at once, and what was kept of posters that show it a minute later: one may just be being drawn."""
    unused(tx, before.photo, now)
    tx.jobs.put(Job(kind=FORGET, key=before.campaign, due_at=now + _DRAWN_WITHIN))


def _note(tx: Tx, rep: str, action: str, campaign: str, detail: str, now: datetime) -> None:
    tx.audit.note(f"rep:{rep}", action, campaign, detail, now)
