"""Login inside the app: who enters, the one-time code of it, and the tickets of the JS interface (platform.md 8)."""

from __future__ import annotations

import html
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, get
from bot.sandbox.people import People
from bot.sandbox.stage import Stage
from bot.sandbox.state import Login, Ticket

CODE_LIVES = 300  # seconds
TICKET_LIVES = 7200  # seconds
LONGEST_STATE = 128  # bytes
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>
<style>body{{font:16px/1.6 sans-serif;margin:2em auto;max-width:24em;padding:0 1em}}
a{{display:block;padding:.8em 1em;margin:.5em 0;border:1px solid #ccc;border-radius:.5em;color:inherit}}</style>
<h1>{title}</h1>{body}</html>"""


class Entrance:
    """Lets staff, and anybody else, into the bot's pages."""

    def __init__(self, stage: Stage, people: People) -> None:
        self._stage = stage
        self._people = people

    def routes(self) -> list[web.RouteDef]:
        """Where a browser is sent to log in."""
        return [web.get("/connect/oauth2/authorize", self._authorize)]

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of logins and tickets."""
        return {
            "auth/getuserinfo": get(self._who),
            "get_jsapi_ticket": get(self._company_ticket),
            "ticket/get": get(self._app_ticket),
        }

    async def _authorize(self, request: web.Request) -> web.Response:
        """Ask who enters, or send on whoever `as` names, a member of staff or a customer."""
        query = request.query
        if query.get("appid") != self._stage.corp:
            return _page("不能登录", "<p>appid 不是这家企业的 CorpID</p>", status=400)
        target, state = query.get("redirect_uri", ""), query.get("state", "")
        if not self._is_trusted(target, request.host):
            return _page("不能登录", "<p>redirect_uri 的域名不可信（50001）</p>", status=400)
        if len(state.encode()) > LONGEST_STATE or query.get("response_type", "code") != "code":
            return _page("不能登录", "<p>state 或 response_type 不对</p>", status=400)
        who = query.get("as", "")
        if who in self._people.staff() or who in self._stage.world.people:
            return web.Response(status=302, headers={"Location": _with(target, code=self._issue(who), state=state)})
        return _page("以谁的身份进入？", self._choices(request))

    def _choices(self, request: web.Request) -> str:
        links = []
        for who, name in self._people.staff().items():
            address = str(request.rel_url.update_query({"as": who}))
            links.append(f'<a href="{html.escape(address)}">{html.escape(name)}（{html.escape(who)}）</a>')
        return "".join(links)

    def _is_trusted(self, target: str, host: str) -> bool:
        parts = urlsplit(target)
        return parts.scheme in ("http", "https") and parts.netloc in (host, urlsplit(self._stage.base).netloc)

    def _issue(self, who: str) -> str:
        code = self._stage.mint("login", 43)
        self._stage.world.logins[code] = Login(who=who, issued=self._stage.now())
        return code

    def _who(self, call: Call) -> Answer:
        login = self._stage.world.logins.pop(call.query.get("code", ""), None)
        if login is None or login.issued + CODE_LIVES < self._stage.now():
            raise Refusal(40029, "invalid code")
        if login.who in self._people.staff():
            return {"userid": login.who}
        return {"openid": f"o{login.who}", "external_userid": self._people.customer(login.who).external_userid}

    def _company_ticket(self, _call: Call) -> Answer:
        return self._ticket("company")

    def _app_ticket(self, call: Call) -> Answer:
        if call.query.get("type") != "agent_config":
            raise Refusal(40097, "invalid args")
        return self._ticket(call.app.name)

    def _ticket(self, whose: str) -> Answer:
        """The same ticket until it runs out."""
        now, tickets = self._stage.now(), self._stage.world.tickets
        ticket = tickets.get(whose)
        if ticket is None or ticket.until <= now:
            ticket = tickets[whose] = Ticket(value=self._stage.mint("ticket", 86), until=now + TICKET_LIVES)
        return {"ticket": ticket.value, "expires_in": ticket.until - now}


def _with(target: str, *, code: str, state: str) -> str:
    parts = urlsplit(target)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("code", code), ("state", state)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _page(title: str, body: str, status: int = 200) -> web.Response:
    return web.Response(text=PAGE.format(title=title, body=body), content_type="text/html", status=status)
