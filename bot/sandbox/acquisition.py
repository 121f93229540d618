"""Acquisition links (获客链接): links that lead to a rep and carry a mark to the moment of adding (platform.md 4.3)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, post
from bot.sandbox.people import People
from bot.sandbox.stage import Stage
from bot.sandbox.state import AcquisitionLink

LINK_PATH = "/sandbox/wecom/ca/"
LONGEST_CHANNEL = 64  # bytes; what is longer is cut
MOST_MEMBERS = 500


class Acquisition:
    """Makes the links, and knows where they lead."""

    def __init__(self, stage: Stage, people: People) -> None:
        self._stage = stage
        self._people = people

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of acquisition links."""
        return {"externalcontact/customer_acquisition/create_link": post(self._create)}

    def behind(self, path: str) -> tuple[str, str] | None:
        """Return (rep, mark) of a link by its path and query, None when it is none."""
        parts = urlsplit(path)
        if not parts.path.startswith(LINK_PATH):
            return None
        link = self._stage.world.links.get(parts.path.removeprefix(LINK_PATH))
        if link is None:
            return None
        channel = parse_qs(parts.query).get("customer_channel", [""])[0]
        return link.members[0], channel.encode()[:LONGEST_CHANNEL].decode(errors="ignore")

    def _create(self, call: Call) -> Answer:
        if "acquisition" not in call.app.uses:
            raise Refusal(84074, "no permission of customer acquisition")
        name = call.required("link_name")
        members = call.part("range").get("user_list")
        if not isinstance(members, list) or not members:
            raise Refusal(40063, "some parameters are empty: range")
        if len(members) > MOST_MEMBERS:
            raise Refusal(41041, f"range exceeds {MOST_MEMBERS} members")
        if any(member not in self._people.reps for member in members):
            raise Refusal(40003, "invalid userid")
        link_id = "ca" + self._stage.mint("acquisition", 16)
        link = AcquisitionLink(link_id=link_id, name=name, members=members, created=self._stage.now())
        self._stage.world.links[link_id] = link
        url = f"{self._stage.base}{LINK_PATH}{link_id}"
        return {"link": {"link_id": link_id, "link_name": name, "url": url, "create_time": link.created}}
