"""Messages from an app to reps (platform.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, post
from bot.sandbox.media import Media
from bot.sandbox.people import People
from bot.sandbox.stage import Stage

LONGEST = 2048  # bytes; longer text is cut
A_MINUTE = 30  # messages of one app to one member; more are dropped without a word
MOST_PEOPLE = 1000


class Messages:
    """Hands app messages to reps, dropping silently what the platform drops silently."""

    def __init__(self, stage: Stage, people: People, media: Media) -> None:
        self._stage = stage
        self._people = people
        self._media = media
        self._recent: dict[tuple[str, str], list[int]] = {}

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of app messages."""
        return {"message/send": post(self._send)}

    def _send(self, call: Call) -> Answer:
        if call.whole("agentid", 0) != call.app.agent_id:
            raise Refusal(40056, "invalid agentid")
        kind, text, url = self._read(call)
        named = self._recipients(call.required("touser"))
        good = [rep for rep in named if rep in self._people.staff()]
        if not good:
            raise Refusal(81013, "all recipients are invalid")
        for rep in good:
            self._hand_over(call.app.name, rep, kind, text, url)
        bad = [rep for rep in named if rep not in good]
        return {"msgid": self._stage.mint("app", 44)} | ({"invaliduser": "|".join(bad)} if bad else {})

    def _recipients(self, touser: str) -> list[str]:
        if touser == "@all":
            return list(self._people.staff())
        named = list(dict.fromkeys(name for name in touser.split("|") if name))
        if len(named) > MOST_PEOPLE:
            raise Refusal(40058, "more than 1000 recipients")
        return named

    def _hand_over(self, app: str, rep: str, kind: str, text: str, url: str) -> None:
        now = self._stage.now()
        recent = [at for at in self._recent.get((app, rep), []) if at > now - 60]
        self._recent[app, rep] = [*recent[-A_MINUTE:], now]
        if len(recent) >= A_MINUTE:
            self._stage.tell("app", "platform", "dropped", f"{rep}: more than {A_MINUTE} messages a minute")
            return
        self._stage.tell("app", rep, kind, text, url)

    def _read(self, call: Call) -> tuple[str, str, str]:
        kind = call.required("msgtype")
        body = call.part(kind)
        if kind in ("text", "markdown"):
            return kind, cut(_words(body, "content")), ""
        if kind == "textcard":
            return "card", cut(f"{_words(body, 'title')}\n{_words(body, 'description')}"), _words(body, "url")
        if kind == "image":
            return kind, "", self._media.url(self._media.require(body.get("media_id"), "image"))
        if kind == "template_card":
            return _card(body)
        raise Refusal(40008, "invalid message type")


def cut(text: str) -> str:
    """Return at most 2048 bytes of `text`, whole characters only."""
    return text.encode()[:LONGEST].decode(errors="ignore")


def _words(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(44004, f"empty {name}")
    return value


def _card(card: Mapping[str, Any]) -> tuple[str, str, str]:
    """Show a template card by its titles, its facts and its buttons."""
    titles, action = _object(card, "main_title"), _object(card, "card_action")
    facts = [f"{row.get('keyname')} {row.get('value', '')}" for row in _rows(card, "horizontal_content_list")]
    buttons = [f"[{button.get('text')}]" for button in _rows(card, "button_list")]
    lines = [titles.get("title"), titles.get("desc"), card.get("sub_title_text"), *facts, *buttons]
    return "template_card", "\n".join(str(line) for line in lines if line), str(action.get("url", ""))


def _object(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = card.get(name, {})
    if not isinstance(value, dict):
        raise Refusal(40058, f"{name} must be an object")
    return value


def _rows(card: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = card.get(name, [])
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Refusal(40058, f"{name} must be an array of objects")
    return value
