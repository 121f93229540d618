"""A person's own page: codes, friends, thanks with their proofs, the friend's yes or no, and how to be named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from bot.conversations.account import Account, Friend, account_of
from bot.pages.answer import page, plain
from bot.pages.doorway import Doorway
from bot.pages.look import SECURITY_HEADERS
from bot.pages.tokens import Tokens
from bot.pages.views import CodeRow, FriendRow, MeView, MissingView, Question, ThanksRow, Tone
from bot.words import Words
from referral import notices
from referral.errors import NotFound
from referral.facts import Facts
from referral.ids import Bits, is_id
from referral.people import Byline, Person
from referral.referrals import Disclosure, Referral, ReferralStatus
from referral.rewards import Reward, RewardState, Side
from referral.times import SHANGHAI, Clock, chinese_date
from storage import proofs
from storage.store import Store
from storage.transaction import Transaction

_FORM = "application/x-www-form-urlencoded"
_FORM_LIMIT = 4096  # bytes
_TONES: dict[str, Tone] = {"done": "good", "left_out": "off", "granted": "good", "reversed": "off", "rejected": "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPage:
    """The private addresses."""

    store: Store
    facts: Facts
    words: Words
    tokens: Tokens
    doorway: Doorway
    clock: Clock
    rng: Bits
    wake: Callable[[], None]

    def routes(self) -> list[web.RouteDef]:
        """`/me/{token}` and what it posts to."""
        return [
            web.get("/me/{token}", self.show),
            web.post("/me/{token}/answer", self.answer),
            web.post("/me/{token}/byline", self.byline),
            web.get("/me/{token}/proof/{reward}", self.proof),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The page; the browser that opens it is known as its person's own from then on."""
        token = request.match_info["token"]
        person = self.tokens.read(token)
        if person is None:
            return self._missing()
        cookie = web.Response()
        device = self.doorway.device(request) or self.doorway.mark(cookie, self.rng, secure=request.secure)
        now = self.clock()
        view = await self.store.write(lambda tx: self._open(tx, person, token, device, now))
        answer = page(view) if view else self._missing()
        answer.cookies.update(cookie.cookies)
        return answer

    async def answer(self, request: web.Request) -> web.Response:
        """The friend's yes or no."""
        person, form = await self._posted(request)
        said = form.get("answer")
        if person is None or said not in ("yes", "no"):
            return self._missing() if person is None else plain(400, "answer: yes 或 no")
        now, asked = self.clock(), form.get("referral", "")
        if not is_id(asked, "r"):
            return self._missing()

        def unit(tx: Transaction) -> bool:
            friend = tx.people.get(person)
            return friend is not None and notices.disclose(
                tx, self.facts, friend.id, asked, said == "yes", now=now, rng=self.rng
            )

        if not await self.store.write(unit):
            return self._missing()
        self.wake()
        return self._back(request)

    async def byline(self, request: web.Request) -> web.Response:
        """How the person wants to appear."""
        person, form = await self._posted(request)
        chosen = form.get("byline", "")
        if person is None:
            return self._missing()
        if chosen not in {b.value for b in Byline}:
            return plain(400, "byline: face、nickname 或 none")
        await self.store.write(lambda tx: tx.people.learn(person, byline=chosen))
        return self._back(request)

    async def proof(self, request: web.Request) -> web.Response:
        """The ledger proof of one of the person's own rewards, as JSON."""
        person = self.tokens.read(request.match_info["token"])
        reward = request.match_info["reward"]

        def unit(tx: Transaction) -> dict[str, object] | None:
            found = tx.rewards.get(reward)
            return dict(proofs.prove(tx, reward)) if found and found.person == person else None

        try:
            found = await self.store.read(unit) if person and is_id(reward, "w") else None
        except NotFound:
            found = None
        if found is None:
            return self._missing()
        return web.Response(
            text=json.dumps(found, ensure_ascii=False, indent=2),
            content_type="application/json",
            headers=SECURITY_HEADERS | {"Cache-Control": "no-store"},
        )

    def _missing(self) -> web.Response:
        return page(MissingView(company=self.facts.company))

    def _back(self, request: web.Request) -> web.Response:
        raise web.HTTPSeeOther(f"/me/{request.match_info['token']}", headers=SECURITY_HEADERS)

    async def _posted(self, request: web.Request) -> tuple[str | None, dict[str, str]]:
        """Whose page posted what; a form from another site is nobody's."""
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc not in (request.host, urlsplit(self.facts.public_url).netloc):
            return None, {}
        if request.content_type != _FORM or (request.content_length or 0) > _FORM_LIMIT:
            return None, {}
        body = await request.read()
        if len(body) > _FORM_LIMIT:
            return None, {}
        return self.tokens.read(request.match_info["token"]), dict(parse_qsl(body.decode("utf-8", "replace")))

    def _open(self, tx: Transaction, person_id: str, token: str, device: str, now: datetime) -> MeView | None:
        person = tx.people.get(person_id)
        if person is None:
            return None
        tx.people.own_device(device, person.id, now)
        account = account_of(tx, person.id)
        home = f"/me/{token}"
        return MeView(
            company=self.facts.company,
            home=home,
            name=person.called,
            codes=tuple(row for row in (self._code_row(tx, person, code.code, now) for code in account.codes) if row),
            friends=tuple(self._friend_row(friend) for friend in account.friends),
            thanks=tuple(self._thanks_row(tx, reward, home) for reward in account.rewards),
            questions=self._questions(tx, person.id),
            byline=person.byline.value,
            opted_out=notices.is_silent(tx, person.id),
            notices=tuple(self._news(tx, notice, person) for notice in tx.notices.waiting(person.id)),
            desk_link=self.facts.desk_page if self.facts.desk else None,
            rules_url=self._rules_url(account),
            privacy_url="/privacy",
        )

    def _news(self, tx: Transaction, notice: notices.Notice, person: Person) -> str:
        """News as it reads on the very page that it links to in a chat."""
        text = notices.worded(tx, self.facts, notice)
        return text.removesuffix(self.facts.own_page(person.id)).removesuffix("明细：")

    def _rules_url(self, account: Account) -> str:
        """The rules that concern this person most recently."""
        if account.codes:
            return f"/rules/{account.codes[-1].campaign}"
        if account.rewards:
            return f"/rules/{account.rewards[-1].campaign}"
        return "/rules"

    def _code_row(self, tx: Transaction, person: Person, code: str, now: datetime) -> CodeRow | None:
        found = tx.codes.find(code)
        campaign = tx.campaigns.get(found.campaign) if found else None
        if campaign is None or campaign.is_over(now):
            return None
        terms, link = tx.campaigns.terms(campaign.id, campaign.version), self.facts.link(code)
        return CodeRow(
            campaign=campaign.name,
            code=code,
            code_spaced=f"{code[:4]} {code[4:]}",
            poster_url=f"/p/{code}.jpg",
            link=link,
            words=self.words.share(person, campaign, terms, edition="friend", link=link, code=code, now=now),
        )

    def _friend_row(self, friend: Friend) -> FriendRow:
        return FriendRow(
            label=self.words.friend(friend.name),
            status=self.words.say(f"state.{friend.state}"),
            note=self.words.reason(friend.reason) if friend.state == "left_out" else "",
            at=_day(friend.referral.at),
            tone=_TONES.get(friend.state, "plain"),
        )

    def _thanks_row(self, tx: Transaction, reward: Reward, home: str) -> ThanksRow:
        campaign = tx.campaigns.get(reward.campaign)
        referral = tx.referrals.get(reward.referral)
        assert campaign and referral
        offer = self.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, referral.version))
        what = offer["advocate_thanks" if reward.side is Side.ADVOCATE else "friend_thanks"]
        side: Literal["advocate", "friend"] = "advocate" if reward.side is Side.ADVOCATE else "friend"
        recorded = reward.state is not RewardState.REJECTED
        return ThanksRow(
            what=str(what),
            side=side,
            status=self.words.say(f"state.{reward.state.value}"),
            note=_note(reward, self.words),
            at=_day(reward.granted_at or reward.reversed_at or reward.held_at),
            proof_url=f"{home}/proof/{reward.id}" if recorded else None,
            tone=_TONES.get(reward.state.value, "plain"),
        )

    def _questions(self, tx: Transaction, person: str) -> tuple[Question, ...]:
        """Whether each advocate may know; an answer given can be changed here at any time."""
        standing = [r for r in tx.referrals.of_friend(person) if r.status in _STANDING]
        return tuple(Question(id=r.id, text=self._question(tx, r)) for r in standing)

    def _question(self, tx: Transaction, referral: Referral) -> str:
        advocate = tx.people.get(referral.advocate)
        name = advocate.shown_name if advocate else None
        if referral.disclosed in _CHOSEN:
            return self.words.say(_CHOSEN[referral.disclosed], advocate=name or "介绍您来的朋友")
        return self.words.say("privacy.ask", advocate=name) if name else self.words.say("privacy.ask_unsigned")


_STANDING = (ReferralStatus.PENDING, ReferralStatus.CREDITED)
_CHOSEN = {Disclosure.YES: "privacy.now_yes", Disclosure.NO: "privacy.now_no"}


def _note(reward: Reward, words: Words) -> str:
    if reward.state is RewardState.HELD and reward.due_at:
        return f"预计{chinese_date(reward.due_at)}到账"
    if reward.state in (RewardState.REJECTED, RewardState.REVERSED):
        return words.reason(reward.reason)
    return ""


def _day(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"
