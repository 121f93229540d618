"""The door: genuine callbacks come in as events, everything else gets a bare status and is forgotten."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import web

from bot.channels.wecom.callback import CallbackRefused, read, verify
from bot.channels.wecom.wire import text_reply
from referral.events import FriendAdded, RepSaid, Unrecognised
from tests.channels import envelopes
from tests.channels.envelopes import Envelope, a_callback, content, encrypted, happened, our_crypto, posted, said

LIMIT = 256 * 1024
ADDED = {
    "Event": "change_external_contact",
    "ChangeType": "add_external_contact",
    "UserID": "lin",
    "ExternalUserID": "wmJun",
}


class Door:
    """A small bot that keeps what it read; `broken` counts what escaped as anything but a refusal."""

    def __init__(self, crypto, patience: float) -> None:
        self.crypto = crypto
        self.patience = patience
        self.seen = []
        self.broken = []

    async def take(self, request: web.Request) -> web.Response:
        try:
            if request.method == "GET":
                return verify(request, self.crypto)
            opened = await read(request, self.crypto, app="main", patience=self.patience)
        except CallbackRefused as refused:
            return refused.answer()
        except Exception as problem:
            self.broken.append(problem)
            raise
        self.seen.append(opened)
        if isinstance(opened.event, RepSaid):
            return web.Response(body=opened.reply(text_reply("lin", envelopes.CORP, opened.event.at, "好的")))
        return web.Response()


@pytest.fixture
def crypto():
    return our_crypto()


@pytest.fixture
def door(crypto):
    return Door(crypto, patience=0.3)


@pytest.fixture
def opened_door(aiohttp_server, aiohttp_client):
    """Start a door as the bot does: the server itself unpacks nothing."""

    async def start(door):
        app = web.Application()
        app.router.add_route("*", "/callback/wecom/main", door.take)
        return await aiohttp_client(await aiohttp_server(app, auto_decompress=False, lingering_time=1))

    return start


@pytest.fixture
async def client(door, opened_door):
    return await opened_door(door)


async def post(client, envelope: Envelope, **how) -> tuple[int, bytes]:
    async with client.post(envelope.path, data=how.pop("data", envelope.body), **how) as answer:
        return answer.status, await answer.read()


class TestTheAddressCheck:
    """`GET` with an echo, when the address is entered at the platform."""

    async def asked(self, client, query: str) -> tuple[int, bytes]:
        async with client.get("/callback/wecom/main?" + query) as answer:
            return answer.status, await answer.read()

    def query(self, plain: str = "1616140317555161061", **changed: str) -> dict[str, str]:
        sealed = encrypted(content(plain.encode()))
        return {**posted(sealed).query, "echostr": sealed} | changed

    async def test_the_echo_is_answered_and_nothing_else(self, client):
        status, body = await self.asked(client, urlencode(self.query()))

        assert (status, body) == (200, b"1616140317555161061")

    async def test_a_plus_that_was_not_escaped_is_understood(self, client):
        query = next(query for n in range(1000) if "+" in (query := self.query(f"{n:019}"))["echostr"])
        plain = envelopes.opened(query["echostr"])
        bare = "&".join(f"{name}={value}" for name, value in query.items())

        assert await self.asked(client, bare) == (200, plain)
        assert await self.asked(client, bare.replace("+", "%20")) == (200, plain)

    @pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce", "echostr"])
    async def test_a_missing_parameter_is_malformed(self, client, name):
        query = self.query()
        del query[name]

        assert await self.asked(client, urlencode(query)) == (400, b"")

    async def test_a_stranger_learns_nothing(self, client):
        assert await self.asked(client, urlencode(self.query(msg_signature="0" * 40))) == (403, b"")

    async def test_the_published_check_of_an_address_is_answered(self, opened_door):
        vectors = json.loads((Path(__file__).parent / "vectors" / "wecom-vectors.json").read_text())
        vector = next(each for each in vectors if each["name"] == "A1")
        crypto = our_crypto(vector["token"], vector["encoding_aes_key"], vector["receiveid"])
        client = await opened_door(Door(crypto, patience=1))
        names = {"msg_signature": "msg_signature", "timestamp": "timestamp", "nonce": "nonce", "echostr": "encrypt"}

        answer = await self.asked(client, urlencode({name: vector[key] for name, key in names.items()}))

        assert answer == (200, vector["plaintext"].encode())


async def test_a_reps_words_come_in_and_the_answer_goes_back_sealed(client, door):
    status, body = await post(client, a_callback(said("进度")))

    sealed = re.search(rb"<Encrypt><!\[CDATA\[(.+?)\]", body)[1].decode()
    assert status == 200
    assert door.seen[0].event.text == "进度"
    assert "好的" in envelopes.opened(sealed).decode()


async def test_a_message_under_the_old_pair_is_answered_with_the_old_pair(client, door):
    door.crypto = our_crypto("new-token", envelopes.OTHER_KEY, previous=door.crypto)

    status, body = await post(client, a_callback(said()))

    sealed = re.search(rb"<Encrypt><!\[CDATA\[(.+?)\]", body)[1].decode()
    assert status == 200
    assert "好的" in envelopes.opened(sealed, envelopes.AES_KEY).decode()


async def test_a_retry_with_another_nonce_has_the_same_key(client, door):
    await post(client, a_callback(said()))
    await post(client, a_callback(said(), timestamp="1763690005", nonce="99"))

    assert door.seen[0].key == door.seen[1].key


async def test_an_old_timestamp_is_no_reason_to_refuse(client):
    status, _ = await post(client, a_callback(happened(**ADDED), timestamp="12"))

    assert status == 200


async def test_unknown_events_and_fields_are_taken(client, door):
    status, _ = await post(client, a_callback(happened(Event="from_the_future", Extra="1")))

    assert status == 200
    assert door.seen[0].event.kind == "from_the_future"


async def test_names_in_any_script_are_taken(client, door):
    status, _ = await post(client, a_callback(happened(**ADDED, State="\u202e👨‍👩‍👧\0".replace("\0", ""))))

    assert status == 200
    assert isinstance(door.seen[0].event, FriendAdded)


def tampered(envelope: Envelope, **query: str) -> Envelope:
    return Envelope(query=envelope.query | query, body=envelope.body)


REFUSED = {
    "a wrong signature": (403, lambda: tampered(a_callback(said()), msg_signature="0" * 40)),
    "another nonce": (403, lambda: tampered(a_callback(said()), nonce="1")),
    "another token": (403, lambda: a_callback(said(), token="stolen")),
    "another corp": (403, lambda: posted(encrypted(content(said().encode(), corp="ww0000000000000000")))),
    "another app's key": (403, lambda: posted(encrypted(content(said().encode()), key=envelopes.OTHER_KEY))),
    "no body": (400, lambda: Envelope(query=a_callback(said()).query, body=b"")),
    "no envelope": (400, lambda: Envelope(query=a_callback(said()).query, body=b"{}")),
    "nothing sealed": (400, lambda: posted("")),
    "an empty message": (400, lambda: a_callback("")),
    "a message that is no XML": (400, lambda: a_callback("hello")),
    "not base64": (400, lambda: posted("****")),
    "half a block": (400, lambda: posted("AAAA")),
    "padding 0": (400, lambda: posted(encrypted(envelopes.padded_to(said().encode(), 16, 0)))),
    "padding 33": (400, lambda: posted(encrypted(envelopes.padded_to(said().encode(), 33, 33)))),
    "length beyond the end": (400, lambda: posted(encrypted(content(said().encode(), size=1 << 31)))),
    "a document type outside": (
        400,
        lambda: Envelope(query=a_callback(said()).query, body=b"<!DOCTYPE xml>" + a_callback(said()).body),
    ),
    "a document type inside": (400, lambda: a_callback("<!DOCTYPE xml>" + said())),
    "an entity inside": (400, lambda: a_callback('<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>')),
}


@pytest.mark.parametrize(("status", "made"), REFUSED.values(), ids=REFUSED.keys())
async def test_it_refuses_with_a_status_and_one_same_empty_body(client, door, status, made):
    answer = await post(client, made())

    assert answer == (status, b"")
    assert door.seen == []
    assert await post(client, a_callback(happened(**ADDED))) == (200, b"")


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
async def test_a_missing_or_empty_parameter_is_malformed(client, name):
    envelope = a_callback(said())
    without = Envelope(query={key: value for key, value in envelope.query.items() if key != name}, body=envelope.body)

    assert await post(client, without) == (400, b"")
    assert await post(client, tampered(envelope, **{name: ""})) == (400, b"")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "Identity, gzip", ""])
async def test_an_encoded_body_is_not_unpacked(client, encoding):
    envelope = a_callback(said())
    bomb = gzip.compress(envelope.body)

    assert await post(client, envelope, data=bomb, headers={"Content-Encoding": encoding}) == (415, b"")


async def test_a_body_that_says_it_is_plain_is_read(client):
    envelope = a_callback(happened(**ADDED))

    assert await post(client, envelope, headers={"Content-Encoding": "identity"}) == (200, b"")


async def test_a_body_of_exactly_the_limit_is_still_looked_at(client):
    envelope = a_callback(happened(**ADDED))
    filled = envelope.body.replace(b"</xml>", b"<Fill>%s</Fill></xml>")
    body = filled % (b"x" * (LIMIT - len(filled) + 2))

    assert len(body) == LIMIT
    assert (await post(client, envelope, data=body))[0] == 200
    assert await post(client, envelope, data=body + b"\n") == (413, b"")


async def exchanged(client, head: str, *pieces: bytes) -> bytes:
    """Write a request by hand and return the answer's first line."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    try:
        writer.write(head.encode())
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.readline(), 5)
    finally:
        writer.close()


def head(envelope: Envelope, *headers: str) -> str:
    return "\r\n".join([f"POST {envelope.path} HTTP/1.1", "Host: bot", *headers, "", ""])


async def test_a_large_body_is_refused_by_its_announced_length(client, door):
    envelope = a_callback(said())

    line = await exchanged(client, head(envelope, f"Content-Length: {LIMIT + 1}"))

    assert b" 413 " in line


async def test_an_endless_chunked_body_is_refused_before_it_ends(client, door):
    envelope = a_callback(said())
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    line = await exchanged(client, head(envelope, "Transfer-Encoding: chunked"), *[chunk] * 5)

    assert b" 413 " in line


async def test_a_chunked_body_within_the_limit_is_read(client):
    envelope = a_callback(happened(**ADDED))
    body = envelope.body
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"

    line = await exchanged(client, head(envelope, "Transfer-Encoding: chunked"), chunks)

    assert b" 200 " in line


async def test_a_body_that_trickles_is_given_up_and_others_are_served_meanwhile(client):
    envelope = a_callback(happened(**ADDED))
    slow = asyncio.create_task(exchanged(client, head(envelope, "Content-Length: 500"), b"<xml>"))
    await asyncio.sleep(0)

    served = [await post(client, a_callback(happened(**ADDED))) for _ in range(5)]

    assert served == [(200, b"")] * 5
    assert b" 408 " in await slow


async def test_a_sender_who_hangs_up_half_way_does_no_harm(client, door):
    _, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(head(a_callback(said()), "Content-Length: 500").encode() + b"<xml>")
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert await post(client, a_callback(happened(**ADDED))) == (200, b"")
    assert door.broken == []


async def test_a_bomb_of_entities_is_refused_at_once(client):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = a_callback(f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><xml><MsgType>&l9;</MsgType></xml>')
    await post(client, a_callback(happened(**ADDED)))

    started = time.perf_counter()
    status, _ = await post(client, bomb)

    assert status == 400
    assert time.perf_counter() - started < 0.2


NOISE = [b"", b"<", b"&x;", b"\0", b"]]>", b"\xed\xa0\x80", b"<a>" * 40]


def mutant(chance: random.Random) -> Envelope:
    """Return an envelope with something wrong at one of four depths."""
    how = chance.choice(["body", "query", "sealed", "content", "inner"])
    inner = said("进度").encode()
    if how == "inner":
        return a_callback(mangled(inner, chance))
    if how == "content":
        inside = mangled(content(inner), chance)
        return posted(encrypted(inside + bytes(-len(inside) % 16)))
    if how == "sealed":
        return posted(mangled(encrypted(content(inner)).encode(), chance).decode("latin-1"))
    envelope = a_callback(inner)
    if how == "body":
        return Envelope(query=envelope.query, body=mangled(envelope.body, chance))
    name = chance.choice(list(envelope.query))
    value = mangled(envelope.query[name].encode(), chance).decode("latin-1")
    return Envelope(query=envelope.query | {name: value}, body=envelope.body)


def mangled(raw: bytes, chance: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(out) + 1)
        end = min(len(out), start + chance.choice([1, 1, 1, 8, 64]))
        out[start:end] = chance.choice([chance.randbytes(end - start), *NOISE])
    return bytes(out)


async def test_two_thousand_mutants_are_taken_or_refused_but_never_break_the_door(client, door):
    chance = random.Random(20261122)

    statuses = [(await post(client, mutant(chance)))[0] for _ in range(2000)]

    assert door.broken == []
    assert set(statuses) <= {200, 400, 403}
    assert min(map(statuses.count, (200, 400, 403))) > 20
    assert all(isinstance(opened.event, RepSaid | Unrecognised) for opened in door.seen)
