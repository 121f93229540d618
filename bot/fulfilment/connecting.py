"""From the configuration to connectors: who makes which kind of thanks real, and who is told of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.config.sections import (
    Config,
    CouponConnector,
    ShippingConnector,
    WebhookConnector,
    WechatPayConnector,
)
from bot.config.sections import Connector as Section
from bot.fulfilment.books import Books, Connector
from bot.fulfilment.coupons import Coupons
from bot.fulfilment.fulfilment import Fulfilment
from bot.fulfilment.given import Given
from bot.fulfilment.posting import Post
from bot.fulfilment.shipping import Shipping
from bot.fulfilment.transfers import Cash
from bot.fulfilment.webhooks import Webhooks
from bot.fulfilment.wechatpay import Merchant, WechatPay, private_key, public_key
from referral.announcements import TYPES, Listeners
from referral.fulfilment import Connectors
from referral.times import Clock

SANDBOX_KEY_ID = "PUB_KEY_ID_SANDBOX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What connectors are made with: the way out, the machine's clock and chance, and what people have given.

    `played` is the public key of the sandbox's own merchant platform, where there is one.
    """

    session: ClientSession
    machine_clock: Clock
    random_bytes: Callable[[int], bytes]
    given: Given
    played: Callable[[], RSAPublicKey] | None = None


def gives(sections: Mapping[str, Section]) -> Connectors:
    """Which connector makes which kind of thanks real; one that is off makes none."""
    return {kind: name for name, section in sections.items() if section.enabled for kind in section.gives}


def listeners(sections: Mapping[str, Section]) -> Listeners:
    """Which connectors are told of which type of news."""
    webhooks = {name: section for name, section in sections.items() if isinstance(section, WebhookConnector)}
    told = {type_: tuple(name for name, each in webhooks.items() if type_ in each.events) for type_ in TYPES}
    return {type_: names for type_, names in told.items() if names}


def connect(config: Config, books: Books, means: Means) -> Fulfilment:
    """All connectors that are on, ready to work. Raises `ValueError` for a key that is none."""
    on = {name: section for name, section in config.fulfilment.items() if section.enabled}
    return Fulfilment(books, {name: _made(config, name, section, books, means) for name, section in on.items()})


def _made(config: Config, name: str, section: Section, books: Books, means: Means) -> Connector:
    match section:
        case WebhookConnector():
            post = Post(
                means.session,
                url=section.url,
                secret=section.secret,
                timeout_s=section.timeout_s,
                clock=means.machine_clock,
            )
            return Webhooks(name, books, post)
        case CouponConnector():
            return Coupons(name, books, section.pool)
        case ShippingConnector():
            return Shipping(name, books, means.given)
        case WechatPayConnector():
            platform = WechatPay(
                means.session,
                _merchant(config, section, means.played),
                api_base=section.api_base or config.server.own_address,
                clock=means.machine_clock,
                random_bytes=means.random_bytes,
            )
            return Cash(name, books, platform, means.given, app_id=section.app_id, most_fen=section.most_fen)


def _merchant(config: Config, section: WechatPayConnector, played: Callable[[], RSAPublicKey] | None) -> Merchant:
    own = played() if played and not section.public_key else None
    return Merchant(
        mch_id=section.mch_id,
        app_id=section.app_id,
        serial_no=section.serial_no,
        private_key=private_key(section.private_key),
        public_key=own or public_key(section.public_key or ""),
        public_key_id=SANDBOX_KEY_ID if own else section.public_key_id,
        scene=section.scene,
        remark=section.remark,
        activity=config.company.name,
    )
