"""What posters carry, and a blocked domain, from the command line."""

from __future__ import annotations

import pytest


def test_a_campaign_starts_with_a_carrier_and_may_change_it(desk):
    made = desk.json("campaign", "start", "double-month", "--carrier", "contact")

    assert made["carrier"] == "contact"
    assert desk.json("campaign", "edit", made["id"], "--carrier", "kf")["carrier"] == "kf"
    assert "海报载体  微信客服" in desk.run("campaign", "show", made["id"]).stdout
    assert desk.json("campaign", "list")[0]["carrier"] == "kf"


@pytest.mark.parametrize(
    ("carrier", "code", "why"),
    [("official", 1, "公众号还没有接入"), ("acquisition", 1, "获客助手"), ("pigeon", 2, "pigeon")],
)
def test_a_carrier_that_cannot_be_had_is_refused(desk, carrier, code, why):
    desk.run("migrate")

    refused = desk.run("campaign", "start", "double-month", "--carrier", carrier)

    assert (refused.exit_code, refused.stdout) == (code, "")
    assert why in refused.stderr
    assert desk.json("campaign", "list") == []


def test_a_blocked_domain_is_noted_shown_and_cleared(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]

    blocked = desk.json("domain", "blocked", "127.0.0.1")

    assert (blocked["host"], blocked["is_blocked"], blocked["instead"]) == ("127.0.0.1", True, ["contact", "kf"])
    assert desk.json("domain", "show") == blocked
    assert "海报改用  联系我二维码、微信客服" in desk.run("domain", "show").stdout
    assert "127.0.0.1 标记为在微信里打不开" in desk.run("campaign", "show", campaign).stdout
    cleared = desk.json("domain", "blocked", "--clear")
    assert (cleared["is_blocked"], cleared["blocked"]) == (False, [])
    assert "标记为在微信里" not in desk.run("campaign", "show", campaign).stdout


def test_a_domain_must_be_named_and_be_ours(desk):
    unnamed, foreign = desk.run("domain", "blocked"), desk.run("domain", "blocked", "evil.example")

    assert (unnamed.exit_code, foreign.exit_code) == (2, 2)
    assert "HOST" in unnamed.stderr
    assert "链接用的域名是 127.0.0.1" in foreign.stderr


@pytest.mark.parametrize("more", [(), ("--clear",)])
def test_what_is_no_domain_is_refused_in_a_sentence(desk, more):
    refused = desk.run("domain", "blocked", "http://[x", *more)

    assert refused.exit_code == 2
    assert "http://[x 不是网址，也不是域名" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_a_running_bot_a_poster_that_waits_for_the_platform_says_so(desk, tmp_path):
    campaign = desk.json("campaign", "start", "double-month", "--carrier", "kf")["id"]
    code = desk.json("code", "crm:mei", "--campaign", campaign)["code"]

    refused = desk.run("poster", code, "-o", str(tmp_path / "poster.jpg"))

    assert refused.exit_code == 1
    assert "请在 taoli serve 运行时再试" in refused.stderr
    assert not (tmp_path / "poster.jpg").exists()
