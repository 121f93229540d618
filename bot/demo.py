"""The story, played through the real path: Mei asks, a friend buys, both are thanked, and the next morning's list.

Each step is read back first.

What is done is done as a customer would, over HTTP; what is checked is checked from the other side: the customer's
phone, the rep's phone, the page, the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientError

from bot.app import App
from bot.demo_door import Door, NotConfirmed, Told, confirm
from bot.demo_morning import Morning
from bot.posters import qr
from referral.identities import Identity, IdentityKind
from referral.people import Person
from referral.rewards import Reward, Side
from storage.transaction import Transaction

HOLD_S = 15 * 86_400
_PRICE = 19900
_MEI, _REP = "mei", "lin"
_FRIENDS = {"jun": "小军", "小周": "小周", "小吴": "小吴", "小郑": "小郑"}
"""Who may be the friend, persona and name; someone whom the company does not know yet."""


class Tick(Protocol):
    """Tells of a confirmed step: what was done, and lines of what was seen."""

    def __call__(self, step: str, /, *seen: str) -> None: ...


@dataclass(slots=True)
class Story:
    """One telling; each on the same data has another friend. `folder` takes the poster file."""

    app: App
    folder: Path
    tick: Tick
    friend: str = ""
    name: str = ""
    code: str = ""
    order: str = ""
    campaign: str = ""
    reward: str = ""
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(self.app)

    async def play(self) -> int:
        """Play every step in order; how many. Raises `NotConfirmed` at the first that the other side does not show."""
        steps: tuple[Callable[[], Awaitable[Told]], ...] = (
            self._open_campaign,
            self._mei_asks,
            self._friend_scans,
            self._friend_adds,
            self._friend_says_yes,
            self._friend_buys,
            self._time_passes,
            self._mei_looks,
            self._proof,
            *Morning(self.app, self.door, self.folder).steps(),
        )
        try:
            self.friend, self.name = await self._somebody_new()
            for step in steps:
                self.tick(*await step())
        except (ClientError, TimeoutError, OSError) as error:
            raise NotConfirmed(f"没有回答：{str(error) or type(error).__name__}") from error
        finally:
            await self.door.close()
        return len(steps)

    async def _somebody_new(self) -> tuple[str, str]:
        for persona, name in _people():
            if await self._person(persona) is None:
                return persona, name
        raise AssertionError

    async def _open_campaign(self) -> Told:
        made = await self.app.operator.run("campaign.start", {"pack": "double-month"})
        self.campaign = made["id"]
        await self.app.settle()
        seen = await self.app.store.read(lambda tx: tx.campaigns.get(self.campaign))
        confirm(seen is not None and seen.state == "running", "活动没有开始")
        return "活动开始", f"「{made['name']}」进行中，预算 {made['budget_fen'] // 100} 元"

    async def _mei_asks(self) -> Told:
        replies = await self.door.act(_MEI, "say", "我要推荐")
        pictures = [line for line in replies if line["kind"] == "image"]
        words = [line["text"] for line in replies if line["kind"] == "text"]
        confirm(bool(pictures) and bool(words), "梅姐没有收到海报和文案")
        jpeg = await self.door.get(self.door.at(pictures[0]["url"]))
        link = qr.decode(jpeg)
        confirm(link is not None, "海报上的二维码读不出来")
        self.code = str(link).rstrip("/").rsplit("/", 1)[-1].upper()
        carrying = next((text for text in words if self.code in text.upper()), "")
        confirm(carrying != "", "文案里没有海报上的邀请码")
        file = self.folder / f"poster-{self.code}.jpg"
        file.write_bytes(jpeg)
        await self.door.act(_MEI, "say", "可以")
        agreed = await self._person(_MEI)
        said = await self.app.store.read(lambda tx: tx.moments.get(agreed.id if agreed else ""))
        confirm(said.consent == "granted", "梅姐说可以，却没有记下")
        return (
            "梅姐说「我要推荐」，收到海报和文案；以后有好消息，她说可以告诉她",
            f"海报 {file}",
            f"二维码读回 {link}",
            f"文案 {carrying}",
        )

    async def _friend_scans(self) -> Told:
        result = await self.door.result(self.friend, "scan", self.code)
        confirm(result["status"] == 200, "落地页打不开")
        page = f"{self.app.own_address}/i/{self.code}"
        html = (await self.door.get(page)).decode()
        confirm("梅姐" in html and "data-contact-qr" in html, "落地页上没有推荐人或顾问二维码")
        return f"{self.name}扫码，打开落地页", "写着梅姐介绍他来，顾问的二维码已就位", page

    async def _friend_adds(self) -> Told:
        result = await self.door.result(self.friend, "add", None)
        welcome = str(result.get("welcome") or "")
        confirm(welcome != "", f"{self.name}没有收到欢迎语")
        confirm("梅姐" in welcome and "/me/" in welcome, "欢迎语没有写明介绍人或个人页")
        told = [text for text in await self.door.log(_REP) if "梅姐" in text and self.name in text]
        confirm(bool(told), "顾问没有收到通知")
        return f"{self.name}加林顾问为好友", f"{self.name}收到：{welcome.splitlines()[0]}", f"林顾问收到：{told[-1]}"

    async def _friend_says_yes(self) -> Told:
        asked = await self.door.act(self.friend, "say", "你好")
        confirm(any("可以告诉" in line["text"] for line in asked), f"没有问{self.name}是否可以告诉介绍人")
        await self.door.act(self.friend, "say", "可以")
        heard = [text for text in await self.door.log(_MEI) if self.name in text]
        confirm(bool(heard), f"梅姐没有听说{self.name}来了")
        return f"{self.name}同意告诉梅姐", f"梅姐收到：{heard[-1]}"

    async def _friend_buys(self) -> Told:
        result = await self.door.result(self.friend, "buy", _PRICE)
        answer = result["answer"] or {}
        confirm(answer.get("outcome") == "held", f"订单没有记上：{answer}")
        self.order = result["order_no"]
        held = await self._rewards("held")
        confirm({r.side for r in held} == set(Side), "双方的谢礼没有同时挂起")
        return (
            f"{self.name}下单 {_PRICE // 100} 元",
            f"订单 {self.order}：{answer['reasons'][0]['text']}",
            f"双方各 {held[0].amount} 天，确认中",
        )

    async def _time_passes(self) -> Told:
        moved = await self.door.post("/sandbox/clock", {"advance_s": HOLD_S + 60})
        confirm("now" in moved, f"时钟没有拨动：{moved}")
        granted = await self._rewards("granted")
        confirm({r.side for r in granted} == set(Side), "退款期过后谢礼没有到账")
        self.reward = next(r.id for r in granted if r.side is Side.ADVOCATE)
        return "十五天过去，退款期结束", "双方的谢礼已到账"

    async def _mei_looks(self) -> Told:
        replies = await self.door.act(_MEI, "say", "进度")
        told = "\n".join(line["text"] for line in replies)
        mei = await self._person(_MEI)
        assert mei
        thanks = await self.app.store.read(lambda tx: tx.rewards.of_person(mei.id))
        granted = sum(r.state == "granted" for r in thanks)
        confirm(f"已到账{granted}份" in told and self.name in told, "梅姐看不到已到账的谢礼")
        page = f"{self.app.own_address}/me/{self.app.page_tokens.of(mei.id)}"
        return "梅姐说「进度」", told.splitlines()[0], f"她的页面 {page}"

    async def _proof(self) -> Told:
        mei = await self._person(_MEI)
        assert mei
        page = f"{self.app.own_address}/me/{self.app.page_tokens.of(mei.id)}"
        proof = json.loads(await self.door.get(f"{page}/proof/{self.reward}"))
        root = _recompute(proof)
        await self.app.work.sign_head()
        head = (await self.app.store.read(lambda tx: tx.ledger.heads()))[-1]
        confirm(root == proof["root"] == head.root.hex(), "账本证明对不上已签名的账头")
        return "账本证明", f"自己算出的树根 {root[:16]}… 与已签名的账头一致（共 {head.size} 条）"

    async def _rewards(self, state: str) -> list[Reward]:
        """What the ledger's owner sees, read back from the database."""

        def unit(tx: Transaction) -> list[Reward]:
            orders = tx.orders.named("sandbox", self.order)
            return [r for r in tx.rewards.of_referral(orders[-1].referral or "") if r.state == state]

        return await self.app.store.read(unit)

    async def _person(self, persona: str) -> Person | None:
        """Whom the company knows by this persona, None if nobody."""
        assert self.app.sandbox
        identity = Identity(IdentityKind.WECOM, self.app.sandbox.external_userid(persona))
        return await self.app.store.read(lambda tx: tx.people.find(identity))


def _people() -> Iterator[tuple[str, str]]:
    yield from _FRIENDS.items()
    yield from ((f"小陈{number}", f"小陈{number}") for number in count(1))


def _recompute(proof: dict[str, Any]) -> str:
    """The root that a proof leads to, by the contract's own words and nothing of ours."""
    entry = json.dumps(proof["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    node = hashlib.sha256(b"\0" + bytes.fromhex(proof["salt"]) + entry).digest()
    index, last = proof["leaf_index"], proof["tree_size"] - 1
    for step in proof["path"]:
        sibling = bytes.fromhex(step)
        if index % 2 or index == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while not index % 2 and index:
                index, last = index // 2, last // 2
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        index, last = index // 2, last // 2
    return node.hex()
