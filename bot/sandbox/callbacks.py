"""The XML that the platform posts to an app, event by event (platform.md 1.6, 4.4, 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.sandbox.stage import SandboxApp, Stage

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One copy of one event for one app. `speaker` is set when the app may answer in the same breath (a rep's name)."""

    app: SandboxApp
    event: str
    inner: str
    speaker: str = ""


def contact_change(stage: Stage, change: str, *, rep: str, who: str, **extra: str | None) -> list[Callback]:
    """The copies of one `change_external_contact` for every app that follows contacts; absent extras leave no tag."""
    inner = _xml(
        ToUserName=stage.corp,
        FromUserName="sys",
        CreateTime=stage.now(),
        MsgType="event",
        Event="change_external_contact",
        ChangeType=change,
        UserID=rep,
        ExternalUserID=who,
        **extra,
    )
    return [Callback(app=app, event=change, inner=inner) for app in stage.using("contact")]


def desk_rang(stage: Stage, desk: str, token: str) -> list[Callback]:
    """The copies of `kf_msg_or_event` for every app that may manage `desk`."""
    inner = _xml(
        ToUserName=stage.corp,
        CreateTime=stage.now(),
        MsgType="event",
        Event="kf_msg_or_event",
        Token=token,
        OpenKfId=desk,
    )
    return [Callback(app=app, event="kf_msg_or_event", inner=inner) for app in stage.apps if app.serves(desk)]


def rep_message(stage: Stage, app: SandboxApp, *, rep: str, kind: str, **body: str | None) -> Callback:
    """A rep's message to `app`."""
    inner = _xml(
        ToUserName=stage.corp,
        FromUserName=rep,
        CreateTime=stage.now(),
        MsgType=kind,
        **body,
        MsgId=4561255354250000000 + _next(stage),
        AgentID=app.agent_id,
    )
    return Callback(app=app, event=f"message.{kind}", inner=inner, speaker=rep)


def rep_entered(stage: Stage, app: SandboxApp, *, rep: str) -> Callback:
    """A rep opened `app`."""
    inner = _xml(
        ToUserName=stage.corp,
        FromUserName=rep,
        CreateTime=stage.now(),
        MsgType="event",
        Event="enter_agent",
        EventKey="",
        AgentID=app.agent_id,
    )
    return Callback(app=app, event="enter_agent", inner=inner, speaker=rep)


def envelope(stage: Stage, app: SandboxApp, encrypted: str) -> str:
    """The outer XML around a sealed callback."""
    return _xml(ToUserName=stage.corp, AgentID=str(app.agent_id), Encrypt=encrypted)


def _next(stage: Stage) -> int:
    stage.world.count += 1
    return stage.world.count


def _xml(**tags: str | int | None) -> str:
    body = "".join(f"<{name}>{_content(value)}</{name}>" for name, value in tags.items() if value is not None)
    return f"<xml>{body}</xml>"


def _content(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    safe = ILLEGAL.sub("", value).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{safe}]]>"
