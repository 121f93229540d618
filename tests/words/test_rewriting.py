"""Other wordings from an endpoint: what is sent to it, what of its answers may be used, and that it can hurt nobody."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.config.secret import ApiKey
from bot.config.sections import Rewriting as Section
from bot.egress import way_out
from bot.offers import load_pack, offer_values, pack_names
from bot.rewriting import Refusal, Rewriting, Suggestion, rewriting_of
from bot.rewriting.asking import personal
from bot.rewriting.endpoint import MOST_BYTES
from referral.framing import Framing
from referral.offers import EDITIONS
from referral.wording import lint

TEXT = "{opening}。想起你来，跟你说一声，有空看看：{link} 邀请码 {code}"
GOOD = "{opening}。想到你了，顺口说一句，得空看看：{link} 邀请码 {code}"
FEED = "{opening}，介绍都在图里，有想问的直接找我。"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def saying(*texts: str) -> Answer:
    """An endpoint that gives these wordings."""
    return chatting(json.dumps(texts, ensure_ascii=False))


def chatting(content: Any) -> Answer:
    """An endpoint whose model says this."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"id": "x", "choices": [{"index": 0, "message": {"content": content}}], "usage": {}})

    return answer


def raw(body: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


@dataclass
class Model:
    """An endpoint of somebody else's, played on this machine: `answers` in turn, the last for ever."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    base: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, dict(request.headers), await request.read()))
        return await (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(request)

    @property
    def heard(self) -> str:
        """All that ever reached it, as text."""
        return "\n".join(f"{path} {headers} {body.decode()}" for path, headers, body in self.asked)


@pytest_asyncio.fixture
async def model() -> AsyncIterator[Model]:
    played = Model()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", played.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    played.base = f"http://127.0.0.1:{server.port}/v1"
    yield played
    await server.close()


async def suggest(
    model: Model, text: str = TEXT, edition: str = "friend", framing: Framing = Framing.HELP, **more: Any
) -> list[Suggestion | Refusal]:
    """What the whole way gives, over real HTTP."""
    given = {"timeout_s": 2, "count": 3, "key": ApiKey("sk-1234")} | more.pop("section", {})
    section = Section(api_base=more.pop("base", model.base), model="qwen-plus", **given)
    async with way_out() as session:
        rewriting = rewriting_of(section, session, industry="retail")
        assert rewriting
        return await rewriting.suggest(text, edition, framing, **more)  # type: ignore[arg-type]


def usable(found: list[Suggestion | Refusal]) -> list[str]:
    return [each.text for each in found if isinstance(each, Suggestion)]


def codes(found: list[Suggestion | Refusal]) -> list[str]:
    return [each.code for each in found if isinstance(each, Refusal)]


# ---- what may be used -----------------------------------------------------------------------------------------------


async def test_a_good_wording_is_suggested_and_asked_for_as_the_interface_has_it(model: Model):
    model.answers = [saying(GOOD)]

    found = await suggest(model)

    assert found == [Suggestion(text=GOOD)]
    ((path, headers, body),) = model.asked
    asked = json.loads(body)
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer sk-1234"
    assert (asked["model"], asked["stream"]) == ("qwen-plus", False)
    assert asked["messages"][1] == {"role": "user", "content": TEXT}


async def test_what_may_be_used_comes_first_and_the_rest_says_why_not(model: Model):
    model.answers = [saying(TEXT, GOOD, "{opening}，看看：{link}")]

    found = await suggest(model)

    assert usable(found) == [GOOD]
    assert isinstance(found[0], Suggestion)
    assert codes(found) == ["same", "placeholders"]
    assert all(each.why for each in found if isinstance(each, Refusal))


@pytest.mark.parametrize(
    "content",
    [
        f'```json\n["{GOOD}"]\n```',
        f'<think>[先想想]</think>\n["{GOOD}"]',
        f'好的，改写如下：\n["{GOOD}"]\n希望您满意。',
        json.dumps([GOOD, GOOD], ensure_ascii=True),
    ],
)
async def test_a_talkative_model_is_understood(model: Model, content: str):
    model.answers = [chatting(content)]

    assert await suggest(model) == [Suggestion(text=GOOD)]


async def test_no_more_are_taken_than_were_asked_for(model: Model):
    model.answers = [saying(*(GOOD.replace("一句", f"一句{sign}") for sign in "啊呀哦嗯呢"))]

    assert len(await suggest(model, section={"count": 2})) == 2


@pytest.mark.parametrize(
    ("wording", "code"),
    [
        ("", "empty"),
        ("{opening}。想到你，看看：{link}", "placeholders"),
        ("{opening}。想到你，看看：{link} {link} 邀请码 {code}", "placeholders"),
        ("{opening}。想到你，看看：{链接} 邀请码 {code}", "placeholders"),
        ("{opening}。想到你，看看：{link} 邀请码 {code}{friend_thanks}", "placeholders"),
        ("{opening}。想到你，看看：{link} 邀请码 {code} {{}}", "placeholders"),
        ("{opening}。<b>想到你</b>，看看：{link} 邀请码 {code}", "markup"),
        ("{opening}。**想到你**，看看：{link} 邀请码 {code}", "markup"),
        ("{opening}。想到\u202e你，看看：{link} 邀请码 {code}", "markup"),
        ("{opening}。想到你，看看 http://a.cn/x：{link} 邀请码 {code}", "personal"),
        ("{opening}。想到你，打 139 1234 5678：{link} 邀请码 {code}", "personal"),
        ("{opening}。想到你，用 3F9K2A7B：{link} 邀请码 {code}", "personal"),
        ("{opening}。王姐也在，看看：{link} 邀请码 {code}", "personal"),
        ("{opening}。看看，还有红包：{link} 邀请码 {code}", "gain"),
        ("{opening}。看看，便宜 20：{link} 邀请码 {code}", "gain"),
        ("{opening}。看看，亲测有效：{link} 邀请码 {code}", "claim"),
        ("{opening}。看看，用了三年：{link} 邀请码 {code}", "number"),
        ("{opening}。看看，抓紧了：{link} 邀请码 {code}", "haste"),
        ("{opening}。看看，转发也行：{link} 邀请码 {code}", "call"),
        ("{opening}。看看，全国第一：{link} 邀请码 {code}", "lint"),
        ("{opening}。" + "看看吧，" * 30 + "{link} 邀请码 {code}", "too_long"),
    ],
)
async def test_a_wording_that_says_more_or_less_than_ours_is_dropped(model: Model, wording: str, code: str):
    model.answers = [saying(wording)]

    assert codes(await suggest(model)) == [code]


@pytest.mark.parametrize(
    ("added", "code"),
    [
        ("用了皱纹都没了", "claim"),
        ("人也瘦了", "claim"),
        ("皮肤白了好多", "claim"),
        ("老毛病也治好了", "claim"),
        ("祛斑抗衰", "claim"),
        ("比别家强", "claim"),
        ("比我以前去的那家好", "claim"),
        ("还会帮你省一半", "gain"),
        ("还能拿好东西", "gain"),
        ("首月全免", "gain"),
        ("加微信聊", "call"),
        ("加我就行", "call"),
        ("私信我", "call"),
    ],
)
async def test_no_claim_gain_or_call_is_added_to_plain_words(model: Model, added: str, code: str):
    model.answers = [saying(f"{{company}}的顾问很细心，{added}，{{link}}")]

    assert codes(await suggest(model, "{company}的顾问很细心，做事也认真，{link}")) == [code]


async def test_what_the_original_says_itself_may_be_said_again_and_ordinary_words_are_no_claims(model: Model):
    ours = ["省心，{company}的微信客服比以前快，有空看看：{link}", "{company}的顾问讲得细，想起你了：{link}"]
    theirs = ["{company}的微信客服比以前快，省心，随时能看：{link}", "{company}的顾问讲得明白，难免想起你：{link}"]

    for original, wording in zip(ours, theirs, strict=True):
        model.answers = [saying(wording)]
        assert usable(await suggest(model, original)) == [wording]


async def test_a_feed_gets_nothing_that_a_feed_may_not_say(model: Model):
    model.answers = [saying("{opening}，介绍都在图里，有想问的报我的码。", "{opening}，介绍在图里，想问的找我就好。")]

    found = await suggest(model, FEED, "feed")

    assert usable(found) == ["{opening}，介绍在图里，想问的找我就好。"]
    assert codes(found) == ["lint"]


async def test_a_wording_is_no_longer_than_its_place(model: Model):
    model.answers = [saying("先来看一看再说")]

    assert codes(await suggest(model, "先来看看", "feed", longest=6)) == ["too_long"]


# ---- what never leaves ----------------------------------------------------------------------------------------------


SOMEBODY = (
    *("13912345678", "139 1234 5678", "１３９１２３４５６７８", "mei@example.cn", "https://i.mt.cn/i/3F9K2A7B"),
    *("3F9K 2A7B", "ABCDEFGH", "李姐", "张先生", "小陈的", "王总", "t.example.com"),
)


@pytest.mark.parametrize("told", SOMEBODY)
async def test_words_with_somebody_in_them_are_not_sent_at_all(model: Model, told: str):
    model.answers = [saying(GOOD)]

    found = await suggest(model, f"想起你来，{told}，跟你说一声：{{link}}")

    assert codes(found) == ["personal"]
    assert model.asked == []


async def test_nothing_that_fills_the_placeholders_is_ever_sent(model: Model):
    model.answers = [saying(GOOD)]
    values = {"opening": "我在晴川茶舍买茶两年多了", "company": "晴川茶舍", "link": "https://i.mt.cn/i/3F9K2A7B"}
    values |= {"nickname": "梅姐", "code": "3F9K2A7B", "friend_thanks": "20元券"}

    assert usable(await suggest(model, values=values))

    assert not [value for value in values.values() if value in model.heard]
    assert "晴川" not in model.heard


async def test_every_shipped_text_may_be_sent_and_carries_only_placeholders(model: Model):
    model.answers = [saying(GOOD)]
    packs = [load_pack(name) for name in pack_names()]
    texts = [t for pack in packs for framing in pack.framings for e in EDITIONS for t in pack.words[framing][e]]

    assert [text for text in texts if personal(text)] == []


async def test_a_model_that_makes_up_a_customer_is_not_believed(model: Model):
    async def echo(request: web.Request) -> web.Response:
        told = json.dumps(["{opening}。梅姐 13912345678 也在用：{link} 邀请码 {code}"], ensure_ascii=False)
        return web.json_response({"choices": [{"message": {"content": told}}]}, headers={"X-Seen": request.path})

    model.answers = [echo]

    assert codes(await suggest(model)) == ["personal"]


# ---- an endpoint that misbehaves ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (raw(b"<html><body>504</body></html>", Content_Type="text/html"), "not_understood"),
        (raw(b""), "not_understood"),
        (raw(b"[" * 60_000), "not_understood"),
        (raw(b'{"choices":[]}'), "nothing_said"),
        (raw(b'{"choices":[{"message":{"content":null}}]}'), "not_understood"),
        (raw(b"\xff\xfe\x00"), "not_understood"),
        (raw(b"x" * (MOST_BYTES + 1)), "too_large"),
        (raw(gzip.compress(b"0" * 10_000_000), Content_Encoding="gzip"), "encoded"),
        (raw(b"{}", 401), "status_401"),
        (raw(b"", 302, Location="http://127.0.0.1:9/"), "status_302"),
        (chatting("我不能改写这段话。"), "not_a_list"),
        (chatting('["' + "[" * 9000), "not_a_list"),
        (chatting('[{"text":"x"}]'), "not_a_list"),
        (chatting("[]"), "none"),
    ],
)
async def test_an_answer_that_is_none_leaves_our_own_words_standing(model: Model, answer: Answer, code: str):
    model.answers = [answer]

    found = await suggest(model)

    assert codes(found) == [code]
    assert usable(found) == []
    assert len(model.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_may_pass_is_tried_once_more_and_not_again(model: Model, status: int):
    model.answers = [raw(b"", status), saying(GOOD)]
    assert usable(await suggest(model)) == [GOOD]

    model.asked.clear()
    model.answers = [raw(b"", status)]
    assert codes(await suggest(model)) == [f"status_{status}"]
    assert len(model.asked) == 2


async def test_a_slow_endpoint_is_given_up_in_time(model: Model):
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:  # a byte now and then, for ever
            await response.write(b" ")
            await asyncio.sleep(0.05)

    model.answers = [slow]
    begun = asyncio.get_running_loop().time()

    found = await suggest(model, section={"timeout_s": 1})

    assert codes(found) == ["no_answer_in_time"]
    assert asyncio.get_running_loop().time() - begun < 1.8


async def test_nobody_there_is_said_in_a_sentence_for_staff(model: Model):
    found = await suggest(model, base=f"http://127.0.0.1:{unused_port()}/v1")

    assert codes(found) == ["no_connection"]
    assert "自己改一改" in found[0].why  # type: ignore[union-attr]


async def test_a_name_that_leads_inside_is_no_way_out(model: Model):
    model.answers = [saying(GOOD)]

    found = await suggest(model, base=model.base.replace("127.0.0.1", "localhost"))

    assert codes(found) == ["no_connection"]
    assert model.asked == []


async def test_without_a_key_none_is_sent_and_without_a_section_there_is_no_rewriting(model: Model):
    model.answers = [saying(GOOD)]

    await suggest(model, section={"key": None})

    assert "Authorization" not in model.asked[0][1]
    async with way_out() as session:
        assert rewriting_of(None, session, industry="retail") is None


async def test_any_other_rewriter_can_stand_in_its_place():
    class Echo:
        async def answer(self, prompt: list[dict[str, str]]) -> str:
            return json.dumps([prompt[1]["content"].replace("跟你说一声", "跟你提一句")], ensure_ascii=False)

    found = await Rewriting(rewriter=Echo(), industry="retail").suggest(TEXT, "friend", Framing.HELP)

    assert usable(found) == [TEXT.replace("跟你说一声", "跟你提一句")]


# ---- as staff meet it -----------------------------------------------------------------------------------------------


async def command(folder: Path, model: Model, *words: str) -> tuple[int, str, str]:
    file = folder / "taoli.toml"
    rewriting = f'[rewriting]\napi_base = "{model.base}"\nmodel = "m"\n' if model.base else ""
    file.write_text(f'[company]\nname = "晴川茶舍"\n[sandbox]\nenabled = true\n{rewriting}', "utf-8")
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "words", "rewrite", *words, "--config", str(file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(program.communicate(), 60)
    return program.returncode or 0, out.decode(), err.decode()


async def test_staff_get_the_wordings_they_may_put_in(model: Model, tmp_path: Path):
    async def polish(request: web.Request) -> web.Response:
        text = json.loads(await request.read())["messages"][1]["content"]
        told = json.dumps([text.replace("，", "，其实", 1), text + "还送红包"], ensure_ascii=False)
        return web.json_response({"choices": [{"message": {"content": told}}]})

    model.answers = [polish]

    code, out, err = await command(tmp_path, model, "prime", "--framing", "thanks", "--edition", "feed")

    pack = load_pack("prime")
    mine = pack.words[Framing.THANKS]["feed"]
    assert code == 0
    assert out.splitlines() == [text.replace("，", "，其实", 1) for text in mine]
    assert err.count("多出了原文没有的好处：「红包」") == len(mine)
    assert "晴川" not in model.heard
    stock = offer_values(pack, pack.terms, "晴川茶舍")
    assert not any(lint(str(stock["company"]) + line, edition="feed") for line in out.splitlines())


async def test_a_company_that_configured_nothing_is_told_where_to_read(tmp_path: Path):
    code, out, err = await command(tmp_path, Model(), "prime")

    assert (code, out) == (2, "")
    assert "[rewriting]" in err


async def test_a_framing_that_a_pack_lacks_is_answered_with_those_it_has(model: Model, tmp_path: Path):
    model.answers = [saying(GOOD)]

    code, _, err = await command(tmp_path, model, "gratitude", "--framing", "both")

    assert code != 0
    assert "plain、help、early、thanks" in err
