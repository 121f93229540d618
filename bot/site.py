"""The one web application: every address of design 5.2, each with the part that serves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.api.api import Api
from bot.api.gate import Gate
from bot.api.operations import Office
from bot.channels.wecom.entrance import Entrance
from bot.config import Config
from bot.config.sections import ShippingConnector
from bot.designing import Designing
from bot.errors_page import guard
from bot.fulfilment.given import given_by
from bot.handler import Handler
from bot.hooks.orders import routes as order_routes
from bot.hooks.reading import Naming
from bot.hooks.signals import routes as signal_routes
from bot.keys import Keys
from bot.operator import Operator
from bot.pages.cards import CardDesk, Tickets, sdk_in
from bot.pages.doorway import Doorway
from bot.pages.landing import Landing
from bot.pages.me import OwnPage
from bot.pages.me_giving import OwnThanks
from bot.pages.me_personal import OwnPersonal
from bot.pages.me_phone import OwnPhone
from bot.pages.me_reward import OwnReward
from bot.pages.poster import PosterPages
from bot.pages.public import PublicPages
from bot.pages.rep import RepPages
from bot.pages.rep_care import RepCare
from bot.pages.rep_cares import RepCares
from bot.pages.rep_coupon import RepCoupons
from bot.pages.rep_door import RepDoor
from bot.pages.rep_friends import RepFriends
from bot.pages.rep_many import RepMany
from bot.pages.rep_passes import Passes
from bot.pages.rep_people import RepPeople
from bot.pages.rep_posters import RepPosters
from bot.pages.stories import StoryPages
from bot.pages.tokens import Tokens
from bot.pages.visits import Visits
from bot.photo_shelf import DESIGNS, PhotoShelf
from bot.playground import Playground
from bot.playground.behind import Reader
from bot.playground.playground import let_ourselves_frame
from bot.posters.commissions import PosterDesk
from bot.sandbox import Sandbox
from bot.words import Words
from referral.facts import Facts
from referral.ids import Bits
from referral.times import Clock
from storage.errors import StorageError
from storage.store import Store

_FORM_BYTES = 1 << 20  # of any body that no part limits for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the addresses are served from."""

    config: Config
    keys: Keys
    store: Store
    facts: Facts
    words: Words
    naming: Naming
    operator: Operator
    page_tokens: Tokens
    posters: PosterDesk
    handler: Handler
    entrance: Entrance | None
    tickets: Tickets | None
    sandbox: Sandbox | None
    clock: Clock
    machine_clock: Clock
    rng: Bits
    wake: Callable[[], None]


def make_site(parts: Parts) -> web.Application:
    """Put all routes together. Behind the sandbox's addresses stands the platform it plays."""
    site = web.Application(middlewares=[guard(parts.facts.company)], client_max_size=_FORM_BYTES)
    site.add_routes(parts.handler.routes())
    cards = _cards(parts)
    site.add_routes(_pages(parts, cards))
    site.add_routes(_rep_pages(parts, cards))
    site.add_routes(_hooks(parts))
    site.add_routes(_api(parts))
    if parts.sandbox:
        site.add_routes(parts.sandbox.routes())
        _open_playground(site, parts, parts.sandbox)
    return site


def _open_playground(site: web.Application, parts: Parts, sandbox: Sandbox) -> None:
    reader = Reader(store=parts.store, facts=parts.facts, words=parts.words, clock=parts.clock)
    ground = Playground(
        sandbox=sandbox, reader=reader, facts=parts.facts, clock=parts.clock, boot=f"{parts.rng.getrandbits(48):012x}"
    )
    site.add_routes(ground.routes())
    site.on_response_prepare.append(let_ourselves_frame)
    site.on_shutdown.append(ground.close)


def _pages(parts: Parts, cards: CardDesk) -> list[web.RouteDef]:
    data_dir = parts.config.files.data_dir
    shared: dict[str, Any] = {
        "store": parts.store,
        "facts": parts.facts,
        "words": parts.words,
        "clock": parts.clock,
    }
    acting: dict[str, Any] = shared | {"doorway": _doorway(parts), "rng": parts.rng, "wake": parts.wake}
    ships = [name for name, each in parts.config.fulfilment.items() if isinstance(each, ShippingConnector)]
    safe = given_by(parts.keys.seal, ships)
    visits = Visits(facts=parts.facts, words=parts.words, doorway=acting["doorway"])
    own = OwnPage(**acting, tokens=parts.page_tokens, safe=safe, cards=cards)
    return [
        *Landing(**acting, visits=visits, posters=parts.posters, cards=cards, pictures=data_dir / "qr").routes(),
        *PosterPages(**shared, visits=visits, posters=parts.posters, cards=cards).routes(),
        *cards.routes(),
        *own.routes(),
        *OwnPhone(own=own, phone_key=parts.keys.phone).routes(),
        *OwnPersonal(own=own).routes(),
        *OwnThanks(own=own, safe=safe).routes(),
        *OwnReward(own=own).routes(),
        *StoryPages(
            store=parts.store,
            facts=parts.facts,
            words=parts.words,
            cards=cards,
            shelf=PhotoShelf(data_dir),
            clock=parts.clock,
        ).routes(),
        *PublicPages(
            **shared, cards=cards, verify_dir=data_dir / "verify", ready=lambda: _unready(parts.store)
        ).routes(),
    ]


def _cards(parts: Parts) -> CardDesk:
    return CardDesk(
        facts=parts.facts,
        words=parts.words,
        sdk=sdk_in(parts.config.files.data_dir),
        tickets=parts.tickets,
        clock=parts.clock,
        rng=parts.rng,
    )


def _doorway(parts: Parts) -> Doorway:
    server = parts.config.server
    return Doorway(
        key=parts.keys.tokens,
        trusted=[str(proxy) for proxy in server.trusted_proxies],
        secure=server.public_url.startswith("https://"),
    )


def _rep_pages(parts: Parts, cards: CardDesk) -> list[web.RouteDef]:
    door = RepDoor(
        store=parts.store,
        facts=parts.facts,
        passes=Passes(parts.keys.tokens),
        entrance=parts.entrance,
        login_base=_login_base(parts),
        clock=parts.clock,
        rng=parts.rng,
    )
    pages = RepPages(
        store=parts.store,
        facts=parts.facts,
        words=parts.words,
        door=door,
        clock=parts.clock,
        rng=parts.rng,
        wake=parts.wake,
        plain_links=not cards.is_heard,
    )
    people = RepPeople(pages=pages, phone_key=parts.keys.phone)
    designing = Designing(
        store=parts.store,
        facts=parts.facts,
        words=parts.words,
        posters=parts.posters,
        photos=PhotoShelf(parts.config.files.data_dir, DESIGNS),
        clock=parts.clock,
    )
    posters = RepPosters(pages=pages, designing=designing)
    others = [*RepMany(pages=pages).routes(), *people.routes(), *RepCare(pages=pages).routes()]
    others += RepCares(pages=pages).routes()
    others += RepFriends(pages=pages).routes()
    return [*pages.routes(), *others, *RepCoupons(pages=pages).routes(), *posters.routes()]


def _login_base(parts: Parts) -> str:
    """Where reps log in; where the sandbox plays the platform, at our own address."""
    wecom = parts.config.wecom
    return (wecom.oauth_base if wecom else None) or parts.config.server.public_url


def _hooks(parts: Parts) -> list[web.RouteDef]:
    orders, signals = parts.config.orders, parts.config.signals
    shared: dict[str, Any] = {"clock": parts.clock, "machine_clock": parts.machine_clock, "rng": parts.rng}
    found: list[web.RouteDef] = []
    if orders:
        key = parts.keys.phone
        named: dict[str, Any] = {"app_id": parts.naming.app_id, "accounts": parts.naming.accounts}
        found += order_routes(parts.store, parts.facts, [orders.secret], key, **shared, **named)
    if signals:
        found += signal_routes(parts.store, parts.facts, [signals.secret], parts.naming, **shared, wake=parts.wake)
    return found


def _api(parts: Parts) -> list[web.RouteDef]:
    office = Office(
        facts=parts.facts,
        words=parts.words,
        naming=parts.naming,
        operator=parts.operator,
        clock=parts.clock,
        rng=parts.rng,
        ledger_seed=parts.keys.ledger,
    )
    gate = Gate(store=parts.store, doorway=_doorway(parts), clock=parts.machine_clock)
    api = Api(store=parts.store, office=office, gate=gate, machine_clock=parts.machine_clock, wake=parts.wake)
    return api.routes()


async def _unready(store: Store) -> str | None:
    """Why callbacks could not be taken now, None if they can."""
    try:
        await store.write(lambda tx: tx.marks.get("program"))
    except StorageError as error:
        return str(error)
    return None
