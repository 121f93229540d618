"""What is sent: one text with its placeholders in braces, and what it is for. Nobody's name, number, code or link.

Values are never filled in before a text leaves, so a shipped text names nobody. One that a member of staff wrote may,
and is then not sent at all.
"""

from __future__ import annotations

import re
import unicodedata

from bot.rewriting.values import Message
from referral.framing import Framing
from referral.offers import Edition

_INTENT = {
    Framing.PLAIN: "只说有这么一回事，不劝",
    Framing.HELP: "想到对方也许用得上，告诉一声，不催",
    Framing.BOTH: "两个人一起，说得坦荡",
    Framing.EARLY: "早一点了解，早一点安排，不制造紧张",
    Framing.THANKS: "说话的人想谢谢这家公司，完全不提好处",
}
_EDITION: dict[Edition, str] = {
    "feed": "发在朋友圈，谁都看得到：不提谢礼、金额、数字、邀请码，不叫人转发",
    "friend": "一对一说给一位熟人听，称呼对方“你”",
}
_RULES = """你替一家中国公司润色客户可以说给朋友听的话。把用户给的这段话换 {count} 种说法。
要求：
1. 意思不增不减；不许新增好处、数字、承诺、功效、亲身经历，不许号召分享或转发。
2. 花括号里的内容（如 {{link}}）是占位符，每一种说法里都要原样保留，个数不变，不许翻译或增减。
3. 自然的口语，像朋友说话；不用感叹号、表情、网址、手机号、人名。
4. 长短与原文相近。
5. 只回答一个 JSON 字符串数组，不要解释。
用途：{edition}。
语气：{intent}。"""

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|www\.|[a-z0-9-]+\.(?:cn|com|net|org|io|cc|top|xyz|vip)\b", re.IGNORECASE)
_MAIL = re.compile(r"\S+@\S+")
_NUMBER = re.compile(r"\d(?:[ -]?\d){5,}")
_CODE = re.compile(
    r"(?<![0-9A-Za-z])(?:(?=[A-Za-z -]*\d)[0-9A-Za-z]{4}[ -]?[0-9A-Za-z]{4}|[A-Z]{4}[ -]?[A-Z]{4})(?![0-9A-Za-z])"
)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范石廖贾夏韦付邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤梅"
)
_PERSON = re.compile(
    rf"[{_SURNAMES}](?:大?姐|大?哥|女士|先生|小姐|阿姨|叔叔?|总(?!是|能|会|得|要|在|想|该|有|归|算|共|的)|老师|经理|太太|医生|师傅)|"
    rf"(?:小|老|阿)[{_SURNAMES}](?=[，。：:、；！？ ]|$|的|说|介绍|推荐|给|也|那)"
)


def prompt(text: str, *, edition: Edition, framing: Framing, count: int) -> list[Message]:
    """The two messages that ask for `count` other wordings of `text`."""
    rules = _RULES.format(count=count, edition=_EDITION[edition], intent=_INTENT[framing])
    return [{"role": "system", "content": rules}, {"role": "user", "content": text}]


def personal(text: str) -> str:
    """The first thing in a text that may tell who somebody is, or lead to them; empty where nothing does."""
    plain = unicodedata.normalize("NFKC", text)
    found = (pattern.search(plain) for pattern in (_LINK, _MAIL, _NUMBER, _CODE, _PERSON))
    return next((match.group() for match in found if match), "")
