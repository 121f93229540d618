"""The platform as far as a desk needs it, in a process of its own: tokens, messages, and yes to everything else.

    python bench/cloud.py

Prints its port. `POST /speak` with `{"desk", "crowd", "count"}` lets so many customers of a crowd write a message each.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiohttp import web

TEXT = "进度"


class Cloud:
    """What customers wrote, in order; a cursor is how far one has read."""

    def __init__(self) -> None:
        self._written: list[dict[str, Any]] = []

    def site(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_post("/speak", self._speak)
        app.router.add_post("/cgi-bin/kf/sync_msg", self._sync)
        app.router.add_route("*", "/cgi-bin/{call:.+}", self._agree)
        return app

    async def _speak(self, request: web.Request) -> web.Response:
        wish = await request.json()
        for number in range(wish["count"]):
            who = f"{wish['crowd']}{number:04d}"
            message = {
                "msgid": f"msg-{who}",
                "open_kfid": wish["desk"],
                "external_userid": who,
                "send_time": int(time.time()),
                "origin": 3,
                "msgtype": "text",
                "text": {"content": TEXT},
            }
            self._written.append(message)
        return web.json_response({})

    async def _sync(self, request: web.Request) -> web.Response:
        asked = await request.json()
        start = int(asked["cursor"] or 0)
        page = self._written[start : start + asked["limit"]]
        end = start + len(page)
        told = {"errcode": 0, "errmsg": "ok", "next_cursor": str(end), "has_more": 0, "msg_list": page}
        return web.json_response(told)

    async def _agree(self, request: web.Request) -> web.Response:
        """Every other call succeeds; what is read from its answer is here, whichever call it was."""
        yes: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "access_token": "t" * 43, "expires_in": 7200}
        yes |= {"url": "https://work.example/kfid/bench", "follow_user": [], "msgid": "m"}
        if request.match_info["call"] == "kf/customer/batchget":
            ids = (await request.json())["external_userid_list"]
            yes["customer_list"] = [{"external_userid": who, "nickname": "小军", "avatar": ""} for who in ids]
        return web.json_response(yes)


async def serve() -> None:
    """Serve on a free port until the process is ended."""
    runner = web.AppRunner(Cloud().site(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
