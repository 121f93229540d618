"""What a customer's own words to the desk tell of their mood: praise, a complaint, a hint of displeasure, or nothing.

Pure, and meant to be sure rather than quick to hear. A courtesy (谢谢, 收到👍) is no praise; neither is a question, a
wish, what others are said to have said, what is denied, taken back after a 但是, or said with a sneer. A complaint is
one only where it is said outright (投诉, 要退款, 太差了): a stop that nobody meant costs one ask and a colleague's
look, an ask to somebody who is angry costs the customer. All else that sounds displeased is no more than a hint for
staff; so are kind words beside bitter ones (真好，钱白花了). Kind words that ask for their price (红包呢) are nothing.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from referral.wording_script import SIMPLIFIED


class Mood(StrEnum):
    """What was heard."""

    PRAISE = "praise"
    COMPLAINT = "complaint"
    UNHAPPY = "unhappy"
    PLAIN = "plain"


def mood(text: str) -> Mood:
    """The mood of one message of a customer's."""
    said = _plain(text)
    clauses = _BREAK.findall(_unquoted(said))
    if any(_complains(clause) for clause in clauses):
        return Mood.COMPLAINT
    if _praises(said):
        return Mood.UNHAPPY if _is_bitter(said) else Mood.PLAIN if _wants(said) else Mood.PRAISE
    return Mood.UNHAPPY if any(_sounds_unhappy(clause) for clause in clauses) else Mood.PLAIN


def asks_something(text: str) -> bool:
    """Whether a message also asks: an answer is due, whatever its mood."""
    return any(_ASKS.search(clause) for clause in _BREAK.findall(_plain(text)))


_LONGEST = 400
"""Signs that are read: praise and complaints stand at the beginning, and a pasted page is neither."""

_SCRIPT = SIMPLIFIED | str.maketrans(
    "謝輕處緊趕滅悶惡壞沒壓舊誤滯慣應齊綫誇妳", "谢轻处紧赶灭闷恶坏没压旧误滞惯应齐线夸你"
)
_MARKS = str.maketrans({",": "，", "!": "！", "?": "？", ";": "；", ".": "。", "\n": "。"})
_NAMED = {
    "强": "👍",
    "thumbsup": "👍",
    "玫瑰": "🌹",
    "rose": "🌹",
    "爱心": "❤",
    "heart": "❤",
    "鼓掌": "👏",
    "clap": "👏",
    "弱": "👎",
    "thumbsdown": "👎",
    "发怒": "😡",
    "angry": "😡",
    "白眼": "🙄",
    "eyeroll": "🙄",
    "撇嘴": "😒",
}
"""Emoji as the platform writes them out, in brackets."""

_BRACKETED = re.compile(r"\[([^\[\]]{1,10})\]")
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"|《[^》]*》")
_BREAK = re.compile(r"(?:[^，。！；、~…？\s]|(?<=[a-z])\s(?=[a-z]))+？?")

_GLAD = "👍🌹❤👏💐💯😍🥰🤩💖💕🎉"
_EMOJI = re.compile(rf"[{_GLAD}]")
_COURTESY = re.compile(rf"(?:[{_GLAD}]|谢谢|多谢|感谢|您|你|啦|了|哦|呀|[，。！~\s])*")

_VERY = (
    r"(?:很是?|真的?很?|真是|特别|非常|太|超级?|确实|真心|相当|十分|格外"
    r"|好(?=[有耐贴周温暖好喜热专细用舒])|一直很?|都很?|这么|那么|如此)"
)
_FINE = (
    r"(?:好(?!久|几|多[少了]?|像|奇|难|远|贵|慢|一|吧|歹|意思|不)|不错|值(?!多少)|专业|有?耐心|负责|用心|热情|干净|舒服|舒适|温柔|细心"
    r"|及时|快|漂亮|合身|顺手|方便|实惠|划算|厉害|到位|开心|美|感动|放心|信任|优秀|出色|惊艳|棒|赞|贴心|周到|靠谱|给力|满意(?!度))"
)
_KIND = re.compile(
    rf"{_VERY}的?{_FINE}|(?<![不没])满意(?!度|的是|为止|个)|^好[用吃喝看]$|^不错(?:不错|哦|啊|呀)*$|^靠谱$|(?:效率|性价比)[真超很]高"
    rf"|(?:{_VERY}|孩子|全家|大家)都?喜欢|^我?喜欢[啦呀]*$|爱了|爱死|都爱[吃用喝]|都夸|真香|惊喜|完美|perfect"
    r"|(?:very|so) good|amazing|yyds|绝绝子|(?:味道|口感|手艺|效果)(?:真是?|简直)?绝了"
    r"|好[吃喝用看闻]到[^底哪]|(?:舒服|好用|好吃|好喝)(?:多|极)了"
    r"|越来越(?:喜欢|爱)|比(?:上次|以前|之前)(?:还|更)要?好|越[来做办开]越好[了啦]*$"
    r"|周到|贴心|暖心|暖暖的|靠谱$|^给力|杠杠|超级棒|棒棒|^赞|^太?棒[啦了]|点个?赞|一个字：?好|没[得的话]说|无可挑剔|挑不出毛病"
    r"|超(?:出)?预期|比(?:我|我们)?(?:想象?|预想)(?:中)?的?[还要]*[好美快]|比(?:图片|照片|描述)[还更要]*[好美]|好得不得了|又[快好][又]?[好快]"
    r"|一如既往的?好|没让.{0,3}失望|帮了.{0,3}大忙|多亏|表扬(?!信)|没出过问题|进步(?:很大|明显|特别大)|用着.{0,4}(?:舒服|顺手)"
    r"|下次还[来找买选去](?!问)|(?:还会|一定会?|肯定会?)再来|会?回购|认准你们|五星服务$"
    r"|(?:太|非常|真的?很?|特别|衷心|万分)感谢(?:你们|了|啦|$)|感恩遇|(?:谢谢|感谢).{0,12}(?:用心|耐心|照顾|周到|帮忙|帮助|辛苦付出)"
)
_STARS = re.compile(
    r"^(?:我|也|肯定|一定|必须|默认|已经?|都|先|刚刚?|就|直接)*(?:(?:给|打|写|点|送)(?:了|过|你们?|您|家|个|一个|上|满)*)?"
    r"(?:(?:五星|5星|满分|全五星)?好评|[全满]?[五5]颗?星(?:推荐|服务|满分)?)(?:了|啦|哦|呀|奉上|送上|走起)*$|满分(?:$|💯)"
)
_GOOD_WISH = re.compile(
    r"^[真衷]?心?(?:希望|祝愿?|愿)?(?:你们?|您|咱们?|贵[店司校]|这?家?店|生意|学校|公司|能|会|都|今后|以后|家|的)*"
    r"越[来做办开]越(?:好|红火|兴[旺隆]|旺|火|棒)[了啦哦呀啊]*$"
)
_OF_THE_FAMILY = re.compile(r"(?:妈|爸|老公|老婆|孩子|儿子|女儿|家人|全家|爷爷|奶奶|婆婆|公公|闺蜜)们?[也都直]*说")
_THANKS_TO_ALL = re.compile(r"(?:太|真的)?(?:谢谢|感谢|多谢)(?:你们|大家|师傅们|老师们)(?:啦|了|哦|呀)?")

_NOT = re.compile(
    r"(?:不(?!得不|愧|仅|但|光|止|错|住|会再)|没(?!想到|[得话]说|有?(?:这么|见过))|未|别(?!提多)|谈不上|算不上|哪[里儿]|难|无法|并非)[^，]{0,4}$"
)
_ASKS = re.compile(
    r"？|吗|么$|呢$|怎么(?!都|.{0,3}也)|如何|哪[个款里些家怕]?(?!都)|多少|几[点时个块号]|有没有|是不是|好不好|能不能|可不可以|会不会|对不对"
    r"|什么(?!都)|谁|想问|请问|问一下|咨询"
)
_WISHES = re.compile(
    r"如果|要是|若|假如|的话|就[更太]?(?:好|满意|完美)了|才(?:能|会)?(?:满意|给)|希望|最好|但愿|等.{1,8}再|再给|想要|本来|差一?点就|推荐一|有.{0,4}推荐"
)
_HEARSAY = re.compile(
    r"听.{0,4}说|据说|网上|都说|广告|宣传|你们说|客服说|写着|朋友说|同事说|朋友圈|[上别隔]一?[人壁]?家|人家|[他她]们家|[以之]前那家|其他家|另一家|天气|朋友想"
)
_TURN = re.compile(r"但是?|不过|可是|只是|然而|可惜|(?<=[，。！\s])就是(?!好|棒|喜欢)|却|美中不足|除了")
_SNEER = re.compile(
    r"呵呵|[🙄🙃👎💩😒😤😡🤮😅]|可真|你们真行|您嘞|做梦|个鬼|别想|想要好评|白跑|又[坏错漏忘]|坏了|没人[理管接]|就不管|还没[到收发来]"
    r"|等了.{1,6}(?:天|小时|分钟|周|月|还)|一个小时|太贵|太慢|有点|什么好|哪里好|让我白"
)

_BITTER = re.compile(
    r"白[花交等跑买忙]|打水漂|涨价|又涨|涨了|越来越贵|(?<![不没])骗|(?<!不)坑(?!位)|退(?:款|钱|货|费|卡|订|掉|了|给)|才怪|呵呵"
    r"|再也不(?:会|想|敢|来|买|信|找|碰)(?!去?别)|棒棒[哦噢哟]|(?<![舒克征说])服了|真行|拖了|糊弄|敷衍|忽悠|推卸|踢皮球|多收|收我两次|智商税"
    r"|冤大头|无语|(?<!不)难[吃喝用]|漏[水电气]|(?<![兴心乐美])坏了|态度[^不，]{0,2}差|([\u4e00-\u9fff]{2})，\1到"
)
"""Words that turn kind ones into their opposite, wherever in the message they stand."""

_WANTS = re.compile(r"红包|返现|返利|说好的|(?:礼[品物]|奖励|赠品|券|积分|押金|钱)(?:呢|在哪|什么时候|怎么|还没|没)")
"""A price for the kind words: they were given for it."""

_OUTRIGHT = re.compile(
    r"(?:我|我们|要|想|必须|强烈|马上|就|不然|否则)投诉|^投诉(?:你们?|他们?|客服)?$|投诉你们"
    r"|(?:我要|要求|给我|必须|马上|立刻|赶紧)(?:你们)?(?:全额|全部)?退(?:款|钱|货退款)|^退钱吧?$"
    r"|(?:太|真|非常|极其|特别|超级?|这么|真是)(?:差(?!不多|点)|烂|坑|恶劣|恶心|垃圾|黑心)|差劲|^什么垃圾|^垃圾|骗子|骗人|骗钱|坑人|坑钱|黑店|恶劣"
    r"|^(?:必须|一定|肯定|给你们?|给个|打)*差评$|(?:非常|太|很|极其|特别|让人)失望|(?:非常|十分|极其|特别)不满意"
    r"|(?:态度|体验感?|服务|质量)(?:真的?|很|太|极其?|非常|特别|这么|实在)*(?:差(?!不多|点|别|异|一)|烂)|(?<![不算会])难[吃喝](?!的)"
    r"|^(?!.*(?:今天|明天|[这本]周|这两天)).*不(?:会|想|敢)?再(?:来|买|光顾|找你们|推荐)(?!别|其他)"
    r"|以后(?:都|真|绝对|肯定)*不(?:会|想)?(?:来|买|光顾)(?!别|其他|这么|那么)"
    r"|再也不会?(?:(?:[来买信去]|光顾)(?!别)|用(?!担心|愁|怕|跑|排|等|去|为))|气死|忍无可忍|12315|消协|曝光你们|告你们"
)
_DENIED = re.compile(r"(?:不是|没有?|不会|没想|不想|别|不用|并非|不至于|没让)[^，]{0,4}$|(?<![要得])不(?:再|打算)?$")
_SETTLED = re.compile(r"(?:撤|取消|了结).{0,4}投诉|投诉[^没不未]{0,6}(?:解决|处理好|撤|了结)(?!不)")
_BROKEN = re.compile(
    r"(?:刚|才|新|就|一用|[天周月次]).{0,8}坏了|^.{2,6}又坏了|^.{0,3}[门灯锁锅机器架柜床头管把]坏了|漏[水电气](?:了|$|不停|得)"
)
_ELSEWHERE = re.compile(r"楼上|隔壁|邻居|家里|我家|单位|公司|手机|电脑|车|电梯|[兴心乐美累忙吓急饿笑想]坏了")
"""What is broken and not ours: a reason to come another day."""

_HINTS = re.compile(
    r"不(?:太|是很|怎么|大|够)?满意|不喜欢|不好[用吃看]|不爱[吃用]|失望|投诉|差评|[又就]坏了|没人[理管接]|白跑|👎|😡|😤|还没[收到发]|等了?好久|怎么还不|不怎么样|没有?.{0,4}那么好"
    r"|没有?(?:上次|想象中)好|掉漆|味道有点大"
)


def _plain(text: str) -> str:
    """Words in one width and script, emoji as emoji, without what cannot be seen."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST]).lower().translate(_MARKS).translate(_SCRIPT)
    shown = "".join(sign for sign in folded if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Mn"})
    return _BRACKETED.sub(lambda named: _NAMED.get(named[1], named[0]), shown).replace("不要太好", "太好").strip()


def _unquoted(said: str) -> str:
    """What are the customer's own words; a message that is nothing but a quotation is taken as theirs."""
    return _QUOTED.sub("", said) or said


def _praises(said: str) -> bool:
    own = _OF_THE_FAMILY.sub("", _unquoted(said))
    last = _TURN.split(own)[-1]
    if _SNEER.search(last):
        return False
    if _by_emoji(own) or _THANKS_TO_ALL.fullmatch(_EMOJI.sub("", own).strip("，。！~ ")):
        return True
    return not _HEARSAY.search(own) and any(_is_kind(clause) for clause in _BREAK.findall(last))


def _by_emoji(said: str) -> bool:
    """Several emoji and hardly a word with them; one alone, or one beside 好的, only says that it was read."""
    found = _EMOJI.findall(said)
    return _COURTESY.fullmatch(said) is not None and (len(set(found)) > 1 or len(found) > 2)


def _is_bitter(said: str) -> bool:
    return _BITTER.search(_unquoted(said)) is not None


def _wants(said: str) -> bool:
    return _WANTS.search(_unquoted(said)) is not None


def _is_kind(clause: str) -> bool:
    if _GOOD_WISH.search(clause):
        return True
    if _ASKS.search(clause) or _WISHES.search(clause):
        return False
    bare = _EMOJI.sub("", clause)
    if _STARS.search(bare):
        return True
    return any(not _NOT.search(bare[: found.start()]) for found in _KIND.finditer(bare))


def _complains(clause: str) -> bool:
    if _ASKS.search(clause) or _WISHES.search(clause) or _HEARSAY.search(clause):
        return False
    signs = [_OUTRIGHT] if _ELSEWHERE.search(clause) else [_OUTRIGHT, _BROKEN]
    found = [each for sign in signs for each in sign.finditer(clause)]
    return any(not _DENIED.search(clause[: each.start()]) for each in found)


def _sounds_unhappy(clause: str) -> bool:
    if _WISHES.search(clause) or _HEARSAY.search(clause) or _SETTLED.search(clause):
        return False
    return any(not _DENIED.search(clause[: found.start()]) for found in _HINTS.finditer(clause))
