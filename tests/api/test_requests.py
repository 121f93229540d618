"""What is sent is read strictly; what cannot be used is said by its field, and never breaks anything."""

import json

PERSON = {"identities": ["crm:1"]}


def wrong_of(said):
    return said.status, set(said.wrong)


BROKEN = (
    *(b"", b"{", b"null", b"[]", b'"crm:1"', b'{"identities":NaN}', b'{"identities":["\xff"]}'),
    *(b'{"identities":["crm:\\ud800"]}', b"[" * 5_000, b"1e999", b"\xef\xbb\xbf{}"),
)


async def test_what_is_no_json_object_is_refused_as_body(api):
    told = {
        body: wrong_of(await api.send("POST", "/people", data=body, headers={"Content-Type": "application/json"}))
        for body in BROKEN
    }

    assert told == dict.fromkeys(BROKEN, (422, {"body"}))


async def test_a_name_written_twice_is_refused(api):
    said = await api.send("POST", "/people", data=b'{"identities":["crm:1"],"identities":["crm:2"]}')

    assert said.wrong == {"identities": "写了不止一次"}


CANNOT_BE = (
    ({"colour": "red"}, "data.colour"),
    ({"buyer": {"email": "x"}}, "data.buyer.email"),
    ({"buyer": {}}, "data.buyer"),
    ({"buyer": None}, "data.buyer"),
    ({"amount_fen": 1.5}, "data.amount_fen"),
    ({"amount_fen": "1"}, "data.amount_fen"),
    ({"amount_fen": True}, "data.amount_fen"),
    ({"amount_fen": -1}, "data.amount_fen"),
    ({"amount_fen": 10**30}, "data.amount_fen"),
    ({"amount_fen": None}, "data.amount_fen"),
    ({"currency": "USD"}, "data.currency"),
    ({"paid_at": "yesterday"}, "data.paid_at"),
    ({"paid_at": "2026-11-21T10:00:00"}, "data.paid_at"),
    ({"source": "a/b"}, "data.source"),
    ({"order_no": ""}, "data.order_no"),
    ({"order_no": "x" * 65}, "data.order_no"),
    ({"order_no": "A\x001"}, "data.order_no"),
    ({"buyer": {"phone": "12"}}, "data.buyer.phone"),
)


async def test_an_order_that_cannot_be_is_refused_by_its_field(either_api):
    told = [wrong_of(await either_api.post("/orders", either_api.paid(**change))) for change, _ in CANNOT_BE]

    assert told == [(422, {field}) for _, field in CANNOT_BE]


async def test_every_problem_is_named_at_once(api):
    order = api.paid(amount_fen=-1, colour="red", buyer={"email": "x"})
    del order["data"]["source"]

    said = await api.post("/orders", {**order, "more": 1})

    assert set(said.wrong) == {"data.amount_fen", "data.colour", "data.buyer.email", "data.source", "more"}
    assert said.body["status"] == 422
    assert all(field in said.body["detail"] for field in said.wrong)


async def test_a_kind_of_order_that_is_none_is_refused(api):
    for kind in ("order.lost", 7, None, ["order.paid"]):
        said = await api.post("/orders", {**api.paid(), "type": kind})

        assert wrong_of(said) == (422, {"type"}), kind


async def test_another_format_is_refused(api):
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        said = await api.send("POST", "/people", data=json.dumps(PERSON).encode(), headers={"Content-Type": media})

        assert said.status == 415, media


async def test_an_encoded_body_is_refused(api):
    said = await api.send("POST", "/people", data=b"x", headers={"Content-Encoding": "gzip"})

    assert said.status == 415


async def test_a_body_that_is_too_large_is_refused(api):
    said = await api.send("POST", "/people", data=b"x" * (256 * 1024 + 1))

    assert said.status == 413


async def test_a_request_without_content_takes_none(api):
    campaign = await api.campaign()

    assert (await api.post(f"/campaigns/{campaign}/pause", {})).body["state"] == "paused"
    assert (await api.post(f"/campaigns/{campaign}/resume")).body["state"] == "running"
    assert wrong_of(await api.post(f"/campaigns/{campaign}/end", {"why": "x"})) == (422, {"body"})


async def test_an_address_that_is_none_is_a_problem_too(api):
    for path in ("/nothing", "/people/x/y/z", "/", "//people"):
        said = await api.get(path)

        assert (said.status, said.headers["Content-Type"]) == (404, "application/problem+json"), path


async def test_a_method_that_is_none_names_those_there_are(api):
    said = await api.send("DELETE", "/people")

    assert (said.status, said.headers["Allow"]) == (405, "GET, POST, HEAD")
    assert said.body["type"] == "urn:taoli:problem:method"


async def test_heads_are_told_without_a_body(api):
    said = await api.send("HEAD", "/people")

    assert (said.status, said.body) == (200, None)


async def test_an_id_that_cannot_be_is_not_found(either_api):
    paths = (
        *("/campaigns/c%00", "/people/crm:42", "/people/p", "/codes/%E7%A0%81", "/codes/0000000O", "/touches/t%ff"),
        *("/shares/0000000A/lost", "/orders/shop%2FA1", "/rewards/'", "/proofs/w1", "/budgets/x", "/stories/h%00"),
    )

    assert {path: (await either_api.get(path)).status for path in paths} == dict.fromkeys(paths, 404)


async def test_no_answer_is_kept_by_caches(api):
    for said in (await api.get("/people"), await api.get("/nothing"), await api.get("/people", key="wrong")):
        assert said.headers["Cache-Control"] == "no-store"


async def test_nothing_personal_is_logged(api, capsys):
    await api.post("/people", {"identities": ["crm:secret-42", "phone:13812345678"]})
    await api.post("/people/find", {"identity": "wecom:wmSecretSecretSecretSecret"})
    await api.get("/people/crm:secret-42")
    await api.get("/people", key="taoli_" + "7" * 48)

    told = capsys.readouterr()
    for secret in ("secret-42", "13812345678", "wmSecret", "7" * 48):
        assert secret not in told.out + told.err
