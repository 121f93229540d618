"""Who there is: the reps of the company and the customers, known and new."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, get
from bot.sandbox.stage import Stage, opaque
from bot.sandbox.state import Bond, Person

CAST = {"mei": "梅姐", "jun": "小军", "bo": "阿博"}
REPS = {"lin": "林顾问"}
MANAGERS = {"zhou": "周店长"}  # staff who serve no customers
OLD_FRIENDS = {"mei": "lin"}  # customers from the first day, two years ago
TWO_YEARS = 2 * 365 * 86400  # seconds
RESERVED = {"platform", "app", "kf", "shop"}
NAME = re.compile(r"[^\x00-\x20\x7f/\\?#%&]{1,32}")


class Unknown(Exception):
    """A name that cannot be a person's."""


class People:
    """Finds people by the names that acts use and by the ids that the platform uses."""

    def __init__(self, stage: Stage, reps: Mapping[str, str]) -> None:
        """`reps` are those who serve customers."""
        self._stage = stage
        self.reps = dict(reps)
        self._by_id: dict[str, Person] = {}

    def populate(self) -> None:
        """Index the people of a loaded world; give a new world its cast."""
        world = self._stage.world
        self._by_id = {person.external_userid: person for person in world.people.values()}
        if world.people:
            return
        for name, nickname in CAST.items():
            self._arrive(name, nickname)
        for name, rep in OLD_FRIENDS.items():
            if rep in self.reps:
                who = world.people[name].external_userid
                world.bonds[f"{rep}/{who}"] = Bond(rep=rep, who=who, since=self._stage.now() - TWO_YEARS)

    def staff(self) -> dict[str, str]:
        """All members of staff with their names, whether they serve customers or not."""
        return self.reps | {who: name for who, name in MANAGERS.items() if who not in self.reps}

    def customer(self, name: str) -> Person:
        """Return the customer called `name`, making a new stranger of that nickname; raise `Unknown` for a bad name."""
        known = self._stage.world.people.get(name)
        if known:
            return known
        if name in RESERVED or name in self.staff() or not NAME.fullmatch(name):
            raise Unknown(f"{name!r} cannot be a customer's name")
        return self._arrive(name, name)

    def by_id(self, external_userid: str) -> Person:
        """Return the customer the platform calls `external_userid`, refusing an unknown one with 40096."""
        person = self._by_id.get(external_userid)
        if person is None:
            raise Refusal(40096, "invalid external userid")
        return person

    def find(self, external_userid: str) -> Person | None:
        """Return the customer the platform calls `external_userid`, or None."""
        return self._by_id.get(external_userid)

    def avatar(self, person: Person) -> str:
        """Return the address of the person's portrait."""
        return f"{self._stage.base}/sandbox/wecom/avatar/{quote(person.name)}.png"

    def rep_qr(self, rep: str) -> str:
        """Return the address of the rep's own QR picture."""
        return f"{self._stage.base}/sandbox/wecom/member/{quote(rep)}.png"

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of the directory."""
        return {"user/get": get(self._user_get)}

    def _user_get(self, call: Call) -> Answer:
        rep = call.query.get("userid", "")
        name = self.staff().get(rep)
        if name is None:
            raise Refusal(60111, "userid not found")
        return {"userid": rep, "name": name, "status": 1, "department": [1], "qr_code": self.rep_qr(rep)}

    def _arrive(self, name: str, nickname: str) -> Person:
        external_userid = "wm" + opaque(f"person:{self._stage.corp}:{name}", 30)
        person = Person(name=name, nickname=nickname, external_userid=external_userid)
        self._stage.world.people[name] = person
        self._by_id[external_userid] = person
        return person
