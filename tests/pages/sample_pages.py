"""Views as the cast would see them: Mei invites, Jun is invited, Lin is the rep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.pages.thanks_views import Option, PointsView, ShopRow, ThanksRow, Voucher
from bot.pages.views import (
    BusyView,
    Card,
    Cards,
    ChoiceRow,
    CodeRow,
    EndedView,
    FriendRow,
    LandingView,
    MeView,
    MissingView,
    NothingView,
    PosterView,
    PrivacyView,
    Question,
    RestingView,
    RewardView,
    RulesView,
    ShowCouponView,
    TroubleView,
    View,
)
from tests.pages.sample_story_pages import one_card, story_pages

COMPANY = "青禾书店"


def some_cards(**changes: Any) -> Cards:
    link, picture = "https://i.qinghe.example/i/3F9K2A7B", "https://i.qinghe.example/p/3F9K2A7B/card.jpg"
    text = "青禾书店会员，顾问在线，问清楚了再决定。"
    feed = Card(title="有想了解的，随时来聊 · 青禾书店", text=text, link=link, picture=picture)
    to_friend = "您在青禾书店完成首单、过了15天退款期，您和介绍您来的朋友各得30天会员。"
    friend = Card(title="一位老朋友介绍您认识青禾书店", text=to_friend, link=link, picture=picture)
    return replace(Cards(feed=feed, moments=f"{link}?c=moments", friend=friend), **changes)


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
        posters_url="/p/3F9K2A7B",
        ad_label="广告",
        cards=some_cards(),
        advocate_thanked=True,
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
                posters_url="/p/3F9K2A7B",
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
                occasion="谢谢您的推荐",
                status="已到账",
                note="",
                at="11月20日",
                proof_url="/me/x7Qd2m0TzK9vB1sL5nR8wA/proof/12",
                tone="good",
            ),
            ThanksRow(
                what="一个月会员",
                occasion="欢迎您的到来",
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


def a_me_page_with_thanks(**changes: Any) -> MeView:
    """Every kind of thanks, in each state in which it asks for something or can be used."""
    home = "/me/x7Qd2m0TzK9vB1sL5nR8wA"
    plain: dict[str, Any] = {"note": "", "at": "2026年11月20日", "proof_url": f"{home}/proof/w1"}
    thanks = (
        ThanksRow(
            **plain | {"note": "预计12月8日到账"},
            id="w1",
            what="1份甜品",
            occasion="谢谢您的推荐",
            status="确认中",
            options=(
                Option(number=0, words="1份甜品", chosen=True),
                Option(number=1, words="20元餐券", chosen=False),
                Option(number=2, words="1年常客会员", chosen=False),
            ),
        ),
        ThanksRow(
            **plain | {"note": "2027年1月23日前有效"},
            id="w2",
            what="1份甜品",
            occasion="欢迎您的到来",
            status="可以用了",
            tone="good",
            how="在店里打开这一页给店员看就能用，一次用完。",
            voucher=Voucher(code="7KM4PX92QD", qr_url="/qr/contact.png"),
        ),
        ThanksRow(
            **plain | {"note": "请告诉我们寄到哪里，填好就安排。"},
            id="w3",
            what="1份邻里礼盒",
            occasion="谢谢您写给我们的故事",
            status="等您填写",
            wants="address",
        ),
        ThanksRow(
            **plain | {"note": "地址收到了，同事会尽快寄出。"},
            id="w4",
            what="一盒明前龙井",
            occasion="用积分换的",
            status="已核准",
            wants="address",
            given="梅**　138****0000",
        ),
        ThanksRow(
            **plain | {"note": "这一笔要核对收款人的真实姓名，填好就转给您。"},
            id="w5",
            what="3000元现金",
            occasion="谢谢您的推荐",
            status="等您填写",
            wants="name",
        ),
        ThanksRow(
            **plain | {"note": "2026年11月24日在湖滨店用过了"},
            id="w6",
            what="20元餐券",
            occasion="谢谢您的推荐",
            status="已使用",
        ),
        ThanksRow(
            **plain | {"note": "2027年11月24日前有效"},
            id="w7",
            what="本人结算手续费减免",
            occasion="谢谢您的推荐",
            status="已到账",
            tone="good",
            how="要用的时候，跟您的顾问说一声就行。",
        ),
    )
    shelf = (
        ShopRow(id="q1", title="一盒明前龙井", points=200, note="", enough=True, once="f1"),
        ShopRow(id="q2", title="优先维修", points=1_200, note="换了以后90天内有效", enough=False, once="f2"),
    )
    points = PointsView(balance=1_080, note="其中30积分到2027年2月1日为止，过期就用不了了。", items=shelf)
    consent = (
        "我同意青禾书店保存我的真实姓名，只用于给我转现金谢礼时核对收款人和依法申报个人所得税。"
        "可以随时在这里撤回，撤回不影响已经完成的转账。"
    )
    with_thanks = {"thanks": thanks, "points": points, "real_name": "梅**", "name_consent": consent}
    return a_me_page(questions=(), thanks_told="记下了，就按您选的来。到账之前都可以改。", **with_thanks | changes)


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
        cards=one_card("「好书同读」活动规则", "/rules/7"),
    )
    return replace(rules, **changes)


def a_privacy_page(**changes: Any) -> PrivacyView:
    privacy = PrivacyView(
        company=COMPANY,
        sections=(
            ("我们记下什么", ("您的昵称、邀请码、到店与付款的日期。手机号只存加密后的指纹。",)),
            ("谁看得到", ("邀请您的朋友只有在您答应后才知道您来了，看不到您买了什么、花了多少。",)),
            ("怎样删除", ("在聊天里告诉我们，7 天内删除。",)),
        ),
        cards=one_card("隐私说明", "/privacy"),
    )
    return replace(privacy, **changes)


def a_reward_page(number: int = 1, **changes: Any) -> RewardView:
    """One of the thanks of `a_me_page_with_thanks`; the second is a coupon that can be used."""
    home = "/me/x7Qd2m0TzK9vB1sL5nR8wA"
    reward = RewardView(
        company=COMPANY,
        home=home,
        row=replace(a_me_page_with_thanks().thanks[number], options=(), wants=""),
        place=17,
        size=2_041,
        fingerprint="9f2b61c04d7e88aa",
        file_url=f"{home}/proof/w2?as=json",
    )
    return replace(reward, **changes)


def a_poster_page(**changes: Any) -> PosterView:
    poster = PosterView(
        company=COMPANY,
        picture="/p/3F9K2A7B.jpg?template=orchard&size=tall&theme=light&edition=feed",
        width=1080,
        height=1920,
        print_url=None,
        looks=_choices("果园", "灯下", "手信", "画册", "新课", "远方", "同城", "邻里"),
        sizes=_choices("竖版", "小红书", "方形", "短视频片尾", "A4 张贴", "桌卡"),
        themes=_choices("浅色", "深色"),
        editions=_choices("公开版", "朋友版"),
        words="我在青禾书店办会员两年了，店员挑的书每本都读得下去。\n要是想试试，报我的邀请码 3F9K2A7B 就好。",
        landing_url="/i/3F9K2A7B",
        rules_url="/rules/7",
        privacy_url="/privacy",
        cards=some_cards(),
    )
    return replace(poster, **changes)


def _choices(chosen: str, *others: str) -> tuple[ChoiceRow, ...]:
    first = ChoiceRow(title=chosen, url="/p/3F9K2A7B?a", is_chosen=True)
    return first, *(ChoiceRow(title=title, url="/p/3F9K2A7B?b", is_chosen=False) for title in others)


def every_page() -> dict[str, View]:
    """One of each page, and the states in which a page looks different."""
    return {
        "landing": a_landing(),
        "landing-waiting": a_landing(contact_qr=None, contact_qr_is_personal=False, refresh_s=3),
        "landing-shared-qr": a_landing(contact_qr_is_personal=False, refresh_s=5),
        "landing-unnamed": a_landing(inviter=None, inviter_avatar=None, rep_name=None, last_day=None, steps=()),
        "ended": EndedView(company=COMPANY, title="好书同读", contact="电话 0571-0000 0000", rules_url="/rules/7"),
        "landing-full": a_landing(full=True, headline="李姐介绍您认识青禾书店"),
        "landing-outside": a_landing(in_wechat=False),
        "landing-own": a_landing(caller="advocate"),
        "landing-customer": a_landing(caller="customer"),
        "resting": RestingView(
            company=COMPANY, title="好书同读", begins=None, contact="电话 0571-0000 0000", rules_url="/rules/7"
        ),
        "resting-before": RestingView(
            company=COMPANY, title="好书同读", begins="12月1日", contact=None, rules_url="/rules/7"
        ),
        "missing": MissingView(company=COMPANY),
        "nothing": NothingView(company=COMPANY),
        "nothing-own": NothingView(company=COMPANY, own=True),
        "busy": BusyView(company=COMPANY),
        "trouble": TroubleView(company=COMPANY, words="系统正忙，过一会儿就好。", status=503),
        "poster": a_poster_page(),
        "poster-print": a_poster_page(print_url="/p/3F9K2A7B.pdf?size=a4", themes=(), editions=()),
        "poster-outside": a_poster_page(in_wechat=False),
        "me": a_me_page(),
        "reward": a_reward_page(),
        "reward-privilege": a_reward_page(6),
        "me-thanks": a_me_page_with_thanks(),
        "me-thanks-below": a_me_page_with_thanks(
            points=PointsView(balance=-200, note="有谢礼随退款退回了，以后来的积分会先补上。", items=())
        ),
        "coupon-show": ShowCouponView(company=COMPANY, staff_url="/rep/coupon/x?enter=1"),
        "me-new": a_newcomers_me_page(),
        "me-personal-off": a_me_page(personal=False, personal_told="关掉了，现在就生效。"),
        "me-personal-on": a_me_page(personal_told="打开了，现在就生效。", opted_out=True),
        "rules": a_rules_page(),
        "rules-ended": a_rules_page(ended=True),
        **story_pages(),
        "privacy": a_privacy_page(),
    }
