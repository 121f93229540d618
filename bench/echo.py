"""The measure: a stateless echo on wechatpy and aiohttp, as its documentation would have one write it.

    python bench/echo.py CORP TOKEN AES_KEY

Prints its port. It keeps nothing and answers a member's text with the same text. Same event loop as Taoli: uvloop where
that is installed.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web
from loops import run
from wechatpy.work import create_reply, parse_message
from wechatpy.work.crypto import WeChatCrypto


def site(crypto: WeChatCrypto) -> web.Application:
    """Return the application."""

    async def echo(request: web.Request) -> web.Response:
        query = request.query
        timestamp, nonce = query["timestamp"], query["nonce"]
        opened = crypto.decrypt_message(await request.text(), query["msg_signature"], timestamp, nonce)
        message = parse_message(opened)
        answer = create_reply(message.content, message).render()
        return web.Response(text=crypto.encrypt_message(answer, nonce, timestamp), content_type="application/xml")

    app = web.Application()
    app.router.add_post("/callback/wecom/{app}", echo)
    return app


async def serve(corp: str, token: str, aes_key: str) -> None:
    """Serve on a free port until the process is ended."""
    runner = web.AppRunner(site(WeChatCrypto(token, aes_key, corp)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    run(serve(*sys.argv[1:4]))
