"""The databases and the browser that other tests stand on."""

import pytest
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpServer
from playwright.async_api import BrowserContext
from playwright.async_api import Error as BrowserError
from sqlalchemy import create_engine, inspect, text


def test_each_test_gets_an_empty_database_it_can_write_to(database_url: str):
    engine = create_engine(database_url)

    with engine.begin() as connection:
        before = inspect(connection).get_table_names()
        connection.execute(text("CREATE TABLE friends (id INTEGER)"))
        after = inspect(connection).get_table_names()
    engine.dispose()

    assert (before, after) == ([], ["friends"])


@pytest.mark.browser
async def test_the_browser_sees_this_machine_and_nothing_else(phone: BrowserContext, aiohttp_server: AiohttpServer):
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<h1>您好</h1>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    server = await aiohttp_server(app)
    tab = await phone.new_page()

    await tab.goto(str(server.make_url("/")))

    assert await tab.inner_text("h1") == "您好"
    with pytest.raises(BrowserError, match="ERR_FAILED"):
        await tab.goto("https://example.com/")
