"""What a rep does: write to the app, open it, let a customer go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.callbacks import rep_entered, rep_message
from bot.sandbox.contacts import Contacts
from bot.sandbox.customers import Post, Result
from bot.sandbox.media import Media
from bot.sandbox.stage import SandboxApp, Stage
from bot.sandbox.wishes import BadAct, options, spoken, word


@dataclass(kw_only=True)
class Staff:
    """The acts of reps. `post` delivers callbacks and waits for the bot."""

    stage: Stage
    contacts: Contacts
    media: Media
    post: Post

    def acts(self) -> dict[str, Callable[[str, Any], Awaitable[Result]]]:
        """The names of the acts."""
        return {"say": self._say, "enter": self._enter, "delete": self._delete}

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

    async def _delete(self, rep: str, value: Any) -> Result:
        name = word(options(value, "customer"), "customer")
        person = self.stage.world.people.get(name)
        if person is None or not self.contacts.are_friends(person, rep):
            raise BadAct(f"value: {name} is no contact of {rep}")
        self.stage.tell(rep, name, "delete")
        return {"rep": rep, "events": await self.post(self.contacts.part(person, rep, by_rep=True))}

    def _app(self) -> SandboxApp:
        apps = self.stage.using("rep")
        if not apps:
            raise BadAct('persona: no app has "rep" among its uses')
        return apps[0]
