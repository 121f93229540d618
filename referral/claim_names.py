"""The name in 是李姐介绍的, and how like a customer's it is. Pure."""

from __future__ import annotations

import re

from referral.conversations.names import Named, fold

_TITLE = (
    "大姐|小姐|姐姐|姐|大哥|哥哥|哥|阿姨|姨|叔叔|叔|伯伯|伯|婶|嫂子|嫂|妹妹|妹|弟弟|弟|奶奶|爷爷|妈妈|妈|爸爸|爸|"
    "女士|先生|太太|总|老师|经理|店长|主任|医生|大夫|师傅|老板|同学|律师|教练"
)
_CALLED = re.compile(rf"([\u4e00-\u9fff]{{1,2}}?)(?:{_TITLE})")
_FAMILIAR = re.compile(r"[小老阿大]([\u4e00-\u9fff])")
_NOBODY = re.compile(
    r"(?:是|我们?的?|你们?的?|您的?|咱们?的?|一位|一个|几个|有个?|个|位|某|老|好|别的?|其他的?|店里的?|身边的?|的)*"
    r"(?:他们?|她们?|你们?|您|我们?|朋友|同事|同学|邻居|亲戚|闺蜜|姐妹|兄弟|家人|家里人|老公|老婆|爱人|妈妈|爸爸|姐姐|妹妹|哥哥|弟弟|女儿|儿子|"
    r"熟人|老乡|人|谁|哪位|客户|顾客|顾问|客服|店员|员工|网上|网友|抖音|小红书|微信|微博|公众号|朋友圈|群里?|广告|自己)"
)


def names_somebody(said: str) -> bool:
    """Whether this could be the name of one human being: 朋友 or 抖音 is nobody's."""
    return bool(fold(said)) and _NOBODY.fullmatch(fold(said)) is None


def surname(said: str) -> str:
    """The name behind a form of address, 李 in 李姐 or 小李; empty where it is none."""
    wanted = fold(said)
    found = _CALLED.fullmatch(wanted) or _FAMILIAR.fullmatch(wanted)
    return found[1] if found else ""


def likeness(said: str, person: Named) -> int:
    """How well a customer's names fit: 3 called exactly so, 2 in it or the other way round, 1 by the surname, 0 not."""
    wanted, names = fold(said), [name for name in (fold(person.nickname), fold(person.name)) if name]
    if wanted in names:
        return 3
    if wanted and any(wanted in name or (len(name) > 1 and name in wanted) for name in names):
        return 2
    family = surname(said)
    return 1 if family and any(name.startswith(family) or surname(name) == family for name in names) else 0
