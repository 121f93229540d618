"""The main story: a customer asks, a friend buys, both are thanked."""

import io
import json
from hashlib import sha256

import numpy as np
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from tests.journeys.town import HOLD_S, LINK, link_in


async def test_a_customer_asks_a_friend_buys_and_both_are_thanked(either_town):
    town = either_town
    await town.campaign()

    # Mei asks: the poster, the words alone in their own bubble, a short menu, in that order
    asked = (await town.act("mei", "say", "我要推荐"))["replies"]
    assert [line["kind"] for line in asked] == ["image", "text", "menu", "menu"]
    poster = await town.get(asked[0]["url"])
    link, again = _read_by_zxing(poster.body), _read_by_zbar(poster.body)
    assert link == again
    code = link.rsplit("/", 1)[-1]
    words, menu = asked[1]["text"], asked[2]["text"]
    assert code in words
    assert LINK.search(words)
    assert "署名方式" in menu
    assert "署名方式" not in words
    with Image.open(io.BytesIO(poster.body)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1080, 1920))

    # Jun scans: the page says who invites, without any script, and then shows the QR of this very code
    first = await town.get(link_in(link, "/I/"))
    assert first.status == 200
    assert "梅姐" in first.text
    assert "<script" not in first.text
    scanned = await town.act("jun", "scan", link)
    assert scanned["status"] == 200
    shown = await town.get(f"/i/{code}")
    assert "扫码添加时会自动带上" in shown.text

    # Jun adds Lin: the State tells whose friend he is, he is welcomed in time, and Lin is told
    added = await town.act("jun", "add")
    assert added["state"]
    assert [event["status"] for event in added["events"]] == [200]
    assert "梅姐介绍您来的" in added["welcome"]
    assert link_in(added["welcome"], "/me/")
    assert link_in(added["welcome"], "/desk")
    assert "梅姐介绍的小军刚添加了您。" in await town.log("lin")

    # Jun buys: both thanks are held until the refund window ends
    bought = await town.buy("jun")
    assert bought["answer"]["outcome"] == "held"
    for persona in ("mei", "jun"):
        assert await town.standing(persona) == [("held", "hold.running")]
    assert "确认中1份" in (await town.say("mei", "进度"))[0]

    # the refund window ends
    await town.pass_time(HOLD_S + 60)
    for persona in ("mei", "jun"):
        assert await town.standing(persona) == [("granted", "granted")]
    told = "\n".join(await town.say("mei", "进度"))
    assert "已到账1份" in told

    # their own pages say the same, and the proof of each leads to the signed head
    for persona, side in (("mei", "谢谢您的推荐"), ("jun", "欢迎您的到来")):
        own = await town.get(await town.me(persona))
        assert own.status == 200
        assert "已到账" in own.text
        assert side in own.text
        await _check_proof(town, own.text)


async def test_a_rep_sees_the_month_in_figures(town):
    code = await town.code_of("mei", await town.campaign())
    assert "本月还没有" not in (await town.say("lin", "业绩"))[0]
    await town.act("jun", "add", code)
    await town.buy("jun")
    await town.pass_time(5 * 86_400)

    assert (await town.say("lin", "业绩"))[0] == ("本月：1位客户取了海报，1位朋友添加了您，1位已计入，谢礼已到账0份。")
    assert "业绩 · 您名下的推荐情况" in (await town.say("lin", "帮助"))[0]


async def test_the_heads_beside_the_database_grow_only_with_the_ledger(town):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    outside = town.app.config.files.data_dir / "ledger-heads.jsonl"

    for _ in range(3):
        await town.app.work.sign_head()
    assert len(outside.read_text().splitlines()) == 1

    await town.buy("jun")
    for _ in range(2):
        await town.app.work.sign_head()
    assert len(outside.read_text().splitlines()) == 2


async def _check_proof(town, html):
    path = html.split('class="proof" href="')[1].split('"')[0]
    proof = json.loads((await town.get(path)).text)
    entry = json.dumps(proof["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    leaf = sha256(b"\0" + bytes.fromhex(proof["salt"]) + entry).digest()
    assert leaf.hex() == proof["leaf_hash"]
    await town.app.work.sign_head()
    head = (await town.look(lambda tx: tx.ledger.heads()))[-1]
    assert proof["tree_size"] == head.size
    path = [bytes.fromhex(step) for step in proof["path"]]
    assert _root(leaf, proof["leaf_index"], proof["tree_size"], path).hex() == proof["root"] == head.root.hex()


def _root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root by RFC 6962 §2.1.1, from the top down: split at the largest power of two below the size."""
    if size == 1:
        assert not path
        return leaf
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return sha256(b"\1" + _root(leaf, index, half, path[:-1]) + path[-1]).digest()
    return sha256(b"\1" + path[-1] + _root(leaf, index - half, size - half, path[:-1])).digest()


def _read_by_zxing(jpeg: bytes) -> str:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return zxingcpp.read_barcode(np.asarray(picture.convert("L"))).text


def _read_by_zbar(jpeg: bytes) -> str:
    with Image.open(io.BytesIO(jpeg)) as picture:
        (found,) = pyzbar.decode(picture.convert("L"), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return found.data.decode()
