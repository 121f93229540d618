"""Which column holds which field: the names of design 5.5, spelled as people spell them, and what `--map` adds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.files.rows import FILE
from referral.errors import BadInput

Names = Mapping[str, Sequence[str]]
"""Fields, each with the Chinese names of its column; the English name is the field's own."""

PERSON: Names = {
    "crm_id": ("客户编号",),
    "external_userid": (),
    "unionid": (),
    "openid": (),
    "phone": ("手机号",),
}
PEOPLE: Names = {
    **PERSON,
    "name": ("姓名",),
    "nickname": ("昵称",),
    "rep": ("跟进人", "跟进成员", "顾问", "所属员工", "归属销售"),
    "joined_on": ("成为客户日期", "首单日期", "入会日期"),
    "birthday": ("生日",),
    "tier": ("等级",),
    "satisfaction": ("满意度",),
    "activity": ("活跃度",),
    "last_order_at": ("最近下单",),
    "orders": ("订单数",),
    "past_referrals": ("已介绍人数",),
    "tags": ("标签",),
    "marketing_consent": ("同意营销",),
    "minor": ("未成年",),
}
SIGNALS: Names = {**PERSON, "type": ("类型",), "score": ("分数",), "count": ("次数",), "at": ("时间",)}
ORDERS: Names = {
    **PERSON,
    "source": ("来源",),
    "order_no": ("订单号",),
    "amount_fen": (),
    "amount": ("金额",),
    "paid_at": ("付款时间",),
    "refunded_fen": (),
    "refunded_at": ("退款时间",),
    "code": ("邀请码",),
    "coupon": ("优惠码", "券码"),
    "earned_fen": (),
    "earned": ("毛利",),
    "product": ("商品",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where each field stands, by the number of its column, and the names of the columns that are passed over."""

    places: Mapping[str, int]
    headings: Mapping[str, str]
    ignored: tuple[str, ...]


def layout(header: Sequence[str], names: Names, mapping: Mapping[str, str], needed: Sequence[Sequence[str]]) -> Layout:
    """Find the fields in a header. Of each group in `needed` one has to be there.

    `mapping` gives fields to columns by the file's own names; an empty field has a column passed over.
    Raises `BadInput` that names what may be written.
    """
    known = {_plain(name): field for field, also in names.items() for name in (field, *also)}
    mapped = _mapped(header, names, mapping)
    places: dict[str, int] = {}
    ignored = []
    for place, heading in enumerate(header):
        field = mapped.get(place, known.get(_plain(heading), ""))
        if field in places:
            raise _twice(field, header[places[field]], heading)
        if field:
            places[field] = place
        elif heading:
            ignored.append(heading)
    for group in needed:
        if not any(field in places for field in group):
            raise _missing(group, names)
    headings = {field: header[place] for field, place in places.items()}
    return Layout(places=places, headings=headings, ignored=tuple(ignored))


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """What `--map 列名=field` says."""
    found = {}
    for text in texts:
        heading, equals, field = text.rpartition("=")
        if not equals or not heading.strip():
            raise BadInput("--map", f"{text}：请写成 列名=field")
        found[heading] = field.strip()
    return found


def _mapped(header: Sequence[str], names: Names, mapping: Mapping[str, str]) -> dict[int, str]:
    plain = [_plain(heading) for heading in header]
    fields = {_plain(field): field for field in names}
    found = {}
    for heading, field in mapping.items():
        if _plain(heading) not in plain:
            raise BadInput("--map", f"文件里没有“{heading}”这一列；有 {'、'.join(filter(None, header))}")
        if field and _plain(field) not in fields:
            raise BadInput("--map", f"没有 {field} 这一项；可以用 {'、'.join(names)}")
        found[plain.index(_plain(heading))] = fields[_plain(field)] if field else ""
    return found


def _twice(field: str, first: str, second: str) -> BadInput:
    return BadInput(FILE, f"“{first}”和“{second}”都是 {field}，只能用一列；不要的那一列请用 --map 列名= 略过")


def _missing(group: Sequence[str], names: Names) -> BadInput:
    accepted = "、".join(" ".join((field, "|".join(names[field]))).strip() for field in group)
    needed = f"需要 {accepted} 中的至少一列" if len(group) > 1 else f"缺少 {accepted} 这一列"
    return BadInput(FILE, f"{needed}；列名不同时请用 --map 列名={group[0]}")


def _plain(heading: str) -> str:
    """A heading without what people vary: case, width, spaces, underscores."""
    folded = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(symbol for symbol in folded if not symbol.isspace() and symbol not in "_\ufeff\u200b")
