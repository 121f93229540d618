"""One endpoint that speaks as OpenAI's chat completions do: asked once, at most once more, and never for long."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import msgspec
from aiohttp import ClientConnectionError, ClientError, ClientResponse, ClientSession, InvalidURL

from bot import __version__
from bot.rewriting.values import Message, NoAnswer

MOST_BYTES = 64 * 1024
"""Of an answer: a few sentences need two."""

_AT_ONCE = 2
_PAUSE_S = 0.5
_AGAIN = frozenset({429, 500, 502, 503, 504})
_TOKENS = 1500


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class _Answer(msgspec.Struct):
    choices: list[_Choice]


class ChatEndpoint:
    """`Rewriter` over HTTP. `api_base` is all that comes before `/chat/completions`; `timeout_s` is for everything."""

    def __init__(self, session: ClientSession, *, api_base: str, model: str, key: str, timeout_s: int) -> None:
        self._session = session
        self._url = f"{api_base.rstrip('/')}/chat/completions"
        self._model = model
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._headers = {"User-Agent": f"taoli/{__version__}", "Accept": "application/json"}
        self._headers["Accept-Encoding"] = "identity"
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    async def answer(self, prompt: list[Message]) -> str:
        """What the model says to a prompt. Raises `NoAnswer`; redirects are not followed."""
        try:
            async with asyncio.timeout(self._timeout_s), self._turns:
                return await self._with_another_try(prompt)
        except TimeoutError as error:
            raise NoAnswer("no_answer_in_time") from error

    async def _with_another_try(self, prompt: list[Message]) -> str:
        try:
            return await self._once(prompt)
        except _Passing:
            await asyncio.sleep(_PAUSE_S)
        try:
            return await self._once(prompt)
        except _Passing as error:
            raise NoAnswer(error.code) from error

    async def _once(self, prompt: list[Message]) -> str:
        asked = {"model": self._model, "messages": prompt, "temperature": 0.9, "max_tokens": _TOKENS, "stream": False}
        try:
            async with self._session.post(
                self._url, json=asked, headers=self._headers, allow_redirects=False
            ) as response:
                return _content(await _body(response))
        except InvalidURL as error:
            raise NoAnswer("no_connection") from error
        except (ClientConnectionError, OSError) as error:
            raise _Passing("no_connection") from error
        except ClientError as error:
            raise NoAnswer("broken_off") from error


class _Passing(Exception):
    """What may be better in a moment."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


async def _body(response: ClientResponse) -> bytes:
    """The answer, never more than `MOST_BYTES` of it and never unpacked."""
    if response.status in _AGAIN:
        raise _Passing(f"status_{response.status}")
    if response.status != HTTPStatus.OK:
        raise NoAnswer(f"status_{response.status}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NoAnswer("encoded")
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > MOST_BYTES:
            raise NoAnswer("too_large")
    return bytes(body)


def _content(body: bytes) -> str:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoAnswer("not_understood") from error
    if not answer.choices:
        raise NoAnswer("nothing_said")
    return answer.choices[0].message.content
