"""What staff do: write to the app, open it; a rep also writes to customers, notes things, presses send, lets one go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.broadcasts import Broadcasts
from bot.sandbox.callbacks import rep_entered, rep_message
from bot.sandbox.contacts import Contacts
from bot.sandbox.customers import Post, Result
from bot.sandbox.media import Media
from bot.sandbox.sessions import Sessions
from bot.sandbox.stage import SandboxApp, Stage
from bot.sandbox.state import Person
from bot.sandbox.wishes import BadAct, options, spoken, word


@dataclass(kw_only=True)
class Staff:
    """The acts of reps. `post` delivers callbacks and waits for the bot."""

    stage: Stage
    contacts: Contacts
    broadcasts: Broadcasts
    media: Media
    sessions: Sessions
    post: Post

    def acts(self) -> dict[str, Callable[[str, Any], Awaitable[Result]]]:
        """The names of the acts."""
        return {
            "say": self._say,
            "enter": self._enter,
            "send": self._send,
            "press": self._press,
            "note": self._note,
            "delete": self._delete,
            "finish": self._finish,
        }

    async def _say(self, rep: str, value: Any) -> Result:
        said = options(value, "text", "kind")
        kind = str(said.get("kind", "text"))
        app = self._app()
        body, text, url = spoken(kind, said, self.media)
        tags = {"Content": text} if kind == "text" else {"MediaId": body["media_id"]}
        tags |= {"PicUrl": url} if kind == "image" else {"Format": "amr"} if kind == "voice" else {}
        self.stage.tell(rep, "app", kind, text, url)
        return {"events": await self.post([rep_message(self.stage, app, rep=rep, kind=kind, **tags)])}

    async def _enter(self, rep: str, _value: Any) -> Result:
        self.stage.tell(rep, "app", "enter")
        return {"events": await self.post([rep_entered(self.stage, self._app(), rep=rep)])}

    async def _send(self, rep: str, value: Any) -> Result:
        """Words in the rep's own chat with a customer: the platform shows them to nobody else, so nothing follows."""
        said = options(value, "text", "to")
        person = self._customer(rep, word(said, "to"))
        self.stage.tell(rep, person.name, "text", word(said, "text"))
        return {"to": person.name}

    async def _press(self, rep: str, value: Any) -> Result:
        """Send a broadcast that waits for this rep; the bot is not told, it has to ask."""
        return self.broadcasts.press(rep, word(options(value, "msgid"), "msgid"))

    async def _note(self, rep: str, value: Any) -> Result:
        noted = options(value, "remark", "to", "mobile", "tag")
        person = self._customer(rep, word(noted, "to"))
        fields = {name: str(noted.get(name, "")) for name in ("remark", "mobile", "tag")}
        return {"to": person.name, "events": await self.post(self.contacts.note(person, rep, **fields))}

    async def _delete(self, rep: str, value: Any) -> Result:
        person = self._customer(rep, word(options(value, "customer"), "customer"))
        self.stage.tell(rep, person.name, "delete")
        return {"rep": rep, "events": await self.post(self.contacts.part(person, rep, by_rep=True))}

    async def _finish(self, rep: str, value: Any) -> Result:
        """End the chat that a customer was handed over in; any member of staff may."""
        name = word(options(value, "customer"), "customer")
        person = self.stage.world.people.get(name)
        if person is None or not self.sessions.is_with_staff(person):
            raise BadAct(f"value: {name} is with nobody of the staff")
        self.stage.tell(rep, name, "finish")
        return {"customer": name, "events": await self.post(self.sessions.finish(person))}

    def _customer(self, rep: str, name: str) -> Person:
        person = self.stage.world.people.get(name)
        if person is None or not self.contacts.are_friends(person, rep):
            raise BadAct(f"value: {name} is no contact of {rep}")
        return person

    def _app(self) -> SandboxApp:
        apps = self.stage.using("rep")
        if not apps:
            raise BadAct('persona: no app has "rep" among its uses')
        return apps[0]
