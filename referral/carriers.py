"""Carriers: what the QR of a campaign's posters leads to, our own page or one of the platform's own entrances."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from referral.errors import RuleViolation

if TYPE_CHECKING:
    from referral.facts import Facts


class Carrier(StrEnum):
    """What a poster's QR says.

    `LANDING`: the short link of the code. `CONTACT`: the contact QR of its rep, made for this code. `OFFICIAL`: an
    Official Account's QR with the code in it. `DESK`: the desk's chat, entered with the code. `ACQUISITION`: the rep's
    acquisition link, marked for this code; each friend uses up one of the adds that the company bought.
    """

    LANDING = "landing"
    CONTACT = "contact"
    OFFICIAL = "official"
    DESK = "kf"
    ACQUISITION = "acquisition"


SPOKEN: Mapping[Carrier, str] = {
    Carrier.LANDING: "邀请页",
    Carrier.CONTACT: "联系我二维码",
    Carrier.OFFICIAL: "公众号参数二维码",
    Carrier.DESK: "微信客服",
    Carrier.ACQUISITION: "获客链接",
}
"""Each carrier as staff call it."""

RULES_AT_PAGE = "规则见页内"
RULES_AT: Mapping[Carrier, str] = {
    Carrier.LANDING: RULES_AT_PAGE,
    Carrier.CONTACT: "规则可问顾问",
    Carrier.OFFICIAL: "规则可问客服",
    Carrier.DESK: "规则可问客服",
    Carrier.ACQUISITION: "规则可问顾问",
}
"""Where who scans it finds the rules, as the small line of a poster says."""

IN_PLACE = (Carrier.LANDING, Carrier.CONTACT, Carrier.DESK, Carrier.ACQUISITION)
"""What stands in where a campaign's own choice cannot be had, the best first."""

_WANTING: Mapping[Carrier, str] = {
    Carrier.CONTACT: "还没有用于客户联系的应用，请在 [[wecom.apps]] 的 uses 里写上 contact",
    Carrier.OFFICIAL: "公众号还没有接入，参数二维码用不了",
    Carrier.DESK: "还没有微信客服账号，请在 [[wecom.apps]] 的 uses 里写上 kf，并填 kf_accounts",
    Carrier.ACQUISITION: "还没有开通获客助手的应用，开通后请在 [[wecom.apps]] 的 uses 里写上 acquisition",
}


def check(facts: Facts, carrier: Carrier) -> None:
    """Raise `RuleViolation` with the reason for a carrier that this house cannot use."""
    if carrier not in facts.carriers:
        raise RuleViolation("campaign.carrier", f"海报不能用{SPOKEN[carrier]}：{_WANTING[carrier]}。")
