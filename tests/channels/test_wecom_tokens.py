"""Tokens: one fetch for any number of callers, and quiet while the platform turns us away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.errors import Misconfigured, RateLimited, Unreachable
from bot.channels.wecom.tokens import MemoryTokenStore, Token, Tokens, token_name

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
APP = token_name("ww1", "a-secret-of-the-app")


class Time:
    """One time, told both as a moment and as seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def tick(self, seconds: float) -> None:
        self.seconds += seconds


class Platform:
    """Hands out `t1`, `t2`, …; each fetch takes a turn of the loop; with `problem` set it turns us away."""

    def __init__(self) -> None:
        self.fetches = 0
        self.problem = None
        self.lives = 7200
        self.same = False
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def fetch(self) -> tuple[str, int]:
        self.fetches += 1
        self.asked.set()
        await asyncio.sleep(0)
        await self.open.wait()
        if self.problem:
            raise self.problem
        return ("t1" if self.same else f"t{self.fetches}"), self.lives


@pytest.fixture
def now():
    return Time()


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def store():
    return MemoryTokenStore()


@pytest.fixture
def tokens(store, now):
    return Tokens(store, clock=now.clock, monotonic=now.monotonic)


async def test_fifty_callers_cost_one_fetch(tokens, platform):
    given = await asyncio.gather(*(tokens.get(APP, platform.fetch) for _ in range(50)))

    assert (set(given), platform.fetches) == ({"t1"}, 1)


async def test_five_thousand_rejections_of_one_token_cost_one_renewal(tokens, platform):
    bad = await tokens.get(APP, platform.fetch)

    given = await asyncio.gather(*(tokens.renew(APP, bad, platform.fetch) for _ in range(5000)))

    assert (set(given), platform.fetches) == ({"t2"}, 2)


async def test_a_late_rejection_of_the_old_token_does_not_throw_the_new_one_away(tokens, platform):
    bad = await tokens.get(APP, platform.fetch)
    await tokens.renew(APP, bad, platform.fetch)

    assert await tokens.renew(APP, bad, platform.fetch) == "t2"
    assert platform.fetches == 2


async def test_a_failed_fetch_is_shared_by_all_who_waited_and_the_next_asks_again(tokens, platform):
    platform.problem = Unreachable("no_connection", maybe_done=False)

    failed = await asyncio.gather(*(tokens.get(APP, platform.fetch) for _ in range(50)), return_exceptions=True)
    platform.problem = None

    assert {type(each) for each in failed} == {Unreachable}
    assert platform.fetches == 1
    assert await tokens.get(APP, platform.fetch) == "t2"


async def test_a_caller_who_gives_up_does_not_fail_the_others(tokens, platform):
    platform.open.clear()
    first = asyncio.create_task(tokens.get(APP, platform.fetch))
    second = asyncio.create_task(tokens.get(APP, platform.fetch))
    await platform.asked.wait()

    first.cancel()
    platform.open.set()

    assert await second == "t2"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_token_is_renewed_a_little_early_and_the_others_keep_the_old_one_meanwhile(tokens, platform, now):
    await tokens.get(APP, platform.fetch)
    now.tick(7200 - 240)
    platform.open.clear()
    platform.asked.clear()

    renewer = asyncio.create_task(tokens.get(APP, platform.fetch))
    await platform.asked.wait()
    meanwhile = await tokens.get(APP, platform.fetch)
    platform.open.set()

    assert meanwhile == "t1"
    assert await renewer == "t2"
    assert await tokens.get(APP, platform.fetch) == "t2"


async def test_the_same_token_handed_out_again_is_not_asked_for_at_every_call(tokens, platform, now):
    platform.same = True
    await tokens.get(APP, platform.fetch)
    now.tick(7200 - 240)
    platform.lives = 240

    for _ in range(100):
        assert await tokens.get(APP, platform.fetch) == "t1"

    assert platform.fetches == 2


async def test_an_early_renewal_that_fails_leaves_the_old_token_in_use(tokens, platform, now):
    await tokens.get(APP, platform.fetch)
    now.tick(7200 - 240)
    platform.problem = Unreachable("no_connection", maybe_done=False)

    assert await tokens.get(APP, platform.fetch) == "t1"


async def test_an_expired_token_is_never_given(tokens, platform, now):
    await tokens.get(APP, platform.fetch)
    now.tick(7200)

    assert await tokens.get(APP, platform.fetch) == "t2"


async def test_a_wrong_secret_is_tried_a_few_times_an_hour_and_fails_at_once_meanwhile(tokens, platform, now):
    platform.problem = Misconfigured("wrong_secret", code=40001)

    for _ in range(3600):
        with pytest.raises(Misconfigured, match="wrong_secret"):
            await tokens.get(APP, platform.fetch)
        now.tick(1)

    # after 0, 60, 180, 420, 900, 1800, 2700 and 3600 s
    assert platform.fetches == 7


async def test_a_corrected_secret_works_after_the_pause(tokens, platform, now):
    platform.problem = Misconfigured("wrong_secret")
    with pytest.raises(Misconfigured):
        await tokens.get(APP, platform.fetch)
    platform.problem = None

    with pytest.raises(Misconfigured):
        await tokens.get(APP, platform.fetch)
    now.tick(60)

    assert await tokens.get(APP, platform.fetch) == "t2"


async def test_too_many_fetches_are_answered_by_waiting_out_the_window(tokens, platform, now):
    platform.problem = RateLimited("too_often", retry_after=60)
    for _ in range(59):
        with pytest.raises(RateLimited):
            await tokens.get(APP, platform.fetch)
        now.tick(1)
    platform.problem = None
    now.tick(1)

    assert await tokens.get(APP, platform.fetch) == "t2"


async def test_a_renewed_token_that_is_rejected_too_ends_in_a_pause_for_everybody(tokens, platform, now):
    bad = await tokens.get(APP, platform.fetch)
    worse = await tokens.renew(APP, bad, platform.fetch)

    rejections = [tokens.reject(APP, worse) for _ in range(50)]

    assert {each.reason for each in rejections} == {"token_never_accepted"}
    for _ in range(50):
        with pytest.raises(Misconfigured):
            await tokens.get(APP, platform.fetch)
    assert platform.fetches == 2


async def test_a_token_that_another_process_fetched_is_used(tokens, platform, store, now):
    await store.set(APP, Token(value="shared", expires_at=now.clock() + timedelta(hours=1)))

    assert await tokens.get(APP, platform.fetch) == "shared"
    assert platform.fetches == 0


async def test_a_rejected_token_in_the_shared_store_is_replaced_there(tokens, platform, store, now):
    await store.set(APP, Token(value="shared", expires_at=now.clock() + timedelta(hours=1)))
    bad = await tokens.get(APP, platform.fetch)

    assert await tokens.renew(APP, bad, platform.fetch) == "t1"
    assert (await store.get(APP)).value == "t1"


def test_the_name_of_a_token_holds_no_secret():
    assert "secret" not in APP
    assert token_name("ww1", "a") != token_name("ww1", "b")


async def test_one_interface_that_refuses_every_token_does_not_stop_the_others(tokens, platform):
    bad = await tokens.get(APP, platform.fetch)
    tokens.worked(APP)
    renewed = await tokens.renew(APP, bad, platform.fetch)

    tokens.reject(APP, renewed)

    assert await tokens.get(APP, platform.fetch) == renewed
