"""wechatpy's interface methods, driven over our asynchronous line.

wechatpy supplies paths and bodies; its transport, token keeping and endless repeats (it asks again without bound on
40014) are replaced. Only the groups in use are attached, and `line.RATES` lists the only paths that can be called.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping

from aiohttp import FormData
from wechatpy.client.base import BaseWeChatClient
from wechatpy.work.client import api

from bot.channels.wecom.line import Body, Line

Answer = Coroutine[object, object, dict[str, object]]
Picture = tuple[str, bytes, str]
"""File name, content, media type."""


class Client(BaseWeChatClient):  # type: ignore[misc]
    """Every method of the groups below returns a coroutine that yields the answer or raises a `ChannelError`."""

    external_contact = api.WeChatExternalContact()
    kf = api.WeChatKF()
    kf_message = api.WeChatKFMessage()
    media = api.WeChatMedia()
    message = api.WeChatMessage()
    user = api.WeChatUser()

    access_token = ""  # the line adds it

    def __init__(self, line: Line) -> None:
        self._line = line

    def _request(
        self,
        method: str,
        url_or_endpoint: str,
        *,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        files: Mapping[str, Picture] | None = None,
    ) -> Answer:
        texts = {name: str(value) for name, value in (params or {}).items()}
        return self._line.ask(method, url_or_endpoint, texts, _body(data, files))

    def file(self, call: str, params: Mapping[str, str], most: int) -> Coroutine[object, object, bytes]:
        """The file that an interface gives; wechatpy reads every answer as JSON."""
        return self._line.file(call, params, most)

    def fetch_access_token(self) -> None:
        """Tokens are the line's affair."""
        raise NotImplementedError


def _body(data: Mapping[str, object] | None, files: Mapping[str, Picture] | None) -> Body:
    if files:
        return lambda: _form(files)
    if data is None:
        return lambda: None
    # The platform does not read \u escapes (40033).
    written = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
    return lambda: written


def _form(files: Mapping[str, Picture]) -> FormData:
    form = FormData(quote_fields=False)
    for name, (filename, content, media_type) in files.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    return form
