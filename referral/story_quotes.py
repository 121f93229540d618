"""A story's own sentences on a poster: which of them may stand there.

Never a word that its author did not write in that order, never a piece of a sentence, and no sentence that says
something else when it stands alone: customers' words that mislead are a false advertisement like any other (reliability
R7, R12). A poster is seen by anybody, so the rules of feeds apply, and nobody is named on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from referral.jobs import Job
from referral.nicknames import signs
from referral.story_words import objections
from referral.wording import lint

if TYPE_CHECKING:
    from referral.tx import Tx

FORGET = "posters.forget"
"""The job that deletes the kept posters of a campaign; its key is the campaign."""

FEWEST_SIGNS, MOST_SIGNS = 6, 40
"""How long a quote may be: what can be read in passing, and still be large."""

_DRAWN_WITHIN = timedelta(minutes=1)
_LONGEST_RUN = 3  # sentences
_MOST_SHOWN = 60  # candidates: nobody reads more of them
_SHORTEST_NAME = 2  # signs: a shorter one is in half of all sentences

_LINE = re.compile(r"[^\n]+")
_SENTENCE = re.compile(r"\s*(?P<said>[^。！？!?…]*[。！？!?…]+[”’」』）)]*|[^。！？!?…]+)")
_PAIRS = (("「", "」"), ("『", "』"), ("“", "”"), ("‘", "’"), ("（", "）"), ("(", ")"), ("《", "》"))
_UNDONE = tuple("，,、：:；;—-")
_LEANING = re.compile(
    "但是?|不过|可是|可(?!能|爱|口|以|靠|乐|信|惜)|然而|而且|并且|所以|因此|于是|因为|由于|其次|另外|其中|此外|反而|否则|结果|后来|"
    "然后|接着|除此|要说|说到|至于|即使|虽然|尽管|如果|他们?|她们?|它们?|[这那](?!家|里|儿|次|趟|款)|其实|还有|最后|再说|同样|相比|"
    "实际|事实上|才怪|谁知|不料|并不|并非"
)
_TURNING = re.compile(
    r"[\s“”「」『』‘’（(…—～~，,]*"
    "(?:但|不过|可是|可惜|然而|只是|美中不足|就是有点|其实|实际|事实上|结果|后来|才怪|谁知|哪知|没想到|想不到|不料|并不|并非|反而|骗)"
)
_NOT_HERS = re.compile(  # what was thought, promised or heard: a story says it in order to tell what came of it
    r"本来|原本|以为|听说|据说|(?<![以来])说是|号称|广告[里上中]|宣传|"
    r"(?:朋友|同事|邻居|网上|别人|人家|大家)们?(?:都|也|还|总)?说"
)
_ASKING = ("？", "?")

_NUMBER = r"(?:\d[\d,.]*|[零〇一二两三四五六七八九十百千万半几]+)"
_UNITS = r"元|块钱|块(?![\u4e00-\u9fff])|毛钱|分钱|万块|美元|积分|折(?![\u53e0\u817e])|成(?=[，。！？、\s]|$)|[%％]"
_SPENT = (  # sums whose unit goes without saying: 花了八百多, 一千二一晚
    rf"(?:花|付|交|收|省|赚|赔|退|人均|每人|原价|现价)(?:了|掉|出|我们?|你|您|不到|将近|差不多|大概|快|近|约|一共|总共){{0,3}}"
    rf"{_NUMBER}[多来余]?(?=[\s。！？!?…，,、；;）)”」]|就|$)"
    r"|(?:\d{2}|[百千万][一二三四五六七八九]?)[多来余]?\s*(?:[/每]|一(?!样))(?:[晚天夜位次间份杯斤张人]|个人)"
)
_SUMS = re.compile(rf"[¥￥$]\s*\d|{_NUMBER}\s*[多来]?\s*(?:{_UNITS})|{_SPENT}")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范石廖贾夏韦付邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵钱严覃武戴莫孔汤"
)
_TITLES = (
    "姐|哥|总|老师|经理|先生|女士|小姐|师傅|师父|医生|大夫|阿姨|叔|伯|婶|嫂|教练|店长|顾问|导游|主管|老板|"
    "律师|会计|同学|妈妈|爸爸"
)
_NAMED = re.compile(
    rf"[{_SURNAMES}](?:{_TITLES})"
    r"|欧阳|司马|上官|诸葛|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|轩辕|端木|独孤|南宫|宇文|钟离|澹台|淳于|申屠|呼延|赫连|拓跋"
    rf"|(?<![大从])[小老阿][{_SURNAMES}](?![虾头路米豆钱鱼熊])"  # not 小龙虾
    r"|(?:[我她他]|名字?|人)叫(?=[\u4e00-\u9fff]{2})(?!做|车|醒|号|外卖|我|你|他|她|人)"
    r"|@\S"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryQuote:
    """What the posters of a campaign quote, word for word, from a story."""

    campaign: str
    story: str
    words: str
    chosen_by: str
    chosen_at: datetime


class StoryQuotes(Protocol):
    """Where quotes are kept: one for a campaign at most. `keep` takes the place of an earlier one."""

    def of_campaign(self, campaign: str) -> StoryQuote | None: ...
    def of_story(self, story: str) -> list[StoryQuote]: ...
    def keep(self, quote: StoryQuote) -> None: ...
    def remove(self, campaign: str) -> None: ...


def take_down(tx: Tx, quote: StoryQuote, *, now: datetime) -> None:
    """A campaign's posters quote this no more: new ones at once, and what was kept of others goes a minute later.

    Not sooner, since a poster may just be being drawn.
    """
    tx.story_quotes.remove(quote.campaign)
    tx.jobs.put(Job(kind=FORGET, key=quote.campaign, due_at=now + _DRAWN_WITHIN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence of a story, or a few that follow on each other; `why_not` says what keeps them from a poster."""

    words: str
    why_not: str = ""


def candidates(text: str, industry: str, names: Iterable[str] = ()) -> list[Candidate]:
    """Every sentence of a story with what speaks against it, and the short runs of them that may stand together.

    `names` are those of people who must not be named, beside whoever is named as one names people.
    """
    known = tuple(names)
    found: list[Candidate] = []
    for start, end, is_one in _places(text):
        why_not = _why_not(text, start, end, industry, known)
        if is_one or not why_not:
            found.append(Candidate(words=text[start:end], why_not=why_not))
        if len(found) == _MOST_SHOWN:
            break
    return found


def refusal(words: str, text: str, industry: str, names: Iterable[str] = ()) -> str:
    """What keeps these words of a story from a poster, in words for staff; empty where nothing does."""
    if words not in text:
        return "故事里没有这句话：要照原文，一个字、一个标点也不能改"
    places = [(start, end) for start, end, _ in _places(text) if text[start:end] == words]
    if not places:
        return f"要用整句：从句首到句末的标点，中间不能截断，最多连着{_LONGEST_RUN}句"
    known = tuple(names)
    return min((_why_not(text, start, end, industry, known) for start, end in places[:_MOST_SHOWN]), key=len)


def _places(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where each sentence begins and ends, and each run of sentences of one line; whether it is one alone."""
    for line in _LINE.finditer(text):
        sentences = list(_sentences(line.group(), line.start()))
        for first, (start, _) in enumerate(sentences):
            for last, (_, end) in enumerate(sentences[first : first + _LONGEST_RUN]):
                yield start, end, last == 0


def _sentences(line: str, offset: int) -> Iterator[tuple[int, int]]:
    for match in _SENTENCE.finditer(line):
        if said := match["said"].rstrip():
            yield offset + match.start("said"), offset + match.start("said") + len(said)


def _why_not(text: str, start: int, end: int, industry: str, names: Sequence[str]) -> str:
    words = text[start:end]
    if shape := _unfit(words):
        return shape
    if _TURNING.match(text, end):
        return "后一句有转折，单独放会变了意思"
    return _named(words, names) or _unlawful(words, industry)


def _unfit(words: str) -> str:
    """What is wrong with the shape of a quote."""
    length = len(signs(words))
    if length > MOST_SIGNS:
        return f"太长：{length}个字，海报上最多{MOST_SIGNS}个"
    if length < FEWEST_SIGNS:
        return f"太短：{length}个字，至少{FEWEST_SIGNS}个"
    if words.endswith(_UNDONE) or _is_open(words):
        return "话没有说完"
    if words.endswith(_ASKING):
        return "是一句问话"
    if _LEANING.match(words):
        return "接着上一句说的，单独放会变了意思"
    if thought := _NOT_HERS.search(words):
        return f"「{thought.group()}」：说的是原先以为的、听别人说的，不是自己遇到的"
    return ""


def _is_open(words: str) -> bool:
    """Whether marks that come in pairs are left open: then it is a piece of what somebody said."""
    return words.count('"') % 2 == 1 or any(words.count(opens) != words.count(closes) for opens, closes in _PAIRS)


def _named(words: str, names: Sequence[str]) -> str:
    """Who is named in a quote, or which sum."""
    if named := next((name for name in names if len(signs(name)) >= _SHORTEST_NAME and name in words), ""):
        return f"写到了「{named}」"
    if called := _NAMED.search(words):
        return f"「{called.group()}」像是人名"
    if summed := _SUMS.search(words):
        return f"写到了金额或折扣「{summed.group()}」"
    return ""


def _unlawful(words: str, industry: str) -> str:
    found = [*objections(words, industry), *lint(words, edition="feed", industry=industry)]
    return f"「{found[0].text}」{found[0].why}（{found[0].rule}）" if found else ""
