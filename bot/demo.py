"""The story, played through the real path: Mei asks, Jun buys, both are thanked. Every step is read back before it is ticked.

What is done is done as a customer would, over HTTP; what is checked is checked from the other side: the customer's phone,
the rep's phone, the page, the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.app import App
from bot.posters import qr
from referral.identities import Identity, IdentityKind
from referral.rewards import Reward
from storage.transaction import Transaction

HOLD_S = 15 * 86_400
_PRICE = 19900


class NotConfirmed(Exception):
    """A step was done, but the other side does not show it."""


@dataclass(slots=True)
class Story:
    """One telling. `say` prints a ticked step; `folder` takes the poster file."""

    app: App
    folder: Path
    tick: Callable[[str, str], None]
    code: str = ""
    order: str = ""
    campaign: str = ""
    reward: str = ""
    _http: ClientSession = field(default_factory=ClientSession)

    async def play(self) -> None:
        """Play every step in order. Raises `NotConfirmed` at the first that the other side does not show."""
        steps: tuple[Callable[[], Awaitable[tuple[str, str]]], ...] = (
            self._open_campaign,
            self._mei_asks,
            self._jun_scans,
            self._jun_adds,
            self._jun_says_yes,
            self._jun_buys,
            self._time_passes,
            self._mei_looks,
            self._proof,
        )
        try:
            for step in steps:
                self.tick(*await step())
        finally:
            await self._http.close()

    async def _open_campaign(self) -> tuple[str, str]:
        made = await self.app.operator.run("campaign.start", {"pack": "double-month"})
        self.campaign = made["id"]
        await self.app.settle()
        seen = await self.app.store.read(lambda tx: tx.campaigns.get(self.campaign))
        _confirm(seen is not None and seen.state == "running", "活动没有开始")
        return "活动开始", f"「{made['name']}」进行中，预算 {made['budget_fen'] // 100} 元"

    async def _mei_asks(self) -> tuple[str, str]:
        replies = await self._act("mei", "say", "我要推荐")
        pictures = [line for line in replies if line["kind"] == "image"]
        words = [line["text"] for line in replies if line["kind"] == "text"]
        _confirm(bool(pictures) and bool(words), "梅姐没有收到海报和文案")
        async with self._http.get(_on(self.app, pictures[0]["url"])) as answer:
            jpeg = await answer.read()
        link = qr.decode(jpeg)
        _confirm(link is not None, "海报上的二维码读不出来")
        self.code = str(link).rstrip("/").rsplit("/", 1)[-1].upper()
        _confirm(self.code in "".join(words).upper(), "文案里的邀请码和海报不一致")
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"poster-{self.code}.jpg"
        file.write_bytes(jpeg)
        return "梅姐说「我要推荐」", f"收到海报、文案和菜单；海报在 {file}，二维码已读回 {link}"

    async def _jun_scans(self) -> tuple[str, str]:
        result = await self._result("jun", "scan", self.code)
        _confirm(result["status"] == 200, "落地页打不开")
        async with self._http.get(f"{self.app.own_address}/i/{self.code}") as answer:
            html = await answer.text()
        _confirm("梅姐" in html and "data-contact-qr" in html, "落地页上没有推荐人或顾问二维码")
        return "小军扫码", "落地页写着谁介绍他来，顾问的二维码已就位"

    async def _jun_adds(self) -> tuple[str, str]:
        result = await self._result("jun", "add", None)
        _confirm(bool(result.get("welcome")), "小军没有收到欢迎语")
        _confirm("梅姐" in result["welcome"] and "/me/" in result["welcome"], "欢迎语没有写明介绍人或个人页")
        told = [text for text in await self._log("lin") if "梅姐" in text]
        _confirm(bool(told), "顾问没有收到通知")
        return "小军添加林顾问", f"欢迎语：{result['welcome'].splitlines()[0]}　顾问收到：{told[-1]}"

    async def _jun_says_yes(self) -> tuple[str, str]:
        asked = await self._act("jun", "say", "你好")
        _confirm(any("可以告诉" in line["text"] for line in asked), "没有问小军是否可以告诉介绍人")
        await self._act("jun", "say", "可以")
        heard = [text for text in await self._log("mei") if "小军" in text]
        _confirm(bool(heard), "梅姐没有听说小军来了")
        return "小军同意告诉梅姐", f"梅姐收到：{heard[-1]}"

    async def _jun_buys(self) -> tuple[str, str]:
        result = await self._result("jun", "buy", _PRICE)
        _confirm(result["answer"].get("outcome") == "held", f"订单没有记上：{result['answer']}")
        self.order = result["order_no"]
        held = await self._rewards("held")
        _confirm(len(held) == 2, "双方的谢礼没有同时挂起")
        reason = result["answer"]["reasons"][0]["text"]
        return "小军下单 199 元", f"订单 {self.order}：{reason}；双方各 {held[0].amount} 天，确认中"

    async def _time_passes(self) -> tuple[str, str]:
        await self._post("/sandbox/clock", {"advance_s": HOLD_S + 60})
        granted = await self._rewards("granted")
        _confirm(len(granted) == 2, "退款期过后谢礼没有到账")
        self.reward = next(r.id for r in granted if r.side == "advocate")
        return "十五天过去，退款期结束", "双方的谢礼已到账"

    async def _mei_looks(self) -> tuple[str, str]:
        replies = await self._act("mei", "say", "进度")
        told = "\n".join(line["text"] for line in replies)
        _confirm("已到账1份" in told and "小军" in told, "梅姐看不到已到账的谢礼")
        return "梅姐说「进度」", replies[0]["text"].splitlines()[0]

    async def _proof(self) -> tuple[str, str]:
        token = self.app.page_tokens.of(await self._person("mei"))
        async with self._http.get(f"{self.app.own_address}/me/{token}/proof/{self.reward}") as answer:
            proof = await answer.json()
        root = _recompute(proof)
        await self.app.sign_head()
        head = (await self.app.store.read(lambda tx: tx.ledger.heads()))[-1]
        _confirm(root == proof["root"] == head.root.hex(), "账本证明对不上已签名的账本头")
        return "账本证明", f"重新计算得到根 {root[:16]}…，与已签名的账本头一致（共 {head.size} 条）"

    async def _rewards(self, state: str) -> list[Reward]:
        """What the ledger's owner sees, read back from the database."""

        def unit(tx: Transaction) -> list[Reward]:
            orders = tx.orders.named("sandbox", self.order)
            return [r for r in tx.rewards.of_referral(orders[-1].referral or "") if r.state == state]

        return await self.app.store.read(unit)

    async def _person(self, persona: str) -> str:
        assert self.app.sandbox
        identity = Identity(IdentityKind.WECOM, self.app.sandbox.external_userid(persona))
        person = await self.app.store.read(lambda tx: tx.people.find(identity))
        assert person
        return person.id

    async def _act(self, persona: str, do: str, value: object) -> list[dict[str, Any]]:
        replies: list[dict[str, Any]] = (await self._result(persona, do, value))["replies"]
        return replies

    async def _result(self, persona: str, do: str, value: object) -> dict[str, Any]:
        answer = await self._post("/sandbox/act", {"persona": persona, "do": do, "value": value})
        _confirm(bool(answer.get("ok")), f"{persona} {do}: {answer}")
        result: dict[str, Any] = answer["result"]
        return result

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(f"{self.app.own_address}{path}", json=body) as answer:
            told: dict[str, Any] = await answer.json()
        return told

    async def _log(self, to: str) -> list[str]:
        """What somebody was told so far."""
        async with self._http.get(f"{self.app.own_address}/sandbox/log") as answer:
            lines = await answer.json()
        return [line["text"] for line in lines if line["to"] == to]


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


def _on(app: App, url: str) -> str:
    return url if url.startswith("http") else f"{app.own_address}{url}"


def _confirm(true: bool, otherwise: str) -> None:
    if not true:
        raise NotConfirmed(otherwise)
