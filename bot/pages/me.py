"""A person's own page: codes, friends, thanks with their proofs, the friend's yes or no, and how to be named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from bot import explaining
from bot.conversations.account import Account, Friend, account_of
from bot.fulfilment.given import Safe
from bot.pages.answer import page, plain
from bot.pages.cards import CardDesk
from bot.pages.doorway import Doorway
from bot.pages.look import SECURITY_HEADERS
from bot.pages.me_thanks import NAME_CONSENT, ThanksReading, veiled
from bot.pages.thanks_views import Tone
from bot.pages.tokens import Tokens
from bot.pages.views import Cards, CodeRow, FriendRow, MeView, NothingView, Question
from bot.words import Words
from referral import due_rows, notices, poster_links
from referral.explain import Explanation
from referral.facts import Facts
from referral.history import history_of
from referral.ids import Bits, is_id
from referral.people import Byline, Person
from referral.promises import is_full
from referral.referrals import Disclosure, Referral, ReferralStatus
from referral.times import SHANGHAI, Clock
from storage.store import Store
from storage.transaction import Transaction

_FORM = "application/x-www-form-urlencoded"
_FORM_LIMIT = 4096  # bytes
PHONE_TOLD = {
    "phone": "收到了。有对得上的订单，这一页会告诉您；刚下的单，要晚些时候才查得到。",
    "phone-unclear": "这个号码好像不完整，麻烦再看一眼。",
    "phone-busy": "试得有点多了，请过十分钟再来。",
}
"""What the page says after a phone was given: the same whoever it belongs to."""

PERSONAL_TOLD = {
    ("personal-off", False): "关掉了，现在就生效。",
    ("personal-on", True): "打开了，现在就生效。",
}
"""What the page says after personalisation was switched, as long as it stands so."""

THANKS_TOLD = {
    "choice": "记下了，就按您选的来。到账之前都可以改。",
    "choice-closed": "这一份现在不能换了。",
    "address": "地址收到了，寄出以后会告诉您。",
    "address-unclear": "收件人、电话和地址都要写全，麻烦再看一眼。",
    "address-late": "这一份已经寄出，或者不用寄了，地址没有改。",
    "name": "收到了，只用来核对收款人和报税。",
    "name-unclear": "姓名好像不完整，麻烦再看一眼。",
    "name-consent": "要先勾选同意，我们才能保存您的姓名。",
    "name-withdrawn": "已经撤回，姓名删掉了。",
    "redeemed": "换好了，在下面的谢礼里。",
    "shop.closed": "这一件已经下架了，积分没有动。",
    "shop.points": "积分还不够换这一件。",
    "shop.empty": "这一件刚刚换完了，积分没有动。",
}
"""What the page says after something was done about thanks."""
_TONES: dict[str, Tone] = {"done": "good", "left_out": "off", "granted": "good", "reversed": "off", "rejected": "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPage:
    """The private addresses."""

    store: Store
    facts: Facts
    words: Words
    tokens: Tokens
    safe: Safe
    doorway: Doorway
    cards: CardDesk
    clock: Clock
    rng: Bits
    wake: Callable[[], None]

    def routes(self) -> list[web.RouteDef]:
        """`/me/{token}` and what it posts to."""
        return [
            web.get("/me/{token}", self.show),
            web.post("/me/{token}/answer", self.answer),
            web.post("/me/{token}/byline", self.byline),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The page; the browser that opens it is known as its person's own from then on."""
        token = request.match_info["token"]
        person = self.tokens.read(token)
        if person is None:
            return self.missing()
        cookie = web.Response()
        device = self.doorway.device(request) or self.doorway.mark(cookie, self.rng, secure=request.secure)
        now = self.clock()
        view, cards = await self.store.write(lambda tx: self._open(tx, person, token, device, now))
        told = request.query.get("told", "")
        of_phone, of_thanks = PHONE_TOLD.get(told, ""), THANKS_TOLD.get(told, "")
        of_personal = PERSONAL_TOLD.get((told, view.personal), "") if view else ""
        script = await self.cards.own_script(request, cards) if view else None
        answer = (
            page(replace(view, phone_told=of_phone, thanks_told=of_thanks, personal_told=of_personal, script=script))
            if view
            else self.missing()
        )
        answer.cookies.update(cookie.cookies)
        return answer

    async def answer(self, request: web.Request) -> web.Response:
        """The friend's yes or no."""
        person, form = await self.posted(request)
        said = form.get("answer")
        if person is None or said not in ("yes", "no"):
            return self.missing() if person is None else plain(400, "answer: yes 或 no")
        now, asked = self.clock(), form.get("referral", "")
        if not is_id(asked, "r"):
            return self.missing()

        def unit(tx: Transaction) -> bool:
            friend = tx.people.get(person)
            return friend is not None and notices.disclose(
                tx, self.facts, friend.id, asked, said == "yes", now=now, rng=self.rng
            )

        if not await self.store.write(unit):
            return self.missing()
        self.wake()
        return self.back(request)

    async def byline(self, request: web.Request) -> web.Response:
        """How the person wants to appear."""
        person, form = await self.posted(request)
        chosen = form.get("byline", "")
        if person is None:
            return self.missing()
        if chosen not in {b.value for b in Byline}:
            return plain(400, "byline: face、nickname 或 none")

        def unit(tx: Transaction) -> bool:
            known = tx.people.get(person)
            if known is None or tx.erasures.find(known.id):
                return False
            tx.people.learn(known.id, byline=chosen)
            return True

        return self.back(request) if await self.store.write(unit) else self.missing()

    def missing(self) -> web.Response:
        """One page for everything that is not there."""
        return page(NothingView(company=self.facts.company, own=True))

    def back(self, request: web.Request, told: str = "", *, at: str = "phone") -> web.Response:
        """To the page again, `at` the part that tells of what was just done."""
        said = f"?told={told}#{at}" if told else ""
        raise web.HTTPSeeOther(f"/me/{request.match_info['token']}{said}", headers=SECURITY_HEADERS)

    async def posted(self, request: web.Request) -> tuple[str | None, dict[str, str]]:
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

    def reading(self, tx: Transaction, token: str, now: datetime) -> ThanksReading:
        """What reads somebody's thanks for the pages below `/me/{token}`."""
        home = f"/me/{token}"
        return ThanksReading(
            tx=tx, facts=self.facts, words=self.words, safe=self.safe, home=home, now=now, rng=self.rng
        )

    def newest_cards(self, tx: Transaction, person: str, now: datetime) -> Cards | None:
        """What of somebody's may be passed on: the landing page of their newest code that takes friends."""
        for code in reversed(tx.codes.of_advocate(person)):
            campaign = tx.campaigns.get(code.campaign)
            if campaign and campaign.is_open(now):
                return self.cards.of(code.code, person, campaign, tx.campaigns.terms(campaign.id, campaign.version))
        return None

    def _open(
        self, tx: Transaction, person_id: str, token: str, device: str, now: datetime
    ) -> tuple[MeView | None, Cards | None]:
        person = tx.people.get(person_id)
        if person is None or tx.erasures.find(person.id):
            return None, None
        tx.people.own_device(device, person.id, now)
        due_rows.met(tx, self.facts, person.id, now, now=now)
        return self._view(tx, person, token, now), self.newest_cards(tx, person.id, now)

    def _view(self, tx: Transaction, person: Person, token: str, now: datetime) -> MeView:
        account, reading = account_of(tx, person.id, now), self.reading(tx, token, now)
        home, name = f"/me/{token}", self.safe.name_of(tx, person.id)
        return MeView(
            company=self.facts.company,
            home=home,
            name=person.called,
            codes=tuple(row for row in (self._code_row(tx, person, code.code, now) for code in account.codes) if row),
            friends=tuple(self._friend_row(friend, now) for friend in account.friends),
            thanks=tuple(reading.row(reward) for reward in reversed(account.rewards)),
            questions=self._questions(tx, person.id),
            byline=person.byline.value,
            opted_out=notices.is_silent(tx, person.id),
            personal=tx.moments.get(person.id).personal,
            notices=tuple(self._news(tx, person)),
            desk_link=self.facts.desk_page if self.facts.desk else None,
            rules_url=self._rules_url(account),
            privacy_url="/privacy",
            points=reading.shelf(person.id),
            real_name=veiled(name) if name else "",
            name_consent=NAME_CONSENT.format(company=self.facts.company),
        )

    def _news(self, tx: Transaction, person: Person) -> list[str]:
        """What waits to be told, as it reads on the very page that it links to in a chat."""
        said = notices.said(tx, self.facts, tx.notices.waiting(person.id))
        return [text.removesuffix(self.facts.own_page(person.id)).removesuffix("明细：") for text in said]

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
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        link = poster_links.link_in_words(tx, self.facts, code)
        return CodeRow(
            campaign=campaign.name,
            code=code,
            code_spaced=f"{code[:4]} {code[4:]}",
            poster_url=f"/p/{code}.jpg",
            posters_url=f"/p/{code}",
            link=link,
            words=""
            if is_full(campaign)
            else self.words.share(
                person,
                campaign,
                terms,
                edition="friend",
                link=link,
                code=code,
                now=now,
                history=history_of(tx, person.id),
            ),
        )

    def _friend_row(self, friend: Friend, now: datetime) -> FriendRow:
        return FriendRow(
            label=self.words.friend(friend.name),
            status=self.words.say(f"state.{friend.state}"),
            note=self._open_ends(friend.told, now),
            at=_day(friend.referral.at),
            tone=_TONES.get(friend.state, "plain"),
        )

    def _open_ends(self, told: Explanation, now: datetime) -> str:
        """Why something does not count, or until when what is open still may change."""
        return explaining.until(self.words, told, now=now) if told.counts else self.words.reason(told.reason)

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


def _day(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"
