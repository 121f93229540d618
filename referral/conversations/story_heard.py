"""What a customer may mean about stories: telling one, handing it in, taking it back."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OfStory:
    """Anything about a story of their own."""


@dataclass(frozen=True, slots=True)
class AskedToWrite(OfStory):
    """写故事, 我想分享体验."""


@dataclass(frozen=True, slots=True)
class WroteOn(OfStory):
    """A piece of the story, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class SentPhoto(OfStory):
    """A photo for the story, by its name at the platform."""

    media: str


@dataclass(frozen=True, slots=True)
class SentElse(OfStory):
    """A voice message or a film, which a story cannot hold."""


@dataclass(frozen=True, slots=True)
class Finished(OfStory):
    """写完了."""


@dataclass(frozen=True, slots=True)
class Dropped(OfStory):
    """不写了."""


@dataclass(frozen=True, slots=True)
class Licensed(OfStory):
    """The licence, with how the story is to be signed."""

    signed: bool


@dataclass(frozen=True, slots=True)
class Unclear(OfStory):
    """可以, to the licence: it does not say how the story is to be signed."""


@dataclass(frozen=True, slots=True)
class NotYet(OfStory):
    """先不交: the story is kept for the moment."""


@dataclass(frozen=True, slots=True)
class TookBack(OfStory):
    """撤回故事; the story by its id, empty where none was named, `ALL` for all of them."""

    story: str = ""


ALL = "all"
BACK = "story.back"

_MENU: dict[str, OfStory] = {
    "story": AskedToWrite(),
    "story.done": Finished(),
    "story.drop": Dropped(),
    "story.signed": Licensed(signed=True),
    "story.unsigned": Licensed(signed=False),
    "story.later": NotYet(),
}
_EXPERIENCE = r"(?:故事|经历|体验|感受|心得|游记|见闻)"
_MY = r"(?:我的|自己的|一下|一下我的|个|一个|一篇|篇)?"
_WRITE = re.compile(
    rf"^(?:我)?(?:想|要|来)?(?:写|讲|说说|投稿|分享){_MY}{_EXPERIENCE}$"
    r"|^(?:我)?(?:想|要)?投稿$|^我有(?:个|一个)?故事(?:想|要)?(?:讲|说|写)?$"
)
_TAKE_BACK = re.compile(
    rf"^(?:我)?(?:想|要)?(?:撤回|撤下|删除|删掉|收回)(?:我的|那篇|我那篇)?(?:稿子|稿件|{_EXPERIENCE})$"
)
_TAKE_ALL = re.compile(
    rf"^(?:我)?(?:想|要)?(?:全部|全都|都)(?:撤回|撤下|删除|删掉|收回)(?:吧|了)?$"
    rf"|^(?:我)?(?:想|要)?(?:撤回|撤下|删除|删掉|收回)(?:全部|所有)(?:的)?(?:稿子|稿件|{_EXPERIENCE})?$"
)
_DONE = frozenset(
    ("写完了", "写完", "写好了", "我写完了", "完成", "完成了", "提交", "交稿", "就这些", "没有了", "好了")
)
_DROP = frozenset(("不写了", "我不写了", "先不写了", "不想写了", "算了", "放弃"))
_SIGNED = frozenset(("用昵称", "用我的昵称", "昵称", "同意用昵称", "同意,用昵称"))
_UNSIGNED = frozenset(("不署名", "匿名", "同意不署名", "同意,不署名", "同意匿名", "同意,匿名"))
_LATER = frozenset(("先不交", "先不交了", "再想想", "我再想想", "以后再交"))


def tapped(menu: str) -> OfStory | None:
    """What a menu item of ours means, None for another."""
    kind, _, rest = menu.partition(":")
    return TookBack(rest) if kind == BACK and rest else _MENU.get(menu)


def meant(said: str) -> OfStory | None:
    """What plain words mean at any time."""
    if _WRITE.match(said):
        return AskedToWrite()
    if _TAKE_ALL.match(said):
        return TookBack(ALL)
    return TookBack() if _TAKE_BACK.match(said) else None


def meant_while_writing(said: str, *, asked: bool) -> OfStory | None:
    """What short words mean to somebody who is writing; `asked` where they were asked for the licence."""
    if said in _DONE:
        return Finished()
    if said in _DROP:
        return Dropped()
    if not asked:
        return None
    if said in _SIGNED or said in _UNSIGNED:
        return Licensed(signed=said in _SIGNED)
    return NotYet() if said in _LATER else None
