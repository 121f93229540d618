"""WeChat Pay's transfers (商家转账, API v3): the wire behind `transfer.Transfers`.

NOT VERIFIED against the platform: written from reference/platform.md 7.9 and the published forms of API v3 requests
(pay.weixin.qq.com/docs/merchant, mch-trans), and proved only against the sandbox's counterpart. It is off by default.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from bot import __version__
from bot.config.secret import pem_lines
from bot.fulfilment.transfer import Order, Transfer, TransferState, Unclear
from referral.times import Clock

_PATH = "/v3/fund-app/mch-transfer/transfer-bills"
_SCHEMA = "WECHATPAY2-SHA256-RSA2048"
_TIMEOUT = ClientTimeout(total=15)
_LARGEST = 64 * 1024  # bytes of an answer
_TOLERANCE_S = 300
_NOT_FOUND = (404, "NOT_FOUND")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Merchant:
    """Whose account it is, and the keys: our private one, the platform's public one, each with its number."""

    mch_id: str
    app_id: str
    serial_no: str
    private_key: RSAPrivateKey
    public_key: RSAPublicKey
    public_key_id: str
    scene: str
    remark: str
    activity: str


class WechatPay:
    """`transfer.Transfers` over HTTP. `clock` is the machine's own, as the platform checks it."""

    def __init__(
        self,
        session: ClientSession,
        merchant: Merchant,
        *,
        api_base: str,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._session = session
        self._merchant = merchant
        self._base = api_base
        self._clock = clock
        self._random_bytes = random_bytes

    async def create(self, order: Order) -> Transfer:
        """Make a transfer, or find the one made under this number; anything but a signed 200 is `Unclear`."""
        status, answer = await self._call("POST", _PATH, self._request(order))
        if status != 200:
            raise Unclear(_code(answer) or f"status_{status}")
        return _transfer(answer)

    async def query(self, number: str) -> Transfer | None:
        """How the transfer stands; None only where the platform says, signed, that it knows of none."""
        status, answer = await self._call("GET", f"{_PATH}/out-bill-no/{number}", None)
        if (status, answer.get("code")) == _NOT_FOUND:
            return None
        if status != 200:
            raise Unclear(_code(answer) or f"status_{status}")
        return _transfer(answer)

    async def cancel(self, number: str) -> None:
        """Ask for it back; a refusal is left to `query` to explain."""
        await self._call("POST", f"{_PATH}/out-bill-no/{number}/cancel", {})

    def _request(self, order: Order) -> dict[str, Any]:
        at = self._merchant
        name = {"user_name": self._sealed(order.name)} if order.name else {}
        return {
            "appid": at.app_id,
            "out_bill_no": order.number,
            "transfer_scene_id": at.scene,
            "openid": order.openid,
            **name,
            "transfer_amount": order.amount_fen,
            "transfer_remark": at.remark,
            "transfer_scene_report_infos": [
                {"info_type": "活动名称", "info_content": at.activity},
                {"info_type": "奖励说明", "info_content": at.remark},
            ],
        }

    def _sealed(self, text: str) -> str:
        padding = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303  # as the platform has it
        return base64.b64encode(self._merchant.public_key.encrypt(text.encode(), padding)).decode()

    async def _call(self, method: str, path: str, request: Mapping[str, Any] | None) -> tuple[int, dict[str, Any]]:
        body = msgspec.json.encode(request) if request is not None else b""
        headers = self._headers(method, path, body)
        try:
            async with self._session.request(
                method, self._base + path, data=body or None, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                return response.status, await self._read(response)
        except TimeoutError:
            raise Unclear("no_answer_in_time") from None
        except (ClientError, OSError):
            raise Unclear("no_connection") from None

    def _headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        at, now = self._merchant, int(self._clock().timestamp())
        nonce = self._random_bytes(16).hex().upper()
        message = b"\n".join([method.encode(), path.encode(), str(now).encode(), nonce.encode(), body, b""])
        signature = base64.b64encode(at.private_key.sign(message, PKCS1v15(), SHA256())).decode()
        named = {"mchid": at.mch_id, "nonce_str": nonce, "signature": signature}
        named |= {"timestamp": str(now), "serial_no": at.serial_no}
        return {
            "Authorization": f"{_SCHEMA} " + ",".join(f'{name}="{value}"' for name, value in named.items()),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"taoli/{__version__}",
            "Wechatpay-Serial": at.public_key_id,
        }

    async def _read(self, response: ClientResponse) -> dict[str, Any]:
        """The answer, if it is the platform's own: what anybody between us could have written says nothing."""
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > _LARGEST:
                raise Unclear("unreadable")
        self._check(response.headers, bytes(content))
        try:
            answer = msgspec.json.decode(content or b"{}")
        except msgspec.DecodeError:
            raise Unclear("unreadable") from None
        if not isinstance(answer, dict):
            raise Unclear("unreadable")
        return answer

    def _check(self, headers: Mapping[str, str], body: bytes) -> None:
        stamp, nonce = headers.get("Wechatpay-Timestamp", ""), headers.get("Wechatpay-Nonce", "")
        fresh = re.fullmatch(r"[0-9]{10}", stamp) and abs(self._clock().timestamp() - int(stamp)) <= _TOLERANCE_S
        if not fresh or headers.get("Wechatpay-Serial") != self._merchant.public_key_id:
            raise Unclear("not_verified")
        message = b"\n".join([stamp.encode(), nonce.encode(), body, b""])
        try:
            signature = base64.b64decode(headers.get("Wechatpay-Signature", ""), validate=True)
            self._merchant.public_key.verify(signature, message, PKCS1v15(), SHA256())
        except (ValueError, InvalidSignature):
            raise Unclear("not_verified") from None


def private_key(pem: str) -> RSAPrivateKey:
    """A merchant's key. Raises `ValueError` where it is none."""
    key = load_pem_private_key(pem_lines(pem), None)
    if isinstance(key, RSAPrivateKey):
        return key
    raise ValueError("not an RSA key")


def public_key(pem: str) -> RSAPublicKey:
    """The platform's key. Raises `ValueError` where it is none."""
    key = load_pem_public_key(pem_lines(pem))
    if isinstance(key, RSAPublicKey):
        return key
    raise ValueError("not an RSA key")


def _transfer(answer: Mapping[str, Any]) -> Transfer:
    texts = {key: value for key, value in answer.items() if isinstance(value, str)}
    try:
        state = TransferState(texts.get("state", ""))
    except ValueError:
        raise Unclear("unreadable") from None
    why = texts.get("fail_reason", "")
    return Transfer(
        state=state,
        external=texts.get("transfer_bill_no", ""),
        package=texts.get("package_info", ""),
        why=why if _CODE.fullmatch(why) else "",
    )


def _code(answer: Mapping[str, Any]) -> str:
    code = answer.get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
