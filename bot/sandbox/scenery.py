"""What people see of the platform outside the chat: QR pictures, portraits, files, and the pages behind QR codes."""

from __future__ import annotations

import html

from aiohttp import web

from bot.sandbox.media import Media
from bot.sandbox.people import People
from bot.sandbox.pictures import avatar_png, qr_png
from bot.sandbox.stage import Stage
from bot.sandbox.ways import Ways

PAGE = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{0}</title><p>{0}</p></html>'


class Scenery:
    """Serves the pictures and pages."""

    def __init__(self, stage: Stage, people: People, ways: Ways, media: Media) -> None:
        self._stage = stage
        self._people = people
        self._ways = ways
        self._media = media

    def routes(self) -> list[web.RouteDef]:
        """All below `/sandbox/wecom/`."""
        return [
            web.get(r"/sandbox/wecom/qr/{config_id:[0-9a-f]+}.png", self._way_qr),
            web.get(r"/sandbox/wecom/member/{rep}.png", self._rep_qr),
            web.get("/sandbox/wecom/avatar/{persona}.png", self._avatar),
            web.get("/sandbox/wecom/media/{media_id}", self._medium),
            web.get("/sandbox/wecom/add/{config_id}", self._way_page),
            web.get("/sandbox/wecom/member/{rep}", self._rep_page),
            web.get("/sandbox/wecom/kf/{link}", self._desk_page),
            web.get("/sandbox/wecom/ca/{link}", self._acquisition_page),
        ]

    async def _way_qr(self, request: web.Request) -> web.Response:
        config_id = request.match_info["config_id"]
        if self._ways.find(config_id) is None:
            raise web.HTTPNotFound
        return _png(qr_png(self._ways.link(config_id)))

    async def _rep_qr(self, request: web.Request) -> web.Response:
        rep = self._rep(request)
        return _png(qr_png(f"{self._stage.base}/sandbox/wecom/member/{rep}"))

    async def _avatar(self, request: web.Request) -> web.Response:
        return _png(avatar_png(request.match_info["persona"]))

    async def _medium(self, request: web.Request) -> web.Response:
        blob = self._media.show(request.match_info["media_id"])
        if blob is None:
            raise web.HTTPNotFound
        kept = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=blob.content, content_type=blob.content_type, headers=kept)

    async def _way_page(self, request: web.Request) -> web.Response:
        way = self._ways.find(request.match_info["config_id"])
        if way is None:
            raise web.HTTPNotFound
        return _page(f"添加 {self._people.reps.get(way.fields['user'][0], '')} 为联系人")

    async def _rep_page(self, request: web.Request) -> web.Response:
        return _page(f"添加 {self._people.reps[self._rep(request)]} 为联系人")

    async def _acquisition_page(self, request: web.Request) -> web.Response:
        link = self._stage.world.links.get(request.match_info["link"])
        if link is None:
            raise web.HTTPNotFound
        return _page(f"添加 {self._people.reps.get(link.members[0], '')} 为联系人")

    async def _desk_page(self, _request: web.Request) -> web.Response:
        return _page("打开客服聊天")

    def _rep(self, request: web.Request) -> str:
        rep = request.match_info["rep"]
        if rep not in self._people.reps:
            raise web.HTTPNotFound
        return rep


def _png(content: bytes) -> web.Response:
    return web.Response(body=content, content_type="image/png", headers={"Cache-Control": "no-store"})


def _page(words: str) -> web.Response:
    return web.Response(text=PAGE.format(html.escape(words)), content_type="text/html")
