"""The document is whole, and the API keeps to it whatever is sent."""

import asyncio
import sys

_EXAMPLES = 2  # of each operation in the phase of pure chance; what the schemas suggest is tried besides
_CONFIG = """
[checks.positive_data_acceptance]  # a date that is none, a pack that is not there: no schema can say it
expected-statuses = ["2xx", 401, 403, 404, 409, 422]
"""


async def test_nothing_that_schemathesis_can_think_of_breaks_the_api_or_its_promises(api, tmp_path):
    # given a town in which something happened, and a key of every scope
    await api.a_friend_bought()
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG)

    # when everything is sent that the document suggests, and much that it forbids
    trial = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "--no-color"),
        *("run", f"{api.town.app.own_address}/api/openapi.json", "-H", f"Authorization: Bearer {api.key}"),
        *("--max-examples", str(_EXAMPLES), "--seed", "7", "--no-shrink", "--warnings", "off"),
        *(
            "--checks",
            "all",
            "--exclude-checks",
            "ignored_auth",
        ),  # the throttle answers; see test_keys.py for each route
        *("--continue-on-failure", "--phases", "coverage,fuzzing"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await trial.communicate()

    # then no promise is broken
    assert trial.returncode == 0, told.decode()[-20_000:]
