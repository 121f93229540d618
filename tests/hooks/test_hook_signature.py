"""Only a sender who knows the secret is heard, and only about now."""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from standardwebhooks.webhooks import Webhook

from bot.hooks.refusals import HookRefused
from bot.hooks.signature import verifier
from tests.hooks.house import OTHER_SECRET, SECRET

# The fixed vector of the Standard Webhooks libraries (reliability.md §1).
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
STAMP = "1614265330"
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
THEN = datetime.fromtimestamp(int(STAMP), UTC)
WRONG = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="


def headers(**changes) -> CIMultiDictProxy[str]:
    told = {"webhook-id": ID, "webhook-timestamp": STAMP, "webhook-signature": SIGNATURE}
    told |= {name.replace("_", "-"): value for name, value in changes.items()}
    return CIMultiDictProxy(CIMultiDict({name: value for name, value in told.items() if value is not None}))


def verified(told=None, *, body=BODY, now=THEN, secrets=(SECRET,)) -> str:
    return verifier(secrets)(told or headers(), body, now)


def refused_field(*args, **how) -> str:
    with pytest.raises(HookRefused) as refusal:
        verified(*args, **how)
    assert refusal.value.status == 401
    return refusal.value.problems[0].field


def test_the_known_vector_is_accepted_and_names_the_webhook():
    assert verified() == ID


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_each_of_the_three_headers_is_needed(name, value):
    assert refused_field(headers(**{name.replace("-", "_"): value})) == name


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_given_twice_is_refused(name):
    twice = CIMultiDict(headers())
    twice.add(name, twice[name])

    assert refused_field(CIMultiDictProxy(twice)) == name


@pytest.mark.parametrize("seconds", [-300, -1, 1, 300])
def test_five_minutes_either_way_are_tolerated(seconds):
    assert verified(now=THEN + timedelta(seconds=seconds)) == ID


@pytest.mark.parametrize("seconds", [-301, 301, 86400 * 365])
def test_an_old_or_a_future_timestamp_is_stale(seconds):
    assert refused_field(now=THEN + timedelta(seconds=seconds)) == "webhook-timestamp"


@pytest.mark.parametrize(
    "stamp",
    ["1614265330.0", "1614265330.9", " 1614265330", "1614265330 ", "1_614_265_330", "16142653_30", "+1614265330",
     "1.61426533e9", "161426533", "01614265330", "nan", "inf", "hi", "１６１４２６５３３０", "-161426533",
     "1614265330\n"],
)  # fmt: skip
def test_a_timestamp_is_ten_digits_and_nothing_else(stamp):
    assert refused_field(headers(webhook_timestamp=stamp)) == "webhook-timestamp"


@pytest.mark.parametrize(
    "signature",
    [
        f"{WRONG} {SIGNATURE}",
        f"{SIGNATURE} {WRONG}",
        f"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {SIGNATURE}",
        f"nonsense v1 v1,*** ,,, é {SIGNATURE}",
        f"  {SIGNATURE}  ",
    ],
)
def test_one_right_signature_among_several_is_enough(signature):
    assert verified(headers(webhook_signature=signature)) == ID


@pytest.mark.parametrize(
    "signature",
    [WRONG, "v1,", "v1", "v1,***", "é", SIGNATURE.removeprefix("v1,"), SIGNATURE.replace("v1", "v2"), SIGNATURE[:-5],
     SIGNATURE.replace(",", ",,"), "v1,%%%%", f"{WRONG} {WRONG}"],
)  # fmt: skip
def test_a_wrong_or_malformed_signature_is_refused(signature):
    assert refused_field(headers(webhook_signature=signature)) == "webhook-signature"


@pytest.mark.parametrize("changed", [{"told": headers(webhook_id="msg_other")}, {"body": BODY + b" "}, {"body": b""}])
def test_id_and_body_are_both_signed(changed):
    assert refused_field(**changed) == "webhook-signature"


@pytest.mark.parametrize("told", [headers(webhook_id="msg_\udcff"), headers(webhook_signature="v1,\udcff")])
def test_headers_that_are_no_text_are_refused_like_any_other(told):
    assert refused_field(told) == "webhook-signature"


def test_a_body_that_is_no_text_cannot_have_been_signed():
    assert refused_field(body=b"\xff\xfe{}") == "webhook-signature"


def test_while_a_secret_is_replaced_the_old_and_the_new_one_are_both_good():
    by_the_new_one = Webhook(OTHER_SECRET).sign(ID, THEN, BODY.decode())

    assert verified(secrets=(OTHER_SECRET, SECRET)) == ID
    assert verified(headers(webhook_signature=by_the_new_one), secrets=(OTHER_SECRET, SECRET)) == ID
    assert refused_field(headers(webhook_signature=by_the_new_one)) == "webhook-signature"


@pytest.mark.parametrize("secrets", [(), ("",), (SECRET, "")])
def test_a_missing_secret_stops_the_start(secrets):
    with pytest.raises(ValueError, match="secret"):
        verifier(secrets)


@given(st.text(max_size=60), st.from_regex(r"[!-~]{1,40}", fullmatch=True), st.binary(min_size=24, max_size=64))
def test_whatever_the_library_signs_is_accepted_and_is_the_plain_hmac(body, webhook, key):
    secret = "whsec_" + b64encode(key).decode()
    plain = "v1," + b64encode(hmac.digest(key, f"{webhook}.{STAMP}.{body}".encode(), "sha256")).decode()

    assert Webhook(secret).sign(webhook, THEN, body) == plain
    told = headers(webhook_id=webhook, webhook_signature=plain)
    assert verified(told, body=body.encode(), secrets=(secret,)) == webhook


@given(st.text(max_size=80).filter(lambda text: SIGNATURE not in text))
def test_no_signature_made_up_is_accepted_or_breaks_the_check(made_up):
    assert refused_field(headers(webhook_signature=made_up)) == "webhook-signature"
