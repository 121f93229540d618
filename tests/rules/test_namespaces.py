"""Ids of another namespace are recognised by their shape, and only where the shape is certain."""

from __future__ import annotations

import pytest

from referral.identities import Identity, IdentityKind
from referral.namespaces import may_be_staff, objection

EXTERNAL = "wmAJ2GCAAAXtWyujaWJHDDGi0mACH71w"
OPENID = "oAbC1234567890_-abcdefghijkl"
ACCOUNT, OTHER = "wx00000000000000aa", "wx00000000000000bb"
CRM, WECOM, UNIONID, OPEN, PHONE = (
    IdentityKind.CRM,
    IdentityKind.WECOM,
    IdentityKind.UNIONID,
    IdentityKind.OPENID,
    IdentityKind.PHONE,
)


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (WECOM, OPENID, "openid 或 unionid"),
        (WECOM, f"{ACCOUNT}/{OPENID}", "APPID/OPENID"),
        (WECOM, "13800138000", "phone"),
        (WECOM, "+86 13800138000", "phone"),
        (WECOM, "wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q", "客服账号"),
        (WECOM, "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAAAA", "客户群"),
        (WECOM, "open_kf_1", "open_"),
        (UNIONID, EXTERNAL, "external_userid"),
        (UNIONID, f"{ACCOUNT}/{OPENID}", "openid"),
        (UNIONID, "13800138000", "phone"),
        (OPEN, EXTERNAL, "external_userid"),
        (OPEN, f"{ACCOUNT}/{EXTERNAL}", "external_userid"),
        (OPEN, "wo" + EXTERNAL[2:], "external_userid"),
    ],
)
def test_an_id_of_another_namespace_is_told_with_where_it_belongs(kind, value, says):
    assert says in (objection(Identity(kind, value)) or "")


def test_an_openid_of_an_app_that_is_not_configured_is_refused_by_its_name():
    strange = Identity(OPEN, f"{OTHER}/{OPENID}")

    assert objection(strange, {ACCOUNT}) == (
        f"{OTHER} 不是这里配置的公众号，它的 openid 在这里认不出是谁；可以用 {ACCOUNT}"
    )
    assert objection(strange, {ACCOUNT, OTHER}) is None
    assert objection(strange) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (WECOM, EXTERNAL),
        (WECOM, "wo" + EXTERNAL[2:]),
        (WECOM, "wmJun"),
        (WECOM, "wm-somebody"),
        (UNIONID, OPENID),
        (UNIONID, "u1"),
        (OPEN, OPENID),
        (OPEN, "o1"),
        (OPEN, f"{ACCOUNT}/{OPENID}"),
        (CRM, "13800138000"),
        (CRM, EXTERNAL),
        (CRM, OPENID),
        (CRM, "lin"),
        (PHONE, "a" * 64),
    ],
)
def test_what_is_right_or_cannot_be_told_passes(kind, value):
    assert objection(Identity(kind, value), {ACCOUNT}) is None


def test_only_what_has_no_platforms_shape_may_be_a_colleagues_userid():
    assert may_be_staff(Identity(WECOM, "lin"))
    assert not may_be_staff(Identity(WECOM, EXTERNAL))
    assert not may_be_staff(Identity(UNIONID, OPENID))
    assert not may_be_staff(Identity(CRM, "lin"))
