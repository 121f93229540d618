"""Lists: every row once, whatever is added meanwhile; filters; cursors."""

import asyncio

LISTS = ("campaigns", "people", "codes", "shares", "touches", "referrals", "orders", "rewards", "budgets", "stories")


async def make_known(api, first, count):
    await asyncio.gather(
        *(api.post("/people", {"identities": [f"crm:{number}"]}) for number in range(first, first + count))
    )


async def test_pages_lose_and_repeat_nobody_while_people_come(either_api):
    # given thirty people, and more who come with every page
    api = either_api
    await make_known(api, 0, 30)
    before = {row["id"] for row in await api.all("/people", limit=200)}

    # when the list is read page by page
    seen, query, pages = [], {}, 0
    while True:
        part = await api.get("/people", limit=4, **query)
        seen += [row["id"] for row in part.items]
        pages += 1
        if part.body["next"] is None:
            break
        await make_known(api, 100 * pages, 2)
        query = {"cursor": part.body["next"]}

    # then everybody who was there came exactly once
    assert len(before) == 31
    assert before <= set(seen)
    assert len(seen) == len(set(seen))


async def test_pages_of_orders_stand_still_while_orders_change(either_api):
    api = either_api
    await asyncio.gather(*(api.post("/orders", api.paid(f"A{number}")) for number in range(12)))

    first = await api.get("/orders", limit=5)
    for number in range(12):
        data = {
            "source": "shop",
            "order_no": f"A{number}",
            "refund_no": "R",
            "amount_fen": 19_900,
            "refunded_at": api.town.app.clock().isoformat(),
        }
        await api.post("/orders", {"type": "order.refunded", "data": data})
    rest = await api.all("/orders", limit=5, cursor=first.body["next"])

    assert sorted(row["order_no"] for row in [*first.items, *rest]) == sorted(f"A{number}" for number in range(12))


async def test_every_list_gives_one_row_at_a_time_as_it_gives_all(either_api):
    await either_api.a_friend_bought()

    for noun in LISTS:
        at_once = await either_api.all(f"/{noun}", limit=200)

        assert await either_api.all(f"/{noun}", limit=1) == at_once, noun
        assert at_once or noun == "stories"


async def test_filters_leave_only_what_was_asked_for(api):
    campaign = await api.a_friend_bought()
    other = await api.campaign(name="另一个")
    mei = (await api.post("/people/find", {"identity": "crm:mei"})).body["id"]
    jun = (await api.post("/people/find", {"identity": "crm:jun"})).body["id"]

    assert len(await api.all("/referrals", campaign=campaign, person=jun, status="credited")) == 1
    assert len(await api.all("/referrals", advocate=mei)) == 1
    assert await api.all("/referrals", advocate=jun) == []
    assert await api.all("/referrals", campaign=other) == []
    assert [row["side"] for row in await api.all("/rewards", person=jun)] == ["friend"]
    assert await api.all("/rewards", state="granted") == []
    assert [row["outcome"] for row in await api.all("/orders", person=jun)] == ["held"]
    assert len(await api.all("/orders", source="shop", order_no="A1")) == 1
    assert {row["level"] for row in await api.all("/shares", person=mei)} == {"prepared", "bought"}
    assert len(await api.all("/touches", person=jun, kind="order")) == 1
    assert len(await api.all("/codes", person=mei, campaign=campaign)) == 1
    assert [row["id"] for row in await api.all("/campaigns", state="running")] != []
    assert len(await api.all("/people", rep="lin")) == 1


async def test_a_cursor_that_the_list_did_not_give_is_refused(either_api):
    for cursor in (
        "x",
        "AAAA",
        "bnVsbA",
        "W10",
        "WyJwZW9wbGUiLDFd",
        "WyJwZW9wbGUiLCLDqSJd",
        "WyJwZW9wbGUiLCJcdTAwMDAiXQ",
    ):
        said = await either_api.get("/people", cursor=cursor)

        assert (said.status, list(said.wrong)) == (422, ["cursor"]), cursor


async def test_a_cursor_of_another_list_is_refused(api):
    await api.a_friend_bought()
    cursor = (await api.get("/rewards", limit=1)).body["next"]

    assert (await api.get("/people", cursor=cursor)).status == 422


async def test_a_query_that_cannot_be_is_refused_by_its_field(api):
    cannot_be = (
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "9" * 40}, "limit"),
        ({"state": "lost"}, "state"),
        ({"person": "mei"}, "person"),
        ({"colour": "red"}, "colour"),
    )

    told = [await api.get("/rewards", **query) for query, _ in cannot_be]

    assert [(said.status, list(said.wrong)) for said in told] == [(422, [field]) for _, field in cannot_be]


async def test_all_that_is_wrong_with_a_query_is_said_at_once(api):
    said = await api.send("GET", "/rewards?limit=0&limit=5&state=lost&colour=red")

    assert set(said.wrong) == {"limit", "state", "colour"}
