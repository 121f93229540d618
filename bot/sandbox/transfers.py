"""A merchant's platform for transfers: takes bills by number, lets people confirm them, and misbehaves when told to.

Written from the published form of the interface alone (reference/platform.md 7.9), not from the bot's own wire. It
signs its answers with a key of its own, and answers nobody whose request carries no signature.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bot.sandbox.faults import Faults, TransferFault
from bot.sandbox.stage import BEIJING, Stage
from bot.sandbox.state import Payout

PATH = "/v3/fund-app/mch-transfer/transfer-bills"
KEY_ID = "PUB_KEY_ID_SANDBOX"
CONFIRM_WITHIN = 24 * 3600  # seconds
KEPT = 30 * 86400  # seconds
LATE = 2 * 3600  # seconds
NAME_FROM_FEN = 200_000

_AUTHORIZATION = re.compile(r'WECHATPAY2-SHA256-RSA2048 (?:(\w+)="([^"]*)",?)+')
_PAIR = re.compile(r'(\w+)="([^"]*)"')
_NUMBER = re.compile(r"[0-9A-Za-z]{5,32}")


class Transfers:
    """The platform's doors. `merchant` is the public key that requests are checked by, where it is known.

    `posts` counts the requests to make each transfer since the start, by number.
    """

    def __init__(self, stage: Stage, faults: Faults, *, machine_clock: Callable[[], datetime]) -> None:
        self._stage = stage
        self._faults = faults
        self._machine_clock = machine_clock
        self.merchant: rsa.RSAPublicKey | None = None
        self.posts: dict[str, int] = {}

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public_key(self) -> rsa.RSAPublicKey:
        """What answers are checked by."""
        return self._key.public_key()

    def routes(self) -> list[web.RouteDef]:
        """Make one, ask for one, take one back."""
        one = PATH + "/out-bill-no/{number}"
        return [web.post(PATH, self._make), web.get(one, self._show), web.post(one + "/cancel", self._cancel)]

    def payout(self, number: str) -> Payout | None:
        """A transfer as it stands now."""
        known = self._stage.world.payouts.get(number)
        return self._aged(known) if known else None

    def waiting_for(self, openid: str) -> list[Payout]:
        """What a customer may confirm, the oldest first."""
        known = [self._aged(each) for each in self._stage.world.payouts.values()]
        return [each for each in known if each.state == "WAIT_USER_CONFIRM" and each.request["openid"] == openid]

    def confirm(self, number: str) -> None:
        """The person taps 收款 in WeChat on what waits for them."""
        late = self._faults.transfers is TransferFault.LATE
        known = self._stage.world.payouts[number]
        known.state = "TRANSFERING" if late else "SUCCESS"
        known.ready_at = self._stage.now() + LATE if late else None
        self._stage.world.calls += 1

    def _aged(self, known: Payout) -> Payout:
        """What time alone has done to a transfer."""
        now = self._stage.now()
        if known.state == "WAIT_USER_CONFIRM" and now - known.at >= CONFIRM_WITHIN:
            known.state, known.why = "FAIL", "OVERDUE_CLOSE"
        if known.state == "TRANSFERING" and known.ready_at is not None and now >= known.ready_at:
            known.state = "SUCCESS"
        return known

    async def _make(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if not self._is_signed(request, body):
            return self._answer(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        asked = msgspec.json.decode(body)
        number = str(asked.get("out_bill_no", ""))
        self.posts[number] = self.posts.get(number, 0) + 1
        if self._faults.transfers is TransferFault.DEAF:
            return await _dropped(request)
        if problem := self._problem(number, asked):
            return self._answer(400, problem)
        if number not in self._stage.world.payouts:
            made = Payout(number=number, request=asked, at=self._stage.now())
            if self._faults.transfers is TransferFault.FAIL:
                made.state, made.why = "FAIL", "ACCOUNT_FROZEN"
            self._stage.world.payouts[number] = made
            self._stage.world.calls += 1
        if self._faults.transfers is TransferFault.LOST:
            return await _dropped(request)
        return self._answer(200, self._row(number) | {"package_info": f"affffddafdfafddffda=={number}"})

    def _problem(self, number: str, asked: dict[str, Any]) -> dict[str, str] | None:
        known = self._stage.world.payouts.get(number)
        if known and {**known.request, "user_name": ""} != {**asked, "user_name": ""}:
            return {"code": "PARAM_ERROR", "message": "商户单号重入但参数不一致"}
        if known is None and self._faults.transfers is TransferFault.POOR:
            return {"code": "NOT_ENOUGH", "message": "资金不足"}
        amount = asked.get("transfer_amount")
        named = not isinstance(amount, int) or amount < NAME_FROM_FEN or asked.get("user_name")
        if not _NUMBER.fullmatch(number) or not isinstance(amount, int) or not asked.get("openid") or not named:
            return {"code": "PARAM_ERROR", "message": "参数错误"}
        return None

    async def _show(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed(request, b""):
            return self._answer(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        known = self.payout(request.match_info["number"])
        if known is None or self._stage.now() - known.at > KEPT:
            return self._answer(404, {"code": "NOT_FOUND", "message": "记录不存在"})
        return self._answer(200, self._row(known.number))

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed(request, await request.read()):
            return self._answer(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        known = self.payout(request.match_info["number"])
        if known is None:
            return self._answer(404, {"code": "NOT_FOUND", "message": "记录不存在"})
        if known.state != "WAIT_USER_CONFIRM":
            return self._answer(400, {"code": "INVALID_REQUEST", "message": "当前单据状态不允许撤销"})
        known.state = "CANCELLED"
        self._stage.world.calls += 1
        return self._answer(200, {"out_bill_no": known.number, "state": "CANCELING"})

    def _row(self, number: str) -> dict[str, Any]:
        known = self._aged(self._stage.world.payouts[number])
        why = {"fail_reason": known.why} if known.why else {}
        return {
            "out_bill_no": number,
            "transfer_bill_no": f"13300{number.upper()}",
            "create_time": datetime.fromtimestamp(known.at, BEIJING).isoformat(),
            "state": known.state,
            **why,
        }

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        header = request.headers.get("Authorization", "")
        told = dict(_PAIR.findall(header)) if _AUTHORIZATION.fullmatch(header) else {}
        if set(told) != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}:
            return False
        if self.merchant is None:
            return True
        message = f"{request.method}\n{request.path_qs}\n{told['timestamp']}\n{told['nonce_str']}\n".encode() + body
        try:
            signature = base64.b64decode(told["signature"])
            self.merchant.verify(signature, message + b"\n", padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True

    def _answer(self, status: int, row: dict[str, Any]) -> web.Response:
        body = msgspec.json.encode(row)
        stamp, nonce = str(int(self._machine_clock().timestamp())), f"{len(self.posts):032X}"
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()
        headers = {"Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce}
        headers |= {"Wechatpay-Serial": KEY_ID, "Wechatpay-Signature": signature}
        return web.Response(body=body, status=status, headers=headers, content_type="application/json")


async def _dropped(request: web.Request) -> web.StreamResponse:
    """Nobody hears an answer: the connection breaks off."""
    if request.transport is not None:
        request.transport.abort()
    await asyncio.sleep(0)
    return web.Response(status=500)
