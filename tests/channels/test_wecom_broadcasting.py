"""A broadcast is made once, whatever breaks; what became of it comes back; nobody who asked for silence is in it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from bot.channels.wecom.effects import Lines
from bot.channels.wecom.gateway import Gateway
from bot.channels.wecom.sender import Sender
from bot.channels.wecom.tokens import MemoryTokenStore, Tokens
from bot.photo_shelf import PhotoShelf
from referral import broadcasts
from referral.broadcasts import BroadcastState, End
from referral.consent import NUDGES, Answer, Consent
from referral.errors import BadInput
from referral.identities import Identity, IdentityKind
from referral.moments import Due, Moment, Permission, State
from referral.nudges import Nudge, NudgeState
from referral.people import Person
from storage import tables as t
from storage.open import open_store
from tests.hooks.house import facts

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TEXT = "春茶到了，给您留了一盒"
MINUTES = timedelta(minutes=1)


class Platform:
    """Keeps broadcasts as WeCom does. `cut`: calls that act and then break off; `hidden`: not listed yet."""

    def __init__(self):
        self.asked = Counter()
        self.tasks = {}
        self.status = {}
        self.refused = {}
        self.cut = set()
        self.hidden = False
        self.clock = lambda: NOON

    def app(self):
        app = web.Application()
        app.router.add_route("*", "/cgi-bin/{call:.+}", self.answer)
        return app

    async def answer(self, request):
        call = request.match_info["call"].removeprefix("externalcontact/")
        self.asked[call] += 1
        if call in self.refused:
            return web.json_response({"errcode": self.refused[call], "errmsg": "no"})
        body = await request.json() if request.can_read_body else {}
        told = getattr(self, f"_{call}", lambda _: {})(body)
        if call in self.cut:
            request.transport.close()
        return web.json_response({"errcode": 0} | told)

    def _gettoken(self, _):
        return {"access_token": "a", "expires_in": 7200}

    def _add_msg_template(self, body):
        msgid = f"msg{len(self.tasks)}"
        at = int(self.clock().timestamp())
        self.tasks[msgid] = {"rep": body["sender"], "to": body["external_userid"], "text": body["text"], "at": at}
        return {"msgid": msgid, "fail_list": []}

    def _get_groupmsg_list_v2(self, body):
        found = [] if self.hidden else list(self.tasks.items())
        rows = [{"msgid": each, "create_time": task["at"], "text": task["text"]} for each, task in found]
        return {"group_msg_list": [row for row in rows if body["start_time"] <= row["create_time"] <= body["end_time"]]}

    def _get_groupmsg_task(self, body):
        return {"task_list": [{"userid": self.tasks[body["msgid"]]["rep"], "status": 0}]}

    def _get_groupmsg_send_result(self, body):
        to = self.tasks[body["msgid"]]["to"]
        return {"send_list": [{"external_userid": who, "status": self.status.get(who, 0)} for who in to]}


class House:
    """A rep's customers, a sender and the platform, on a clock that the test turns."""

    def __init__(self, store, platform, gateway, folder):
        self.store = store
        self.platform = platform
        self.gateway = gateway
        self.folder = folder
        self.now = NOON
        self.rng = random.Random(1)
        self.sender = self.another_sender()
        platform.clock = lambda: self.now

    def another_sender(self):
        return Sender(
            self.store,
            facts=facts(),
            lines=Lines(contact=self.gateway, rep=self.gateway, desks={}),
            posters=None,
            pictures=self.folder,
            photos=PhotoShelf(self.folder),
            phone_key=b"k" * 32,
            clock=lambda: self.now,
            rng=self.rng,
        )

    async def settle(self, *names):
        def unit(tx):
            tx.reps.see("lin", "林")
            for name in names:
                tx.people.create(Person(id=name, nickname=name), NOON)
                tx.people.attach(name, Identity(IdentityKind.WECOM, f"wm-{name}"), NOON)
                tx.reps.add_contact(name, "lin", NOON - timedelta(days=400))

        await self.store.write(unit)

    async def ask(self, *people, text=TEXT, nudges=None):
        now = self.now
        return await self.store.write(
            lambda tx: broadcasts.ask(tx, "lin", people, text, now=now, rng=self.rng, nudges=nudges)
        )

    async def passes(self, **time):
        self.now += timedelta(**time)
        await self.sender.drain()

    async def follow(self, broadcast):
        """The job that asks how it stands, as the worker runs it."""
        now = self.now
        for job in await self.store.write(lambda tx: tx.jobs.claim(now, limit=9, lease=timedelta(minutes=2))):
            assert (job.kind, job.key) == (broadcasts.FOLLOW, broadcast.id)
            await self.sender.follow(job)
            await self.store.write(lambda tx, job=job: tx.jobs.done(job))

    async def state(self, broadcast):
        known = await self.store.read(lambda tx: tx.broadcasts.get(broadcast.id))
        targets = await self.store.read(lambda tx: tx.broadcasts.targets(broadcast.id))
        return known.state, {target.person: target.end for target in targets}

    async def letters(self):
        rows = select(t.outbox.c.kind, t.outbox.c.state, t.outbox.c.note).order_by(t.outbox.c.seq)
        return [tuple(row) for row in await self.store.read(lambda tx: tx.connection.execute(rows).all())]


@pytest.fixture
async def house(ready_url, tmp_path):
    platform = Platform()
    store = await open_store(ready_url)
    async with TestServer(platform.app()) as server, ClientSession() as session:
        gateway = Gateway(
            session,
            corp="ww1",
            secret="s",
            agent_id=1,
            api_base=str(server.make_url("/")).rstrip("/"),
            tokens=Tokens(MemoryTokenStore(), clock=lambda: NOON, monotonic=lambda: 0.0),
            monotonic=lambda: 0.0,
            egress=(),
        )
        house = House(store, platform, gateway, tmp_path)
        await house.settle("mei", "jun", "bo")
        yield house
    await store.close()


# --- to its end ----------------------------------------------------------------------------------------------------


async def test_a_broadcast_is_followed_until_every_customers_part_has_an_end(house):
    made = await house.ask("mei", "jun", "bo")
    await house.passes(seconds=1)
    assert house.platform.tasks["msg0"] == {
        "rep": "lin", "to": ["wm-bo", "wm-jun", "wm-mei"], "text": {"content": TEXT}, "at": int(house.now.timestamp()),
    }  # fmt: skip
    assert await house.state(made) == (BroadcastState.WAITING, dict.fromkeys(("mei", "jun", "bo")))

    # when the rep presses, but one customer's part is still under way
    house.now += 10 * MINUTES
    house.platform.status = {"wm-mei": 1, "wm-jun": 3}
    await house.follow(made)
    assert await house.state(made) == (BroadcastState.WAITING, {"mei": End.SENT, "jun": End.CAP, "bo": None})

    # then it is looked at again ten minutes later, and no more once it is over
    house.now += 10 * MINUTES
    house.platform.status["wm-bo"] = 2
    await house.follow(made)
    assert await house.state(made) == (
        BroadcastState.DONE, {"mei": End.SENT, "jun": End.CAP, "bo": End.NOT_FRIEND},
    )  # fmt: skip
    house.now += timedelta(days=4)
    await house.follow(made)
    assert house.platform.asked["get_groupmsg_send_result"] == 2


async def test_a_rep_who_has_not_pressed_in_three_days_will_not_and_the_rest_is_taken_back(house):
    made = await house.ask("mei", "jun")
    await house.passes(seconds=1)
    house.platform.status = {"wm-mei": 1}
    house.now += timedelta(days=3)

    await house.follow(made)

    assert await house.state(made) == (BroadcastState.CANCELLED, {"mei": End.SENT, "jun": End.FAILED})
    assert house.platform.asked["cancel_groupmsg_send"] == 1


async def test_a_platform_that_is_away_is_asked_again(house):
    made = await house.ask("mei", "jun")
    await house.passes(seconds=1)
    house.platform.cut.add("get_groupmsg_send_result")
    house.now += 10 * MINUTES
    await house.follow(made)
    house.platform.cut.clear()
    house.platform.status = {"wm-mei": 1, "wm-jun": 1}

    house.now += 10 * MINUTES
    await house.follow(made)

    assert (await house.state(made))[0] is BroadcastState.DONE


async def test_an_ask_that_it_carries_ends_with_its_customers_part(house):
    # given an ask for each of three customers, all said by one broadcast
    def said(tx):
        for person in ("mei", "jun", "bo"):
            known = {"decision": "send", "why": "tenure", "state": NudgeState.SENT, "sent_at": NOON}
            tx.nudges.add(Nudge(id=f"ask-{person}", person=person, created_at=NOON, planned_at=NOON, **known))
            glad = Moment(person=person, consent=Permission.GRANTED, customer_since=NOON - timedelta(days=400))
            tx.moments.save(glad, Due(state=State.IDLE, reason="", score=0.0, due_at=None))

    await house.store.write(said)
    made = await house.ask("mei", "jun", "bo", nudges={"mei": "ask-mei", "jun": "ask-jun"})
    await house.passes(seconds=1)

    house.now += 10 * MINUTES
    house.platform.status = {"wm-mei": 1, "wm-jun": 2, "wm-bo": 1}
    await house.follow(made)

    mei, jun, bo = [
        await house.store.read(lambda tx, each=each: tx.nudges.get(f"ask-{each}")) for each in ("mei", "jun", "bo")
    ]
    assert (mei.delivered_at, mei.state) == (house.now, NudgeState.SENT)
    assert (jun.state, jun.outcome, jun.delivered_at) == (NudgeState.ENDED, "not_friend", None)
    assert bo.delivered_at is None


# --- made once -----------------------------------------------------------------------------------------------------


async def test_a_broadcast_made_by_a_process_that_died_before_it_could_say_so_is_taken_up(house):
    # given the platform made it, and the process died before its commit
    made = await house.ask("mei", "jun")
    await house.store.write(lambda tx: tx.outbox.claim(NOON, limit=9, lease=timedelta(minutes=1)))
    await house.store.write(lambda tx: tx.broadcasts.asked(made.id, NOON))
    await house.gateway.broadcasts.make("lin", ["wm-mei", "wm-jun"], TEXT)

    # when the next process takes over
    house.sender = house.another_sender()
    await house.sender.rescue(all_of_them=True)
    await house.passes(seconds=30)

    # then it goes on with that one
    assert list(house.platform.tasks) == ["msg0"]
    assert (await house.state(made))[0] is BroadcastState.WAITING
    assert (await house.store.read(lambda tx: tx.broadcasts.get(made.id))).task == "msg0"
    house.platform.status = {"wm-mei": 1, "wm-jun": 1}
    house.now += 10 * MINUTES
    await house.follow(made)
    assert (await house.state(made))[0] is BroadcastState.DONE


async def test_a_broken_off_answer_is_looked_for_and_each_finds_its_own(house):
    # given two of the same words, the second broken off
    first = await house.ask("mei", "jun")
    await house.passes(seconds=1)
    second = await house.ask("mei", "bo")
    house.platform.cut.add("add_msg_template")
    await house.passes(seconds=1)
    house.platform.cut.clear()

    await house.passes(seconds=1)

    ids = [(await house.store.read(lambda tx, b=b: tx.broadcasts.get(b.id))).task for b in (first, second)]
    assert ids == ["msg0", "msg1"]
    assert house.platform.asked["add_msg_template"] == 2


async def test_one_that_the_platform_does_not_show_is_unknown_and_never_made_again(house):
    made = await house.ask("mei", "jun")
    house.platform.cut.add("add_msg_template")
    house.platform.hidden = True
    await house.passes(seconds=1)
    house.platform.cut.clear()

    for _ in range(12):
        await house.passes(seconds=61)

    assert await house.state(made) == (BroadcastState.UNKNOWN, {"mei": End.FAILED, "jun": End.FAILED})
    assert await house.letters() == [("MakeBroadcast", "unknown", "broadcast_unknown")]
    assert house.platform.asked["add_msg_template"] == 1


async def test_one_that_the_platform_refuses_has_failed(house):
    house.platform.refused["add_msg_template"] = 41048
    made = await house.ask("mei", "jun")

    await house.passes(seconds=1)

    assert await house.state(made) == (BroadcastState.FAILED, {"mei": End.FAILED, "jun": End.FAILED})
    assert [state for _, state, _ in await house.letters()] == ["failed"]


async def test_one_that_certainly_was_not_made_is_made_later(house):
    house.platform.refused["add_msg_template"] = 45009
    made = await house.ask("mei", "jun")
    await house.passes(seconds=1)
    assert (await house.state(made))[0] is BroadcastState.QUEUED
    house.platform.refused.clear()
    house.gateway._client._line._lanes.clear()  # a minute later by the machine's own seconds

    await house.passes(seconds=61)

    assert (await house.state(made))[0] is BroadcastState.WAITING
    assert list(house.platform.tasks) == ["msg0"]


# --- whom it is for ------------------------------------------------------------------------------------------------


async def test_who_asked_for_silence_meanwhile_is_left_out(house):
    made = await house.ask("mei", "jun", "bo")
    no = Consent(person="jun", purpose=NUDGES, answer=Answer.WITHDRAWN, evidence="TD", channel="kf", at=NOON)
    await house.store.write(lambda tx: tx.consent.record(no))

    await house.passes(seconds=1)

    assert house.platform.tasks["msg0"]["to"] == ["wm-bo", "wm-mei"]
    assert (await house.state(made))[1] == {"mei": None, "jun": End.FAILED, "bo": None}


async def test_it_waits_for_the_hours(house):
    house.now = NOON.replace(hour=15)  # 23:00 in Beijing
    await house.ask("mei", "jun")
    await house.passes(seconds=1)
    assert house.platform.tasks == {}

    await house.passes(hours=11)

    assert list(house.platform.tasks) == ["msg0"]


@pytest.mark.parametrize(
    ("people", "text"), [(["mei"], TEXT), (["mei", "mei"], TEXT), (["mei", "fei"], TEXT), (["mei", "jun"], " ")]
)
async def test_what_cannot_be_a_broadcast_is_refused_and_leaves_nothing(house, people, text):
    with pytest.raises(BadInput):
        await house.ask(*people, text=text)

    assert await house.letters() == []
    assert await house.store.read(lambda tx: tx.broadcasts.all()) == []


async def test_more_than_the_platform_takes_is_refused(house):
    with pytest.raises(BadInput, match="10000"):
        await house.ask(*(f"p{n}" for n in range(10_001)))


async def test_a_customer_who_left_the_rep_is_no_contact(house):
    await house.store.write(lambda tx: tx.reps.end_contact("jun", "lin", NOON))

    with pytest.raises(BadInput, match="jun"):
        await house.ask("mei", "jun")
