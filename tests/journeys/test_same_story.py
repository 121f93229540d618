"""`taoli why`, the API and the rep's pages tell of a customer what the stored facts say, and all the same."""

from __future__ import annotations

import asyncio
import html
import json
import random
import urllib.request
from datetime import datetime, timedelta
from http.cookiejar import CookieJar
from typing import Any

import pytest

from bot.copy import Copy
from referral.decisions import NEWS_ONLY
from referral.moments import Due, Permission, State
from referral.nudges import Nudge, NudgeState
from referral.scoring import Reason
from referral.signals import SignalKind
from storage.open import open_beside
from tests.cli.desk import Bot, serving
from tests.cli.test_shortlist import TUESDAY, Shop, shop_in
from tests.journeys.town import link_in

DAY = timedelta(days=1)
CUSTOMERS, TOLD = 60, 20
WXWORK = "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Mobile wxwork/4.1.33 MicroMessenger/7.0.1"
PLENTY = [
    {"good": SignalKind.PRAISE, "good_at": TUESDAY - DAY, "satisfaction": 9.0, "rank": 0.95},
    {"customer_since": TUESDAY - 800 * DAY, "satisfaction": 8.0, "rank": 0.6},
    {"rank": 0.3, "fatigue": 1.0, "nudged_at": TUESDAY - 20 * DAY},
    {"good": SignalKind.DELIVERY, "good_at": TUESDAY - 3 * DAY, "complaint_at": TUESDAY - 9 * DAY},
    {"personal": False},
    {"own": -0.5, "own_seen": 0.4, "profile": 0.6, "posters": 3, "visitors": 9},
]
FEW = [
    {"complaints": 1, "complaint_at": TUESDAY - 2 * DAY},
    {"satisfaction": 5.0},
    {"consent": Permission.UNKNOWN},
    {"consent": Permission.REFUSED, "consent_at": TUESDAY - 90 * DAY},
    {"consent": Permission.WITHDRAWN},
    {"customer_since": TUESDAY - 12 * DAY},
    {"nudged_at": TUESDAY - 5 * DAY, "fatigue": 1.0},
    {"rest_until": TUESDAY + 9 * DAY, "rest_why": "unsuitable"},
    {"holdout": True},
    {"rep": None},
]


@pytest.fixture
def shop(tmp_path: Any, database_url: str) -> Shop:
    """A company of sixty customers of every kind, two reps and a campaign; a test runs on each database."""
    shop, rng = shop_in(tmp_path, database_url), random.Random(5)
    shop.open()
    people = {f"n{n}": dict(rng.choice(PLENTY if n % 2 else FEW)) for n in range(CUSTOMERS)}
    for n, known in enumerate(people.values()):
        known.setdefault("rep", "lin" if n % 3 else "wu")
    shop.customers(**people)
    return shop


def test_twenty_customers_are_told_of_alike_at_every_door(shop: Shop) -> None:
    key = shop.desk.json("key", "new", "reader", "--scope", "why:read")["key"]
    with serving(shop.desk) as bot:
        tally = shop.desk.json("plan")
        pages = Pages(bot)
        chosen = random.Random(24).sample(range(1, CUSTOMERS + 1), TOLD)
        kinds = set()
        for number in chosen:
            person = f"p{number:016d}"
            told = shop.desk.json("why", person)["nudge"]
            asked = _asked(bot, f"/people/{person}/why", key)["nudge"]
            assert told.pop("score") == pytest.approx(asked.pop("score"), abs=0.001)  # it fades while we ask
            assert told == asked
            _is_told_once(told)
            due, nudge = _kept(shop, person)
            _is_as_kept(told, due, nudge)
            pages.tell_the_same(told, nudge)
            kinds.add(told["why"][0]["code"])

    assert tally["listed"] == 10  # as many as fit on one rep's list
    assert len(kinds) > 5
    assert pages.told >= 3


def _is_told_once(told: dict[str, Any]) -> None:
    """What stands in the way and what the score is made of are told apart; gate, decision and action fit."""
    bars, known = [each["code"] for each in told["why"]], [*told["for"], *told["against"]]
    codes = [each["code"] for each in known]
    assert len(set(codes)) == len(codes) <= 6
    assert not set(codes) & set(bars)
    assert all(each["size"] > 0 for each in told["for"] if each["code"] != "rotation")
    assert all(each["size"] < 0 for each in told["against"])
    assert told["action"] != "ask"  # nobody is asked any more
    assert (told["action"] == "wait") or told["gate"]
    assert told["change"]["text"]


def _is_as_kept(told: dict[str, Any], due: Due, nudge: Nudge | None) -> None:
    """What is told is what the rows say."""
    code, until = told["why"][0]["code"], told["not_before"] and datetime.fromisoformat(told["not_before"])
    assert told["decision"] != "send"  # the plan is made: whoever may be asked is
    if due.state is State.READY:
        assert (told["decision"], code) == ("defer", "rep.load")  # there was no room for more
        assert until
    elif until is None:
        assert (told["decision"], code) == ("drop", due.reason)
        assert due.due_at is None or due.reason in NEWS_ONLY  # looked at again, in case news was missed
    else:
        assert code == due.reason
        assert until >= _told(due.due_at)  # more than one thing may stand in the way
    if nudge is None:
        assert due.reason != "asked.open"
        assert told["last"] is None
    else:
        assert (nudge.state, code) == (NudgeState.LISTED, "asked.open")
        assert until == _told(due.due_at) == _told(nudge.expires_at)
        assert datetime.fromisoformat(told["last"]["planned_at"]) == _told(nudge.planned_at)


def _told(at: datetime | None) -> datetime:
    """A time as it is told: to the second."""
    assert at
    return at.replace(microsecond=0)


class Pages:
    """Lin's pages, as she opens them from her card."""

    def __init__(self, bot: Bot) -> None:
        self.bot, self.told = bot, 0
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._list = self.open(self._card())

    def open(self, path: str) -> str:
        request = urllib.request.Request(self.bot.address + path, headers={"User-Agent": WXWORK})
        with self._browser.open(request, timeout=30) as answer:
            return html.unescape(answer.read().decode())

    def tell_the_same(self, told: dict[str, Any], nudge: Nudge | None) -> None:
        """Whoever is on her list has the reasons that were kept; whoever is not is not on it."""
        if nudge is None or nudge.rep != "lin":
            assert nudge is None or nudge.id not in self._list
            return
        page = self.open(f"/rep/c/{nudge.id}")
        for code, value in nudge.reasons[:3]:
            assert _worded(Reason(code, value)) in page
        for each in (*told["for"], *told["against"], told["change"]):
            assert each["text"] in page
        assert nudge.words.partition("\n")[0] in page
        self.told += 1

    def _card(self) -> str:
        idle = urllib.request.Request(f"{self.bot.address}/sandbox/clock", data=b'{"advance_s": 0}')
        idle.add_header("Content-Type", "application/json")
        urllib.request.urlopen(idle, timeout=60).close()  # answers once all due work is done
        lines = json.loads(urllib.request.urlopen(f"{self.bot.address}/sandbox/log", timeout=30).read())
        cards = [line for line in lines if line["to"] == "lin" and line["kind"] == "card"]
        return link_in(cards[-1]["url"], "/rep")


def _worded(reason: Reason) -> str:
    return Copy.load().say(f"moment.{reason.code}", {"value": reason.value})


def _asked(bot: Bot, path: str, key: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{bot.address}/api/v1{path}", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        said: dict[str, Any] = json.loads(answer.read())
    return said


def _kept(shop: Shop, person: str) -> tuple[Due, Nudge | None]:
    """The rows of one customer: when they are looked at again and why, and the ask that is open."""

    async def found() -> tuple[Due, Nudge | None]:
        store = await open_beside(shop.url)
        try:
            return await store.read(lambda tx: (tx.moments.due_rows([person])[person], tx.nudges.open_of(person)))
        finally:
            await store.close()

    return asyncio.run(found())
