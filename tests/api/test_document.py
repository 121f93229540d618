"""The OpenAPI document is made from what is there, and is whole."""

import jsonschema_rs
import pytest
from schemathesis.openapi import from_dict

from bot.api.openapi import document
from bot.api.table import OPERATIONS

DOCUMENT = document(OPERATIONS, "https://i.example.cn")
EXAMPLES = [
    (operation["operationId"], where, content["application/json"])
    for path in DOCUMENT["paths"].values()
    for operation in path.values()
    for where, content in [
        *((status, told["content"]) for status, told in operation["responses"].items() if "content" in told),
        *([("body", operation["requestBody"]["content"])] if "requestBody" in operation else []),
    ]
]


async def test_it_is_served_to_anyone(api):
    async with api.town.http.get(f"{api.town.app.own_address}/api/openapi.json") as answer:
        told = await answer.json()

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert told == document(OPERATIONS, api.town.app.own_address)


def test_it_is_valid():
    from_dict(DOCUMENT).validate()


def test_no_two_operations_have_one_name_or_one_address():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize(("operation", "where", "content"), EXAMPLES, ids=lambda value: str(value)[:20])
def test_every_example_is_of_its_schema(operation, where, content):
    schema = content["schema"] | {"components": DOCUMENT["components"]}

    jsonschema_rs.validate(schema, content["example"])


def test_every_operation_says_its_scope_and_its_refusals():
    for path in DOCUMENT["paths"].values():
        for method, operation in path.items():
            assert len(operation["security"][0]["key"]) == 1
            assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys()
            assert ("409" in operation["responses"]) is (method in ("post", "patch"))


def test_every_shape_that_takes_something_takes_nothing_else():
    taken = {"CampaignStart", "PersonNamed", "PersonSought", "CodeWanted", "OrderPaid", "Paid", "Buyer", "Proof"}

    assert all(DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False for name in taken)
