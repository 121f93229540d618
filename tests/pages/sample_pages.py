"""Views as the cast would see them: Mei invites, Jun is invited, Lin is the rep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.pages.views import (
    BusyView,
    CodeRow,
    EndedView,
    FriendRow,
    LandingView,
    MeView,
    MissingView,
    PrivacyView,
    Question,
    RulesView,
    ThanksRow,
    View,
)

COMPANY = "青禾书店"


def a_landing(**changes: Any) -> LandingView:
    landing = LandingView(
        company=COMPANY,
        inviter="李姐",
        inviter_avatar="/avatars/mei.jpg",
        headline="朋友开通会员，你们各得一个月",
        lines=("每周一本好书，店员为您挑好", "线下读书会，会员免费参加"),
        steps=("长按二维码，添加林顾问", "到店或线上开通会员", "退款期过后，一个月会员到账，两人都有"),
        last_day="2026年12月31日",
        rep_name="林顾问",
        contact_qr="/qr/contact.png",
        contact_qr_is_personal=True,
        code="3F9K2A7B",
        code_spaced="3F9K 2A7B",
        rules_url="/rules/7",
        privacy_url="/privacy",
        refresh_s=None,
        poster_url="/p/3F9K2A7B.jpg",
        ad_label="广告",
    )
    return replace(landing, **changes)


def a_me_page(**changes: Any) -> MeView:
    me = MeView(
        company=COMPANY,
        home="/me/x7Qd2m0TzK9vB1sL5nR8wA",
        name="李姐",
        codes=(
            CodeRow(
                campaign="好书同读",
                code="3F9K2A7B",
                code_spaced="3F9K 2A7B",
                poster_url="/p/3F9K2A7B.jpg",
                link="https://i.qinghe.example/i/3F9K2A7B",
                words="我在青禾书店办会员两年了，店员挑的书每本都读得下去。\n要是想试试，报我的邀请码 3F9K2A7B 就好。",
            ),
        ),
        friends=(
            FriendRow(label="小军", status="已完成", note="", at="11月20日", tone="good"),
            FriendRow(label="一位好友", status="已添加顾问", note="", at="11月18日"),
            FriendRow(
                label="一位好友", status="没有算上", note="这位朋友此前已经是我们的会员", at="11月2日", tone="off"
            ),
        ),
        thanks=(
            ThanksRow(
                what="一个月会员",
                side="advocate",
                status="已到账",
                note="",
                at="11月20日",
                proof_url="/me/x7Qd2m0TzK9vB1sL5nR8wA/proof/12",
                tone="good",
            ),
            ThanksRow(
                what="一个月会员",
                side="friend",
                status="待确认",
                note="退款期到 12月5日，之后自动到账",
                at="11月20日",
                proof_url=None,
            ),
        ),
        questions=(Question(id="41", text="可以告诉王阿姨您来了吗？"),),
        byline="nickname",
        opted_out=False,
        notices=(),
        desk_link="https://work.weixin.qq.com/kfid/kfc0000000000000000",
        rules_url="/rules/7",
        privacy_url="/privacy",
    )
    return replace(me, **changes)


def a_newcomers_me_page() -> MeView:
    return a_me_page(
        name="小军", codes=(), friends=(), thanks=(), questions=(), opted_out=True, notices=("记下了，谢谢您。",)
    )


def a_rules_page(**changes: Any) -> RulesView:
    rules = RulesView(
        company=COMPANY,
        title="「好书同读」活动规则",
        sections=(
            ("怎样算数", ("朋友凭您的邀请码添加顾问，并在 30 天内首次付款开通会员。", "朋友此前不是我们的会员。")),
            ("两人各得什么", ("各得一个月会员。每人每年最多 50 次。", "退款期 15 天过后到账；退款则不计。")),
            ("主办方与联系", ("青禾书店（杭州）有限公司，电话 0571-0000 0000，每天 9:00 到 20:30。",)),
        ),
        ended=False,
    )
    return replace(rules, **changes)


def every_page() -> dict[str, View]:
    """One of each page, and the states in which a page looks different."""
    return {
        "landing": a_landing(),
        "landing-waiting": a_landing(contact_qr=None, contact_qr_is_personal=False, refresh_s=3),
        "landing-shared-qr": a_landing(contact_qr_is_personal=False, refresh_s=5),
        "landing-unnamed": a_landing(inviter=None, inviter_avatar=None, rep_name=None, last_day=None, steps=()),
        "ended": EndedView(company=COMPANY, title="好书同读", contact="电话 0571-0000 0000", rules_url="/rules/7"),
        "missing": MissingView(company=COMPANY),
        "busy": BusyView(company=COMPANY),
        "me": a_me_page(),
        "me-new": a_newcomers_me_page(),
        "rules": a_rules_page(),
        "rules-ended": a_rules_page(ended=True),
        "privacy": PrivacyView(
            company=COMPANY,
            sections=(
                ("我们记下什么", ("您的昵称、邀请码、到店与付款的日期。手机号只存加密后的指纹。",)),
                ("谁看得到", ("邀请您的朋友只有在您答应后才知道您来了，看不到您买了什么、花了多少。",)),
                ("怎样删除", ("在聊天里告诉我们，7 天内删除。",)),
            ),
        ),
    }
