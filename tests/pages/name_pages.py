"""Pages as they stand when people bear odd names: as many of them in one document as there are names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.copy import clean, fill
from bot.pages import rep_look
from bot.pages.look import render
from bot.pages.rep_views import Choice, Question, RepManyView, RepView
from bot.pages.views import FriendRow
from referral.people import Person
from tests.pages.sample_pages import COMPANY, a_landing, a_me_page
from tests.pages.sample_rep_pages import WORDS, a_card, a_list, a_row

_SECTIONS = {
    "invitation": re.compile(r'<section class="invitation">.*?</section>', re.DOTALL),
    "greeting": re.compile(r'<section class="greeting">.*?</section>', re.DOTALL),
    "who": re.compile(r'<section class="who">.*?</section>', re.DOTALL),
}


def landings(names: Iterable[str]) -> str:
    """The landing page of everybody who invites, one head under the other."""
    pages = []
    for name in names:
        shown = Person(id="p1", nickname=name).shown_name or ""
        headline = fill("{nickname}介绍您认识{company}", nickname=shown, company=COMPANY)
        pages.append(render(a_landing(inviter=shown, inviter_avatar=None, headline=headline)))
    return _together(pages, "invitation")


def own_pages(names: Sequence[str]) -> str:
    """The own page of everybody, one greeting under the other, and all as each other's friends."""
    called = [Person(id="p1", nickname=name).called for name in names]
    friends = tuple(
        FriendRow(label=clean("friend", name) or "一位好友", status="已完成", note="", at="11月20日") for name in called
    )
    told = tuple(fill("{friend} · 已下单。", friend=name or "您的朋友") for name in called)
    return _together([render(a_me_page(name=name, friends=friends, notices=told)) for name in called], "greeting")


def rep_pages(names: Sequence[str]) -> str:
    """The rep's list with all of them to talk to, and the head of everybody's own card."""
    called = [Person(id="p1", nickname=name).called or "一位客户" for name in names]
    rows = tuple(replace(a_row(place, gate=None), name=name) for place, name in enumerate(called))
    questions = tuple(Question(id=f"g{place:016}", name=name, words=WORDS) for place, name in enumerate(called))
    heads = "".join(_part(_html(a_card(row=row)), "who") for row in rows)
    page = _html(a_list(rows=rows, questions=questions, unconfirmed=(), broadcasts=()))
    return page.replace("</main>", f"{heads}</main>")


def many_page(names: Sequence[str]) -> str:
    """The rep's page of one text for several, with all of them to choose from."""
    called = [Person(id="p1", nickname=name).called or "一位客户" for name in names]
    choices = tuple(Choice(id=f"g{place:016}", name=name, chips=("昨天打了高分",)) for place, name in enumerate(called))
    return _html(RepManyView(company=COMPANY, choices=choices, words=WORDS))


def _together(pages: Sequence[str], section: str) -> str:
    """The first page with the named section of all pages in place of its own."""
    heads = "".join(_part(page, section) for page in pages)
    return pages[0].replace(_part(pages[0], section), heads)


def _part(page: str, section: str) -> str:
    found = _SECTIONS[section].search(page)
    assert found
    return found.group()


def _html(view: RepView) -> str:
    text = rep_look.page(view).text
    assert text
    return text
