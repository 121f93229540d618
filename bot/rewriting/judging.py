"""Which answers may be shown to staff. Who wrote them is not trusted: what the words below give away is dropped.

Words for what an original does not say are without number, so what is left is a suggestion: nothing is put in place of
the pack's words until somebody of the staff has read it and done so.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from bot.copy import clean, faults
from bot.rewriting.asking import personal
from bot.rewriting.values import NoAnswer, Refusal, Suggestion
from referral.offers import Edition
from referral.wording import lint

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_MARKUP = re.compile(r"<[A-Za-z/!]|&[a-z#0-9]+;|```|\*\*|\[[^\]]*\]\(|javascript:", re.IGNORECASE)
_GAINS = (
    *("红包", "现金", "券", "积分", "优惠", "折", "免费", "送", "礼", "返", "奖", "元", "块钱", "福利", "好处", "赚"),
    *("佣", "便宜", "划算", "多得", "各得", "抽", "补贴", "报销", "名额", "特价", "提成", "分成", "赠", "回馈"),
    *("[减降]价", "立减", "直降", "半[价折]", "[一对]半", "倒贴", "不[用要花收]钱", "白[给捡吃喝用拿得]"),
    *("省(?!会|略)", "(?<![难不以避])免(?!得|不了)", "拿(?!不|主意|捏)", "领(?!会|略|域|导|口)"),
)
_CLAIMS = (
    *("亲测", "效果", "有效", "见效", "保证", "绝对", "一定", "肯定", "后悔", "安利", "种草", "回购", "超好", "超级"),
    *("真的很好", "特别好", "物超所值", "闭眼", "性价比", "口碑", "专业", "靠谱", "放心", "官方", "神器", "无敌"),
    *("比[^，。！？!?、；;\\s]{0,10}?[强好棒优快多高值]", "胜过", "超过", "没得比", "首选", "管用", "见好", "都没了"),
    *("皱", "细纹", "瘦", "[治祛愈疗痊癌痘斑疤]", "(?<![明坦空表告])白(?!天|班|给|捡|吃|喝|用|拿|得)"),
    *("减[肥脂]", "康复", "止[痛咳痒]", "失眠", "血[压糖脂]", "免疫", "养生", "排毒", "气色", "皮肤", "变[美好]"),
    *("抗[衰老]", "年轻", "长高", "提分", "成绩"),
)
_CALLS = (
    *("转发", "分享", "扩散", "朋友圈", "转给", "发给", "告诉更多", "拉上", "叫上", "微信", "加我", "加[个一]?好友"),
    *("私[信聊]", "扫码", "[进拉]群", "群里", "关注", "电话", "下单", "[点集]赞", "好评"),
)
_HASTE = ("赶紧", "抓紧", "尽快", "快来", "限时", "最后", "马上", "速来", "错过", "仅剩", "只剩")
_NEW = (
    ("gain", tuple(map(re.compile, _GAINS)), "多出了原文没有的好处"),
    ("claim", tuple(map(re.compile, _CLAIMS)), "多出了原文没有的夸奖或承诺"),
    ("call", tuple(map(re.compile, _CALLS)), "多出了原文没有的号召"),
    ("haste", tuple(map(re.compile, _HASTE)), "多出了原文没有的催促"),
)
_NUMERALS = re.compile(r"\d+|[一二两三四五六七八九十百千万]+(?=[元块天年月日折倍份张次节个月]|分钟|小时|[%％])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What answers are judged by: `values` stand in for the placeholders when the words are read by the linter.

    `longest` is how many characters the place takes, placeholders as they are written; None: what the text is like.
    """

    original: str
    edition: Edition
    industry: str
    values: Mapping[str, object]
    longest: int | None = None

    @property
    def limit(self) -> int:
        """A third more than there is, and no more than fits."""
        usual = len(self.original) + max(8, len(self.original) // 3)
        return usual if self.longest is None else min(usual, self.longest)


def wordings(answer: str, most: int) -> list[str]:
    """The texts in an answer, at most `most`; thoughts and fences around the list are passed over. Raises NoAnswer."""
    said = answer.rpartition("</think>")[2]
    start, end = said.find("["), said.rfind("]")
    try:
        texts = msgspec.json.decode(said[start : end + 1] if start >= 0 else "", type=list[str])
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoAnswer("not_a_list") from error
    return [_tidied(text) for text in texts[:most]]


def judge(case: Case, text: str) -> Suggestion | Refusal:
    """Whether a wording may be suggested in place of the original; the first thing that speaks against it."""
    for code, why in _against(case, text):
        return Refusal(text=text[:200], code=code, why=why)
    return Suggestion(text=text)


def _tidied(text: str) -> str:
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines())
    return "\n".join(line for line in lines if line)


def _against(case: Case, text: str) -> Iterator[tuple[str, str]]:
    if not text:
        yield "empty", "是空的"
    if text == case.original:
        yield "same", "和原文一样"
    if len(text) > case.limit:
        yield "too_long", f"太长：最多 {case.limit} 个字"
    if _MARKUP.search(text) or _unseen(text):
        yield "markup", "带有网页代码或看不见的字符"
    if Counter(_PLACEHOLDER.findall(text)) != Counter(_PLACEHOLDER.findall(case.original)) or faults(text):
        yield "placeholders", "占位符少了、多了或者变了样"
    bare, was = _PLACEHOLDER.sub("，", text), _PLACEHOLDER.sub("，", case.original)
    if told := personal(bare):
        yield "personal", f"带有像联系方式、链接或人名的内容：「{told}」"
    yield from _added(bare, was)
    for finding in lint(_read(case, text), edition=case.edition, industry=case.industry):
        yield "lint", f"「{finding.text}」{finding.why}（{finding.rule}）"


def _unseen(text: str) -> bool:
    return any(unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cn", "Cs"} for sign in text if sign != "\n")


def _added(text: str, was: str) -> Iterator[tuple[str, str]]:
    """What stands in a wording and not in the original, that a model may not make up, as far as words give it away."""
    plain, before = (unicodedata.normalize("NFKC", each) for each in (text, was))
    for code, words, why in _NEW:
        said = (found.group() for word in words for found in word.finditer(plain))
        if word := next((each for each in said if each not in before), None):
            yield code, f"{why}：「{word}」"
    if number := next(iter(Counter(_NUMERALS.findall(plain)) - Counter(_NUMERALS.findall(before))), None):
        yield "number", f"多出了原文没有的数字：「{number}」"


def _read(case: Case, text: str) -> str:
    """The text as people would read it, for the linter: a value where one is known, a breath where not."""
    values = {name: clean(name, str(value)) for name, value in case.values.items()}
    return _PLACEHOLDER.sub(lambda match: values.get(match.group()[1:-1], "，"), text)
