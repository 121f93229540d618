"""`lift`: what asking has brought, from the command line, on each database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral.decisions import Route
from referral.nudges import Nudge, NudgeState
from referral.referrals import Referral, ReferralStatus
from tests.cli.test_shortlist import TUESDAY, shop_in

DAY = timedelta(days=1)


@pytest.fixture
def either_shop(tmp_path, database_url):
    """A company on each database, whose clock shows a Tuesday, 10:00."""
    return shop_in(tmp_path, database_url)


def asked(tx: Any, person: str, at: Any, **known: Any) -> None:
    usual = {"decision": "send", "why": "good", "state": NudgeState.SENT, "route": Route.KF}
    tx.nudges.add(
        Nudge(id=f"g{person[1:]}", person=person, created_at=at, planned_at=at, sent_at=at, **(usual | known))
    )


def brought(tx: Any, campaign: str, advocate: str, friend: str, at: Any) -> None:
    known = {
        "id": f"r{friend[1:]}",
        "code": "C",
        "touch": "t",
        "version": 1,
        "method": "last_touch",
        "reason": "credited",
    }
    credited = ReferralStatus.CREDITED
    tx.referrals.save(
        Referral(campaign=campaign, friend=friend, advocate=advocate, status=credited, at=at, decided_at=at, **known)
    )


def test_before_anything_was_planned_it_says_so(either_shop):
    either_shop.customers(mei={}, hua={})

    told = either_shop.desk.json("lift")

    assert (told["verdict"], told["since"]) == ("none", None)
    assert either_shop.desk.run("lift").stdout == "还没有问过任何客户。第一次排定之后，从那天起算效果。\n"


def test_it_tells_what_came_of_asking_and_how_sure_that_is(either_shop):
    # given eight customers, two of them held out; four were asked, one of the holdout by her rep; two brought friends
    shop = either_shop
    campaign = shop.open()
    shop.customers(**{f"c{n}": {"holdout": n > 6} for n in range(1, 9)})
    shop.customers(jun={"customer_since": None}, bo={"customer_since": None})

    def happened(tx: Any) -> None:
        for n in range(1, 4):
            asked(tx, f"p{n:016d}", TUESDAY - 40 * DAY)
        asked(tx, f"p{7:016d}", TUESDAY - 2 * DAY, why="rep.own", route=Route.REP, rep="lin")
        brought(tx, campaign, f"p{1:016d}", f"p{9:016d}", TUESDAY - 30 * DAY)
        brought(tx, campaign, f"p{5:016d}", f"p{10:016d}", TUESDAY - 3 * DAY)

    shop.write(happened)

    # when the operator looks
    told = shop.desk.json("lift")
    said = shop.desk.run("lift").stdout

    # then both are counted, one of them after an ask, and nobody pretends that so few tell anything
    assert told["since"].startswith("2026-10-15T10:00")
    assert (told["brought"], told["attributed"], told["contaminated"]) == (2, 1, 1)
    assert [(told[side]["customers"], told[side]["asked"]) for side in ("treated", "held")] == [(6, 3), (2, 1)]
    assert (told["treated"]["ripe"], told["treated"]["fruitful"]) == (3, 1)
    assert told["verdict"] == "unclear"
    assert told["incremental"]["lo"] < 0 < told["incremental"]["point"] == 2.0
    assert said.splitlines() == told["says"]
    assert said.startswith("现在还看不出来")
    assert "对照里有 1 位被顾问自己问过" in said


def test_a_lot_that_was_tampered_with_is_not_believed(shop_of_half):
    told = shop_of_half.desk.json("lift")

    assert (told["verdict"], told["sample_ratio"]["alarm"]) == ("unsound", True)


@pytest.fixture
def shop_of_half(tmp_path):
    """Half of whose customers are held out although the file says one in ten."""
    shop = shop_in(tmp_path)
    shop.customers(**{f"c{n}": {"holdout": n % 2 == 0} for n in range(60)})
    shop.write(lambda tx: asked(tx, f"p{1:016d}", TUESDAY - DAY))
    return shop
