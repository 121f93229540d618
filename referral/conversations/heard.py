"""What a customer may mean, and how their words are understood.

`hear` turns words, or a tapped menu item, into one meaning. A wish for silence wins over everything.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from referral import codes
from referral.conversations import story_heard, thanks_heard
from referral.conversations.story_heard import OfStory
from referral.conversations.thanks_heard import OfThanks
from referral.people import Byline
from referral.praise import Mood, asks_something, mood


@dataclass(frozen=True, slots=True)
class AskedToRecommend:
    """我要推荐, 海报."""


@dataclass(frozen=True, slots=True)
class AskedProgress:
    """进度."""


@dataclass(frozen=True, slots=True)
class AskedRules:
    """规则."""


@dataclass(frozen=True, slots=True)
class AskedWhy:
    """为什么, 为什么没算."""


@dataclass(frozen=True, slots=True)
class AskedFriends:
    """我的朋友算上了吗, 我那个朋友到哪一步了."""


@dataclass(frozen=True, slots=True)
class AskedWhen:
    """谢礼什么时候到."""


@dataclass(frozen=True, slots=True)
class Appealed:
    """申诉: a person is to look again; a tapped one says at what, empty for all of it."""

    about: str | None = None


@dataclass(frozen=True, slots=True)
class AskedForPerson:
    """人工."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """不再提醒, 退订, TD, 别发了, 取消."""


@dataclass(frozen=True, slots=True)
class Declared:
    """我发了."""


@dataclass(frozen=True, slots=True)
class AskedSigning:
    """署名方式."""


@dataclass(frozen=True, slots=True)
class ChoseByline:
    """How the advocate wants to appear."""

    byline: Byline


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code in any form, its check symbol right.

    `otherwise` is what the message means if nobody has that code: eight symbols in a sentence pass by chance.
    """

    code: str
    otherwise: Heard | None = None


@dataclass(frozen=True, slots=True)
class MistypedCode:
    """Eight symbols that look like a code and are none."""

    typed: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """是李姐介绍的."""

    name: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Yes or no to whether the advocate may know. `referral` is None when typed: then it answers the last question.

    A word that is said to anything (好的, 嗯) is not `clear`: it answers only a question that was just asked.
    """

    yes: bool
    referral: str | None = None
    clear: bool = True


@dataclass(frozen=True, slots=True)
class GavePermission:
    """The tapped answer to whether we may write to them unasked."""

    yes: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """恢复提醒: after having asked for silence."""


@dataclass(frozen=True, slots=True)
class AskedSurvey:
    """打分: would like to say how satisfied they are."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A number that may be a survey's answer; one that says 分 is `clear` even if nothing was asked."""

    score: int
    clear: bool


@dataclass(frozen=True, slots=True)
class PutOff:
    """先不用, to an ask."""


@dataclass(frozen=True, slots=True)
class Greeted:
    """您好, 在吗: nothing asked yet."""


@dataclass(frozen=True, slots=True)
class WasPolite:
    """谢谢, 收到: nothing to answer."""


@dataclass(frozen=True, slots=True)
class SentMedia:
    """A voice message, a picture, anything that is not text."""

    kind: str


@dataclass(frozen=True, slots=True)
class SwitchedPersonal:
    """关闭个性化推荐, 开启个性化推荐."""

    on: bool


@dataclass(frozen=True, slots=True)
class SaidAge:
    """我未成年, 我已成年, 我是家长."""

    minor: bool


@dataclass(frozen=True, slots=True)
class Praised:
    """Kind words, and nothing to be answered."""


@dataclass(frozen=True, slots=True)
class SaidOther:
    """Words that are not about referral."""


Heard = (
    AskedToRecommend
    | AskedProgress
    | AskedRules
    | AskedWhy
    | AskedFriends
    | AskedWhen
    | Appealed
    | AskedForPerson
    | Stopped
    | Declared
    | AskedSigning
    | ChoseByline
    | TypedCode
    | MistypedCode
    | Claimed
    | Answered
    | GavePermission
    | Resumed
    | AskedSurvey
    | Scored
    | PutOff
    | Greeted
    | WasPolite
    | SentMedia
    | OfStory
    | OfThanks
    | SwitchedPersonal
    | SaidAge
    | Praised
    | SaidOther
)

_DO_NOT = (
    r"(?:别|不要|勿|不许|不准|停止|(?:不用|不必)(?=再))(?:再|老是?|总是?|一直)*"
    r"(?:(?:给|向|跟|对|往)(?:我们?|俺|咱)(?:这儿?|这里)?)?(?:乱|瞎|老)?"
)
_OF_OURS = (
    r"(?:你们|这些|这种|那些|任何|此类|什么|推广|营销|的)*"
    r"(?:消息|信息|短信|微信|提醒|推送|广告|推广|营销|通知|海报)"
)
_ENDS = r"(?:$|[,.。!?~、;])"
_STOP = re.compile(
    rf"不再提醒|不要再?提醒|别再?提醒|退订(?!\s*单)|^td$|^t$|^取消(?:提醒)?$|^勿扰$"
    rf"|{_DO_NOT}(?:发送?|推送?)(?:我|给我|过来)?(?:了|啦|{_ENDS}|{_OF_OURS})"
    rf"|{_DO_NOT}(?:打扰|骚扰|烦)(?:了|啦|我|{_ENDS})|{_DO_NOT}联系我(?:了|啦|{_ENDS})"
    rf"|不(?:想|愿意?|要)再?(?:收到?|接到)(?:{_OF_OURS}|(?:了|啦)?{_ENDS})"
)
_NOT_ASKED_TO_STOP = re.compile(r"取消\s*订单|(?:怎么|如何)\s*退订")
_MENU: dict[str, Heard] = {
    "recommend": AskedToRecommend(),
    "poster": AskedToRecommend(),
    "progress": AskedProgress(),
    "rules": AskedRules(),
    "why": AskedWhy(),
    "appeal": Appealed(),
    "person": AskedForPerson(),
    "sign": AskedSigning(),
    "sign.face": ChoseByline(Byline.FACE),
    "sign.nickname": ChoseByline(Byline.NICKNAME),
    "sign.none": ChoseByline(Byline.NONE),
    "consent.yes": GavePermission(yes=True),
    "consent.no": GavePermission(yes=False),
    "later": PutOff(),
    "stop": Stopped(),
}
_RECOMMEND = (
    r"^(我)?(要|想|来)?(个|张|一张)?(推荐|海报|邀请码|邀请链接|我要推荐|推荐朋友|介绍朋友)(一下)?$"
    r"|^(我)?(要|想)(推荐|介绍)|(给我|再来|要|做)(一)?(张|个)?海报"
)
_APPEAL = r"^(我?要|我想|想)?申诉(一下)?$|不服|有异议|(重新|再|帮我)核(对|实|查)?(一|1)?(下|遍|次)?$|复核"
_OURS = r"(朋友|好友|闺蜜|同事|同学|邻居|亲戚|介绍|推荐|邀请|谢礼|奖励|积分|会员|计入|算|到账|退回|收回|记上|通过|名下)"
_WHY = (
    rf"^(这是|那)?(为什么|为啥|怎么回事)(呀|啊|呢)?$|(为什么|为啥|怎么回事|凭什么).{{0,20}}{_OURS}|{_OURS}.{{0,20}}(为什么|为啥|怎么回事|凭什么)"
    r"|(怎么|咋)(还|又|就)?(没|不|未)(给我?)?(算|计|记|登记|有谢礼|通过)|(没|未)(给我?)?(算上|计入|算进|记上)|没算(我|的|我的|数)?$|不算(我的|数)"
)
_THANKS_OF_OURS = r"(谢礼|奖励|会员|月卡|积分|礼品|礼物|赠券|券|返|那份|天数)"
_WHEN = (
    rf"^.{{0,12}}{_THANKS_OF_OURS}.{{0,6}}(什么时候|啥时候|何时|几时|多久|几天|哪天|还要等)[^期]{{0,6}}$|^.{{0,8}}(什么时候|啥时候|多久|几天)(才|能|会|可以)*(到账|发谢礼|给谢礼)"
    rf"|^.{{0,10}}{_THANKS_OF_OURS}(怎么)?(还|都)?(没|没有|未)(到|发|给|收到|见)[^期]{{0,4}}$|^.{{0,10}}{_THANKS_OF_OURS}(呢|到了吗|到了没|到没到?|发了吗|发了没有?)$"
    r"|^(我的)?谢礼$|(怎么)?还?没(有)?到账(呢|呀|啊)?$|到账了?(吗|没有?|么)$"
)
_FRIEND = (
    r"(朋友|好友|闺蜜|同事|同学|邻居|亲戚|姐妹|介绍的|推荐的|带来的|邀请的|那位|那个人|那谁"
    r"|^(小.|.{1,2}[姐哥总]|他(?!们)|她(?!们))(那边|那单)?)"
)
_FRIENDS = (
    rf"{_FRIEND}.{{0,8}}(算上|算进去?|算数|计入|记上|登记上?|成了|下单|买|加上|联系上|报名)(了|好了)?(吗|没有?|么|没呢)$"
    rf"|{_FRIEND}.{{0,8}}(到哪|哪一步|哪步|什么情况|啥情况|怎么样|咋样|有消息|有动静|进展|如何)(了|啦)?(吗|没有?|呢)?$"
    r"|^(算上|计入|记上|算进去)(了)?(吗|没有?|么)$"
)
_PERSONAL = r"(?:掉|了)?(?:你们的?|我的)?个性化的?(?:推荐|推送|服务|营销|广告|内容)?(?:了|吧|功能)?$"
_PLEASE = r"^(?:请|麻烦|帮我|给我|我要|我想|想)*"
_MINOR = (
    r"^(?:我|本人|我还|我才)?(?:是|还是)?个?未成年人?$|^我?还?[没未不]满(?:十八|18|十六|16|十四|14)(?:周岁|岁)?$"
    r"|^我(?:今年|才|只有|今年才)(?:[6-9]|1[0-7])岁$|^我(?:还)?是个?(?:小学|初中|高中|中学)生$"
)
_ADULT = (
    r"^我?(?:已经?|早就?)?成年(?:了|人)?$|^我?(?:已经?|早就?)?[满过]了?(?:18|十八)(?:周岁|岁)?了?$"
    r"|^我是(?:学员|学生|孩子|小朋友)?的?(?:家长|父母|妈妈|爸爸|父亲|母亲|监护人)$"
)
_PATTERNS: tuple[tuple[re.Pattern[str], Heard], ...] = tuple(
    (re.compile(pattern), heard)
    for pattern, heard in (
        (r"^(我?发了|我?已经?发了|发出去了|我?转了|我?已?转发了?)$", Declared()),
        (_PLEASE + r"(?:关闭|关|停用|停止|取消|不要|别用|退出)" + _PERSONAL, SwitchedPersonal(on=False)),
        (_PLEASE + r"(?:重新)?(?:开启|打开|恢复|启用|开)" + _PERSONAL, SwitchedPersonal(on=True)),
        (_MINOR, SaidAge(minor=True)),
        (_ADULT, SaidAge(minor=False)),
        (_APPEAL, Appealed()),
        (_WHY, AskedWhy()),
        (_WHEN, AskedWhen()),
        (_FRIENDS, AskedFriends()),
        (r"^(我?的?进度|查进度|进展|我的谢礼|.*来了吗)$", AskedProgress()),
        (r"^(活动|推荐)?规则(是什么|呢)?$", AskedRules()),
        (r"^(转)?人工(客服|服务)?$|^找(个)?人$|^找(顾问|客服)$", AskedForPerson()),
        (r"^署名(方式)?$|^改署名$", AskedSigning()),
        (r"^头像\+?昵称$", ChoseByline(Byline.FACE)),
        (r"^只用昵称$", ChoseByline(Byline.NICKNAME)),
        (r"^不署名$", ChoseByline(Byline.NONE)),
        (_RECOMMEND, AskedToRecommend()),
        (r"^(要|要的|想要|(要|来)一张)(吧|啊|呀)?$", AskedToRecommend()),
        (r"^(恢复|重新|继续)提醒(我)?$", Resumed()),
        (r"^(我要|我来|给你们)?(评价|打分|打个分)(一下)?$|^满意度$", AskedSurvey()),
        (r"^先不(用|要)了?$|^(以后|下次|改天)再说$", PutOff()),
        (r"^(您|你)好(啊|呀)?$|^在(吗|么|不在)$|^(hi|hello|嗨|哈喽)$|^菜单$|^帮助$", Greeted()),
    )
)
_CLAIM = re.compile(r"^(?:我)?(?:是|通过)?(.{1,12}?)(?:介绍|推荐)(?:我)?(?:来|过来)?的$")
_THANKS = r"([,、 ]*(谢谢|多谢)(您|你|啦)?)?$"
_YES = re.compile(r"^(可以|可以的|同意|愿意|告诉吧|可以告诉[^不]{0,20})" + _THANKS)
_NO = re.compile(r"^(不用|不用了|先不说|不可以|不行|不要|别说|不同意|不愿意|先不|否)" + _THANKS)
_YES_TO_ANYTHING = re.compile(r"^(行|好|好的|好啊|嗯+|是|是的|没问题)" + _THANKS)
_SCORE = re.compile(r"^(?:我?(?:打|给|评))?(\d{1,3})(分)?$")
_COURTESIES = "(?:非常|太)?(?:谢谢|多谢|感谢|谢)(?:您|你|啦|了)*+|收到|知道了|明白了?|了解了?|ok|好的?|辛苦了?"
_POLITE = re.compile(
    rf"^(?:(?>{_COURTESIES})[,、 ~!。]*+)++$"
)  # possessive: a long row of thanks costs only its length
_NAMES_A_CODE = re.compile(r"(?<!号)码|/i/")
_CODE_LIKE = re.compile(r"^(?=.*\d)[0-9A-Za-z]{8}$")


ALL = "all"
"""Everything that does not count, in the menu that asks what an appeal is about."""


def hear(text: str, *, menu: str | None = None, kind: str = "text") -> Heard:
    """What a customer means by a message, as far as the chat understands it."""
    if kind != "text":
        return SentMedia(kind)
    if menu and (tapped := _tapped(menu)):
        return tapped
    said = plain(text)
    if _asks_to_stop(said) or _asks_to_stop("".join(said.split())):
        return Stopped()
    if code := codes.find_in(text):
        certain = codes.normalise(text) or _NAMES_A_CODE.search(said)
        return TypedCode(code, None if certain else _meant(said))
    return _meant(said)


def _asks_to_stop(said: str) -> bool:
    return _STOP.search(_NOT_ASKED_TO_STOP.sub("", said)) is not None


def _meant(said: str) -> Heard:
    """What words mean that hold no code."""
    if _YES.match(said) or _NO.match(said):
        return Answered(yes=bool(_YES.match(said)))
    if _YES_TO_ANYTHING.match(said):
        return Answered(yes=True, clear=False)
    if _POLITE.match(said):
        return WasPolite()
    if story := story_heard.meant(said):
        return story
    if of_thanks := thanks_heard.meant(said):
        return of_thanks
    for pattern, heard in _PATTERNS:
        if pattern.search(said):
            return heard
    if score := _SCORE.match(said):
        return Scored(int(score[1]), clear=score[2] is not None)
    if claim := _CLAIM.match(said):
        return Claimed(claim[1])
    typed = re.sub(r"[\s\-]", "", said)
    if _CODE_LIKE.match(typed):
        return MistypedCode(typed)
    return Praised() if mood(said) is Mood.PRAISE and not asks_something(said) else SaidOther()


def _tapped(menu: str) -> Heard | None:
    kind, _, rest = menu.partition(":")
    if kind in ("yes", "no") and rest:
        return Answered(yes=kind == "yes", referral=rest)
    if kind == "appeal" and rest:
        return Appealed("" if rest == ALL else rest)
    return _MENU.get(menu) or story_heard.tapped(menu) or thanks_heard.tapped(menu)


def plain(text: str) -> str:
    """Words without width, case of form, spaces at the ends, and closing punctuation."""
    folded = unicodedata.normalize("NFKC", text)
    visible = "".join(c for c in folded if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return visible.strip().strip("。.!！?？~～,，、 “”\"'‘’「」").lower()
