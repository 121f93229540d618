"""Keys: made and revoked from the command line, each good for its own scopes and for nothing else."""

import hashlib
import re
from datetime import timedelta

import pytest

from bot.api.table import OPERATIONS
from referral.api_keys import SCOPES
from tests.api.caller import opened
from tests.cli.desk import Desk
from tests.journeys.town import Machine

IDS = {"campaigns": "c", "people": "p", "touches": "t", "referrals": "r", "orders": "o", "rewards": "w", "stories": "h"}
IDS |= {"claims": "k", "appeals": "a", "merges": "g"}


def a_path(operation):
    """The operation's path with ids that nobody has."""
    noun = operation.path.split("/")[1]
    letter = {"proofs": "w", "budgets": "c"}.get(noun) or IDS.get(noun, "x")
    return re.sub(r"\{\w+\}", letter + "0" * 16, operation.path)


@pytest.fixture
def desk(tmp_path):
    """A company with the sandbox, not started."""
    return Desk(tmp_path)


# --- the command line ----------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_only_its_hash_is_kept(desk):
    made = desk.run("key", "new", "shop", "--scope", "orders:write", "--scope", "orders:read")

    key = made.stdout.strip()
    assert made.exit_code == 0
    assert re.fullmatch(r"taoli_[0-9a-z]{48}", key)
    [(prefix, digest)] = desk.ask_database("select prefix, digest from api_keys")
    assert key.startswith(prefix) and len(prefix) == 12
    assert digest == hashlib.sha256(key.encode()).hexdigest()
    assert key not in "".join(map(str, desk.ask_database("select * from audit")))
    assert key not in desk.run("key", "list").stdout


def test_the_list_tells_keys_apart_and_what_each_may_do(desk):
    made = desk.json("key", "new", "shop", "--scope", "orders:write", "--scope", "*:read")

    [listed] = desk.json("key", "list")

    assert made["key"].startswith(listed["prefix"])
    assert (listed["name"], listed["scopes"]) == ("shop", ["*:read", "orders:write"])
    assert (listed["used_at"], listed["revoked_at"]) == (None, None)
    assert "还没有" in desk.run("key", "list").stdout


def test_a_scope_that_is_none_is_refused_with_those_there_are(desk):
    result = desk.run("key", "new", "shop", "--scope", "orders:delete")

    assert result.exit_code == 2
    assert "orders:delete" in result.stderr
    assert all(scope in result.stderr for scope in SCOPES)


def test_a_name_is_given_to_one_living_key_only(desk):
    first = desk.json("key", "new", "shop", "--scope", "*:read")
    again = desk.run("key", "new", "shop", "--scope", "*:read")
    desk.run("key", "revoke", "shop")
    anew = desk.json("key", "new", "shop", "--scope", "*:read")

    assert again.exit_code == 1 and "先吊销" in again.stderr
    assert first["key"] != anew["key"]
    assert [key["revoked_at"] is None for key in desk.json("key", "list")] == [False, True]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x07b"])
def test_a_name_that_cannot_be_is_refused(desk, name):
    assert desk.run("key", "new", name, "--scope", "*:read").exit_code == 2


def test_revoking_a_key_that_is_not_there_is_said(desk):
    result = desk.run("key", "revoke", "nobody")

    assert result.exit_code == 1 and "nobody" in result.stderr


# --- at the door -----------------------------------------------------------------------------------------------------


async def test_a_revoked_key_is_useless_at_once(api):
    key = await api.new_key("people:read")
    assert (await api.get("/people", key=key)).status == 200

    [name] = [k.name for k in await api.town.look(lambda tx: tx.api_keys.all()) if key.startswith(k.prefix)]
    await api.town.app.operator.run("key.revoke", {"name": name})

    said = await api.get("/people", key=key)
    assert (said.status, said.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_the_last_use_of_a_key_is_kept_to_the_minute(api):
    async def used_at():
        return (await api.town.look(lambda tx: tx.api_keys.all()))[0].used_at

    await api.get("/people")
    first = await used_at()
    api.town.machine.tick(30)
    await api.get("/people")
    soon = await used_at()
    api.town.machine.tick(60)
    await api.get("/people")

    assert soon == first
    assert await used_at() == first + timedelta(seconds=90)


async def test_what_is_no_bearer_key_is_asked_for_one(api):
    for told in ("", "taoli_x", "Basic dGFvbGk6eA==", "Bearer", "Bearer a b", "Bearer " + "x" * 300, "Bearer 钥匙"):
        said = await api.send("GET", "/people", headers={"Authorization": told})

        assert (said.status, said.headers["WWW-Authenticate"]) == (401, "Bearer"), told
        assert said.headers["Content-Type"] == "application/problem+json"
        assert said.body["type"] == "urn:taoli:problem:unauthorized"


async def test_two_keys_at_once_are_none(api):
    headers = [("Authorization", f"Bearer {api.key}"), ("Authorization", f"Bearer {api.key}")]

    async with api.town.http.get(f"{api.town.app.own_address}/api/v1/people", headers=headers) as answer:
        assert answer.status == 401


async def test_an_address_that_tries_keys_is_stopped_and_a_key_that_lives_opens_all_the_same(either_api):
    api = either_api
    never_used_here, revoked = await api.new_key("*:read"), await api.new_key("codes:read")
    [name] = [k.name for k in await api.town.look(lambda tx: tx.api_keys.all()) if revoked.startswith(k.prefix)]
    await api.town.app.operator.run("key.revoke", {"name": name})

    tried = [(await api.get("/people", key=f"taoli_{number:048}")).status for number in range(7)]

    assert tried == [401] * 5 + [429] * 2
    assert (await api.get("/people", key=never_used_here)).status == 200
    refused = await api.get("/people", key=revoked)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "600")
    api.town.machine.tick(601)
    assert (await api.get("/people", key=revoked)).status == 401


async def test_behind_a_trusted_proxy_each_caller_is_throttled_alone(quick_url, tmp_path):
    server = 'trusted_proxies = ["127.0.0.1/32"]'
    async with opened(tmp_path, quick_url, machine=Machine(), server=server) as api:
        wrong = {"Authorization": "Bearer taoli_wrong", "X-Forwarded-For": "203.0.113.7"}

        tried = [(await api.send("GET", "/people", headers=wrong)).status for _ in range(6)]

        assert tried == [401] * 5 + [429]
        assert (await api.send("GET", "/people", headers={**wrong, "X-Forwarded-For": "203.0.113.8"})).status == 401


async def test_every_scope_opens_its_own_routes_and_no_other(api):
    keys = {scope: await api.new_key(scope) for scope in SCOPES}

    wrong = []
    for scope, key in keys.items():
        for operation in OPERATIONS:
            said = await api.send(operation.method, a_path(operation), key=key)
            own = scope == operation.scope or (scope == "*:read" and operation.scope.endswith(":read"))
            if (said.status == 403) is own or said.status in (401, 429) or said.status >= 500:
                wrong.append((scope, operation.name, said.status))
            if said.status == 403 and said.body["code"] != operation.scope:
                wrong.append((scope, operation.name, said.body))

    assert wrong == []


async def test_no_route_opens_without_a_key_or_with_a_wrong_one(api):
    for operation in OPERATIONS:
        without = await api.send(operation.method, a_path(operation), headers={"Authorization": ""})
        wrong = await api.send(operation.method, a_path(operation), key="taoli_wrong")

        assert (without.status, wrong.status in (401, 429)) == (401, True), operation.name


def test_every_scope_is_good_for_something():
    assert {operation.scope for operation in OPERATIONS} == set(SCOPES) - {"*:read"}
