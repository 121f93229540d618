"""The rep's pages as Lin would see them, on a common day and on the oddest ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.pages.rep_care_views import GateRow, RepCareView
from bot.pages.rep_cares_views import CareLine
from bot.pages.rep_coupon_views import RepCouponFindView, RepCouponView
from bot.pages.rep_friends_views import FriendRow, RepFriendsView
from bot.pages.rep_labels import SKIPS
from bot.pages.rep_people_reading import REFUSALS
from bot.pages.rep_people_views import (
    Advocate,
    ClaimRow,
    OrderRow,
    PersonRow,
    RepClaimView,
    RepFindView,
    RepPersonView,
)
from bot.pages.rep_posters_views import (
    CampaignRow,
    EditionPart,
    Field,
    LookRow,
    Option,
    RepDesignView,
    RepPostersView,
)
from bot.pages.rep_views import (
    BroadcastRow,
    Choice,
    Objection,
    Part,
    Question,
    RepBroadcastView,
    RepCardView,
    RepDoorView,
    RepListView,
    RepManyView,
    RepPosterView,
    RepView,
    Row,
    Talk,
)
from bot.pages.views import ChoiceRow
from referral.designs import Refusal
from referral.offers import Edition

COMPANY = "青禾书店"
WORDS = (
    "谢谢您前几天给我们打的分。身边要是有朋友也在看会员，可以让他来找我，我帮他参谋。"
    "您需要的话，我给您做一张推荐海报，用不用都看您方便。"
)
NAMES = (
    "李姐",
    "👨‍👩‍👧‍👦🌸一家人🏳️‍🌈",
    "محمد عبد الرحمن",
    "很长的名字" * 12,
    "Bartholomew-Constantine Featherstonehaugh-Cholmondeley",
    "\u202eabc李\u2066",
)
CHIPS = ("昨天打了高分", "成为客户 13 个月", "最活跃的 8 %")
GATES = (
    None,
    "持续互动：很久没来往了，先问候关心",
    "工具易用：取了海报没人看到，换一份更好用的",
    "社交认同：先真心谢谢对方，让对方觉得被看见",
)


def a_row(place: int = 0, **changes: Any) -> Row:
    row = Row(
        id=f"g{place:016}",
        name=NAMES[place % len(NAMES)],
        state="waiting",
        label="待聊",
        chips=CHIPS,
        gate=GATES[place % len(GATES)],
    )
    return replace(row, **changes)


def a_talk(place: int = 0, **changes: Any) -> Talk:
    return replace(Talk(id=f"g{place:016}", name=NAMES[place], words=WORDS), **changes)


def some_cares() -> tuple[CareLine, ...]:
    return (
        CareLine(
            id="v" + "1" * 16,
            name="周老师",
            action="修复",
            why="投诉一天了还没有答复",
            words="上次的事让您费心了，我这就去问清楚，今天给您答复。",
            done="处理好了",
            later="先放一放",
        ),
        CareLine(
            id="v" + "2" * 16,
            name=NAMES[3],
            action="关心",
            why="买了一周，还没问过用得怎么样",
            words="用了一周了，还顺手吗？满分 10 分，您给我们打几分？",
            done="问过了",
            later="先不问",
            score=True,
        ),
    )


def a_list(**changes: Any) -> RepListView:
    waiting = tuple(a_row(place) for place in range(6))
    done = (
        a_row(6, state="said", label="已聊", tone="good", note="要了海报"),
        a_row(7, state="said", label="已聊", tone="good", note="还没告诉我们发了没有"),
        a_row(8, state="skipped", label="跳过", tone="off", note="不适合请对方推荐"),
    )
    shown = RepListView(
        company=COMPANY,
        rep="林顾问",
        day="11月23日 周一",
        rows=waiting + done,
        questions=(
            Question(id="g" + "1" * 16, name="周老师", words="以后有老客户的好消息，可以告诉您吗？"),
            Question(id="g" + "2" * 16, name=NAMES[3], words="以后有老客户的好消息，可以告诉您吗？"),
        ),
        unconfirmed=("g" + "7" * 16, "g" + "8" * 16),
        broadcasts=(BroadcastRow(id="b" + "1" * 16, text=WORDS[:39] + "…", label="等您按发送", tone="plain"),),
        cares=some_cares(),
        first=waiting[0].id,
        many=True,
    )
    return replace(shown, **changes)


def a_card(**changes: Any) -> RepCardView:
    card = RepCardView(
        company=COMPANY,
        row=a_row(),
        words=WORDS,
        place="2 / 10",
        previous="g" + "1" * 16,
        next="g" + "3" * 16,
        against=("满意度 7 分，还不算高", "最近不太活跃"),
        skips=tuple(SKIPS.items()),
        poster=True,
        person="p" + "1" * 16,
    )
    return replace(card, **changes)


def a_claim(place: int = 0) -> ClaimRow:
    return ClaimRow(id=f"k{place:016}", friend=NAMES[place], said=NAMES[-1 - place][:12], when="11月23日 周一")


def some_advocates() -> tuple[Advocate, ...]:
    return tuple(Advocate(id=f"p{i:016}", name=name, note="您的客户 · 3F9K 2A7B") for i, name in enumerate(NAMES))


def a_find(**changes: Any) -> RepFindView:
    found = RepFindView(
        company=COMPANY,
        asked="李",
        rows=tuple(PersonRow(id=f"p{i:016}", name=name, note="编号 1042") for i, name in enumerate(NAMES)),
        more=3,
        orders=(
            OrderRow(name="youzan/E20261123100000123456789", buyer="手机号", waits="等了 2 天，还剩 5 天"),
            OrderRow(name="till/7", buyer="客户编号 1…2、公众号 oA…9x3", waits="等了 6 天，还剩 1 天"),
        ),
        waiting=12,
    )
    return replace(found, **changes)


def a_person(**changes: Any) -> RepPersonView:
    person = RepPersonView(
        company=COMPANY,
        id="p" + "1" * 16,
        name=NAMES[0],
        note="编号 1042 · 2024年11月2日成为客户",
        came=((f"{NAMES[3][:20]} · 好书同读", "已成交", "good"), (f"{NAMES[2]} · 冬", "未计入", "off")),
        claims=(a_claim(),),
        asked="李姐",
        advocates=some_advocates(),
    )
    return replace(person, **changes)


def a_claimed(**changes: Any) -> RepClaimView:
    claimed = RepClaimView(
        company=COMPANY,
        row=a_claim(),
        words="是李姐介绍的",
        friend_id="p" + "1" * 16,
        until="11月30日 10:00",
        advocates=some_advocates(),
        refusals=tuple(REFUSALS.items()),
    )
    return replace(claimed, **changes)


def a_coupon(**changes: Any) -> RepCouponView:
    coupon = RepCouponView(
        company=COMPANY,
        what="1份甜品",
        whose=NAMES[0],
        code="7KM4PX92QD",
        until="2027年1月23日前有效",
        path="/rep/coupon/0123456789abcdefghjkmnpqrs",
        step="ask",
        shop="湖滨店",
    )
    return replace(coupon, **changes)


def a_gallery(**changes: Any) -> RepPostersView:
    looks = tuple(
        LookRow(
            title=title,
            picture=f"/p/3F9K2A7B.jpg?look={i}",
            width=360,
            height=640,
            url="/rep/posters/c1",
            is_used=i < 1,
        )
        for i, title in enumerate(("果园", "画册", "远方"))
    )
    campaigns = (
        CampaignRow(
            id="c1",
            name="好书同读",
            note="",
            whose=f"图上是{NAMES[0]}的邀请码 3F9K 2A7B。",
            is_changed=True,
            looks=looks,
        ),
        CampaignRow(
            id="c2", name=NAMES[3], note="已暂停", whose=f"图上是{NAMES[1]}的。", is_changed=False, looks=looks
        ),
    )
    shown = RepPostersView(
        company=COMPANY,
        campaigns=campaigns,
        sizes=tuple(ChoiceRow(title=name, url="/rep/posters", is_chosen=name == "竖版") for name in ("竖版", "方形")),
        themes=tuple(ChoiceRow(title=name, url="/rep/posters", is_chosen=name == "浅色") for name in ("浅色", "深色")),
        editions=(ChoiceRow(title="公开版", url="/rep/posters", is_chosen=True),),
    )
    return replace(shown, **changes)


def a_part(edition: Edition, title: str, *against: Refusal, value: str = "") -> EditionPart:
    fields = tuple(
        Field(
            name=f"{edition}.{name}",
            label=label,
            value=value,
            hint="{company}的顾问，送你{friend_thanks}。",
            most=24,
            rows=2,
            refusals=against if name == "headline" else (),
        )
        for name, label in (("headline", "标题"), ("body", "正文"), ("note", "底部小字"))
    )
    picture = "" if against else f"/p/3F9K2A7B.jpg?edition={edition}"
    return EditionPart(
        edition=edition,
        title=title,
        about="一对一发给朋友看的，可以写谢礼。",
        fields=fields,
        refusals=against,
        picture=picture,
        width=360,
        height=640,
    )


def a_design(**changes: Any) -> RepDesignView:
    shown = RepDesignView(
        company=COMPANY,
        id="c1",
        campaign="好书同读",
        whose=f"图上是{NAMES[0]}的邀请码 3F9K 2A7B。",
        looks=tuple(
            Option(name=f"look-{i}", title=title, is_chosen=i == 1, picture=f"/p/3F9K2A7B.jpg?look={i}")
            for i, title in enumerate(("果园", "画册", "远方"))
        ),
        palettes=tuple(
            Option(name=name, title=title, is_chosen=not name, colours=("#8f2d4d", "#e9a0a4"))
            for name, title in (("", "原色"), ("plum", "紫李"))
        ),
        seasons=(
            Option(name="", title="不加", is_chosen=True),
            Option(name="spring", title="春 · 桃花", is_chosen=False),
        ),
        editions=(a_part("friend", "朋友版"), a_part("feed", "公开版")),
        names=(("company", COMPANY), ("friend_thanks", "30天会员"), ("both_friend", "您和介绍您来的朋友各得30天会员")),
        photo="",
        photo_looks="「画册」",
    )
    return replace(shown, **changes)


def a_care_page() -> RepCareView:
    gates = (
        GateRow(title="产品体验满意", shows="最近一次打了 9 分，没有没了结的投诉", stands="open"),
        GateRow(
            title="社交认同",
            shows="最近 2 次问起都没有下文",
            stands="first",
            care="先不问了。真心谢谢对方，送一点看得见的照顾：优先预约、一张手写的卡片。",
            words="一直想好好谢谢您，这段时间承蒙您照顾。有什么我能为您做的，您随时说。",
        ),
        GateRow(title="工具易用", shows="还没有要过海报", stands="unknown"),
        GateRow(title="持续互动", shows="最近一次来往是2026年3月2日", stands="weak"),
    )
    return RepCareView(company=COMPANY, id="p" + "1" * 16, name=NAMES[3], gates=gates)


def old_friends() -> RepFriendsView:
    rows = (
        FriendRow(
            id="p" + "1" * 16,
            name="梅姐（李梅）",
            title="热心人",
            why="介绍来 6 位朋友，已有 5 位留了下来；介绍来的 6 位朋友，自己又带来了 4 位",
            friends="您认识的朋友：阿俊、小华、萍姐 等 4 位；另有 2 位不在您的客户里",
            fits="见面时真心道一声谢；有新品、新活动，先请这位来看看。",
        ),
        *(
            FriendRow(
                id=f"p{place:016}",
                name=name,
                title="牵线人",
                why="只介绍来 1 位朋友，这位朋友又带来了 5 位",
                friends="这位朋友不在您的客户里",
                fits="找个时候问候一声，谢谢这份心意；有好位置、好时段，先给这位留着。",
            )
            for place, name in enumerate(NAMES[2:])
        ),
    )
    return RepFriendsView(company=COMPANY, rows=rows, more=3)


def every_rep_page() -> dict[str, RepView]:
    """One of each, by the name that its screenshot gets."""
    objection = Objection(
        text="转发到朋友圈就能领红包",
        why="微信规定不得以利益诱导分享",
        suggestion="谢礼只跟朋友本人的购买挂钩",
    )
    choices = tuple(Choice(id=f"g{i:016}", name=name, chips=CHIPS[:1], chosen=i < 3) for i, name in enumerate(NAMES))
    parts = (
        Part(name=NAMES[0], label="已发出", tone="good"),
        Part(name=NAMES[3], label="等您按发送", tone="plain"),
        Part(name=NAMES[2], label="本月已收满", tone="off"),
    )
    against = Refusal(place="", text="转发朋友圈领红包", why="微信规定不得以利益诱导", suggestion="谢礼只跟购买挂钩")
    wordless = Refusal(place="", why="最多 24 个字，现在有 10000 个")
    said = a_row(3, state="said", label="已聊", tone="good", note="还没告诉我们发了没有")
    return {
        "list": a_list(),
        "list-claims": a_list(claims=(a_claim(), a_claim(3)), unmatched=12),
        "find": a_find(),
        "find-none": a_find(rows=(), more=0, orders=(), waiting=0),
        "person": a_person(),
        "person-plain": a_person(name=NAMES[3], note="", came=(), claims=(), asked="", advocates=(), has_phone=True),
        "person-staff": a_person(staff=True, told="已标为同事，不再计入活动。"),
        "person-refused": a_person(problem="不能登记自己。如果只是同名，请另一位同事来确认。", advocates=()),
        "claim": a_claimed(),
        "claim-nobody": a_claimed(row=a_claim(3), advocates=(), friend_id=""),
        "claim-over": a_claimed(advocates=(), refusals=(), until="", over="已经确认，记上了。"),
        "care": a_care_page(),
        "friends": old_friends(),
        "friends-none": RepFriendsView(company=COMPANY),
        "coupon": a_coupon(),
        "coupon-sure": a_coupon(step="sure", shop="湖滨银泰二期三楼店"),
        "coupon-nowhere": a_coupon(problem="请写明是哪家门店。", shop=""),
        "coupon-used": a_coupon(step="", until="", told="核销好了：2026年11月24日 10:01在湖滨店由林顾问核销。"),
        "coupon-over": a_coupon(step="", until="", whose=NAMES[3], problem="这张券已经过期，不能再用了。"),
        "coupon-find": RepCouponFindView(company=COMPANY),
        "coupon-none": RepCouponFindView(company=COMPANY, asked="A" * 64, problem="没有这张券，请核对一下。"),
        "list-talking": a_list(talk=a_talk(3)),
        "list-empty": a_list(rows=(), questions=(), unconfirmed=(), broadcasts=(), first=None, many=False),
        "list-done": a_list(rows=a_list().done, questions=(), unconfirmed=(), broadcasts=(), first=None, many=False),
        "card": a_card(),
        "card-talking": a_card(row=a_row(1), talk=a_talk(3, handle="wm1", config="{}")),
        "card-odd": a_card(row=a_row(3), words="A" * 400, place="", previous=None, next=None),
        "card-turned": a_card(row=a_row(2)),
        "card-objected": a_card(words="转发到朋友圈就能领红包。", objections=(objection,)),
        "card-held": a_card(held="现在不是打扰的时候，最早明天 9:00 可以聊。"),
        "card-said": a_card(row=said, own_talk=a_talk(3), onwards="g" + "4" * 16),
        "card-over": a_card(row=a_row(state="over", label="先不问", tone="off", note="有投诉还没处理完"), poster=False),
        "poster": RepPosterView(
            company=COMPANY,
            id="g" + "1" * 16,
            name=NAMES[3],
            campaign="好书同读",
            code_spaced="3F9K 2A7B",
            poster_url="/p/3F9K2A7B.jpg?edition=friend",
            link="https://i.qinghe.example/i/3F9K2A7B",
            words="青禾书店我自己在用，你要是正好想开会员，用我的链接。https://i.qinghe.example/i/3F9K2A7B",
            next="g" + "3" * 16,
            plain_link=True,
        ),
        "posters": a_gallery(),
        "posters-none": a_gallery(campaigns=()),
        "design": a_design(),
        "design-told": a_design(told="用上了。", photo=f"{'0' * 40}.jpg", is_changed=True),
        "design-refused": a_design(
            held=True,
            editions=(a_part("friend", "朋友版", against, wordless, value=NAMES[3] * 9), a_part("feed", "公开版")),
            against_look=(replace(wordless, why="这个图样现在用不了"),),
            against_photo=(replace(wordless, why="打不开这个文件"),),
        ),
        "many": RepManyView(company=COMPANY, choices=choices, words=WORDS),
        "many-refused": RepManyView(
            company=COMPANY,
            choices=choices,
            words=WORDS,
            problem="现在能发的不到 2 位。",
            held=("李姐：有投诉还没处理完", f"{NAMES[3]}：现在不是打扰的时候，最早明天 9:00 可以聊。"),
            objections=(objection,),
        ),
        "many-none": RepManyView(company=COMPANY, choices=(), words=""),
        "broadcast": RepBroadcastView(
            company=COMPANY,
            title="等您按发送",
            advice="请打开企业微信的「群发助手」，看一眼，再按发送。",
            text=WORDS,
            parts=parts,
        ),
        "door": RepDoorView(
            company=COMPANY,
            title="这个链接已经过期",
            lines=("卡片上的链接当天有效，今天的名单请从企业微信进入。",),
            status=410,
        ),
        "door-stranger": RepDoorView(
            company=COMPANY,
            title="这里只给同事用",
            lines=("您不是这家企业的成员，打不开这份名单。",),
            enter=False,
        ),
    }
