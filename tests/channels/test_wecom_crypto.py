"""The envelope agrees with the published vectors and with implementations that are not ours."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from wechatpy.work.client.api import WeChatJSAPI
from wechatpy.work.crypto import WeChatCrypto

from bot.channels.wecom.crypto import BadSignature, Crypto, Malformed, WrongReceiver
from tests.channels import envelopes, sealing
from tests.channels.envelopes import content, encrypted, our_crypto, signature

VECTORS = Path(__file__).parent / "vectors"
STAMP, NONCE = "1763690000", "1597212914"


def vectors(*kinds: str) -> list[Any]:
    cases = json.loads((VECTORS / "wecom-vectors.json").read_text())
    return [pytest.param(case, id=case["name"]) for case in cases if case["kind"] in kinds]


def fixture(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def crypto_of(vector: dict[str, str], random16: str = "") -> Crypto:
    return Crypto(
        vector["token"],
        vector["encoding_aes_key"],
        vector["receiveid"],
        random_bytes=lambda size: random16.encode()[:size],
    )


def sealed_and_signed(plain: bytes | str = b"<xml/>", **how: Any) -> tuple[str, str, str, str]:
    sealed = encrypted(content(plain.encode() if isinstance(plain, str) else plain, **how))
    return signature(sealed, STAMP, NONCE), STAMP, NONCE, sealed


@pytest.mark.parametrize("vector", vectors("verify+decrypt", "encrypt+sign"))
def test_every_published_message_is_opened(vector):
    plain = crypto_of(vector).open(vector["msg_signature"], vector["timestamp"], vector["nonce"], vector["encrypt"])

    assert plain.decode() == vector["plaintext"]


@pytest.mark.parametrize("vector", vectors("verify+decrypt", "encrypt+sign"))
def test_every_published_message_is_sealed_byte_for_byte(vector):
    crypto = crypto_of(vector, vector["random16"])

    reply = crypto.seal(vector["plaintext"].encode(), vector["timestamp"], vector["nonce"]).decode()

    assert f"<Encrypt><![CDATA[{vector['encrypt']}]]></Encrypt>" in reply
    assert f"<MsgSignature><![CDATA[{vector['msg_signature']}]]></MsgSignature>" in reply
    assert f"<TimeStamp>{vector['timestamp']}</TimeStamp><Nonce><![CDATA[{vector['nonce']}]]></Nonce>" in reply


@pytest.mark.parametrize("vector", vectors("oa_plain"))
def test_a_plain_signature_is_the_one_without_a_sealed_text(vector):
    crypto = our_crypto(token=vector["token"])

    assert crypto.sign(vector["timestamp"], vector["nonce"], "") == vector["signature"]


@pytest.mark.parametrize("vector", vectors("jsapi"))
def test_the_library_signs_pages_as_published(vector):
    signed = WeChatJSAPI().get_jsapi_signature(
        vector["noncestr"], vector["jsapi_ticket"], vector["timestamp"], vector["url"]
    )

    assert signed == vector["signature"]


def test_callbacks_of_an_independent_implementation_are_read_by_one_object():
    made = fixture("wecom-node.json")
    crypto = our_crypto(made["app"]["token"], made["app"]["aes_key"], made["app"]["receiver"])

    for each in made["callbacks"]:
        plain = crypto.open(each["signature"], each["timestamp"], each["nonce"], each["encrypted"])
        assert plain.decode() == each["plain"], each["name"]

    assert len(made["callbacks"]) > 70


def test_our_replies_are_the_ones_an_independent_implementation_was_seen_to_open():
    shown = fixture("wecom-ours.json")["replies"]

    sealed = sealing.sealed_in_a_row()

    assert sealed == [reply["sealed"] for reply in shown]
    assert [reply["opened"] for reply in shown] == sealing.PLAINS
    assert {reply["receiver"] for reply in shown} == {sealing.RECEIVER}


def test_the_hundredth_reply_of_one_object_opens_with_a_fresh_cipher():
    crypto = our_crypto()
    theirs = WeChatCrypto(envelopes.TOKEN, envelopes.AES_KEY, envelopes.CORP)

    replies = [crypto.seal(f"第{n}条".encode(), STAMP, NONCE).decode() for n in range(100)]

    for number, reply in enumerate(replies):
        signed = re.search(r"<MsgSignature><!\[CDATA\[(\w+)", reply)[1]
        assert theirs.decrypt_message(reply, signed, STAMP, NONCE) == f"第{number}条"


def test_two_replies_with_the_same_words_look_different():
    crypto = our_crypto()

    assert crypto.encrypt(b"same") != our_crypto().encrypt(b"same")


def test_a_key_whose_last_letter_carries_spare_bits_works():
    plain, spare = envelopes.AES_KEY, envelopes.AES_KEY[:-1] + "D"  # C and D differ in the two bits that are not used
    sealed = encrypted(content(b"hello"), key=plain)

    opened = our_crypto(key=spare).open(signature(sealed, STAMP, NONCE), STAMP, NONCE, sealed)

    assert opened == b"hello"


@pytest.mark.parametrize("key", ["", "short", "!" * 43, "a" * 42, "a" * 44])
def test_a_key_of_another_shape_is_an_error_at_start(key):
    with pytest.raises(ValueError, match="43 letters"):
        our_crypto(key=key)


def test_a_wrong_signature_is_told_before_anything_is_decrypted():
    with pytest.raises(BadSignature):
        our_crypto().open("0" * 40, STAMP, NONCE, "not even base64")


@pytest.mark.parametrize("given", ["", "é", "\udcff", "0" * 39, "G" * 40, "0" * 100_000])
def test_a_signature_of_any_shape_is_only_wrong(given):
    *_, sealed = sealed_and_signed()

    with pytest.raises(BadSignature):
        our_crypto().open(given, STAMP, NONCE, sealed)


BROKEN = {
    "not base64": "****",
    "foreign letters": encrypted(content(b"x")) + "\n",
    "not ASCII": "桃李",
    "nothing": "",
    "half a block": "AAAA",
    "block and a half": encrypted(content(b"x"))[:32] + "AAAA",
    "padding 0": encrypted(envelopes.padded_to(b"x", 16, 0)),
    "padding 33": encrypted(envelopes.padded_to(b"x", 33, 33)),
    "padding 255": encrypted(envelopes.padded_to(b"x", 16, 255)),
    "uneven padding": encrypted(envelopes.padded_to(b"x", 15, 7)[:-1] + b"\x20"),
    "length beyond the end": encrypted(content(b"x", size=2**32 - 1)),
    "length into the padding": encrypted(content(b"x", size=40)),
}


@pytest.mark.parametrize("sealed", BROKEN.values(), ids=BROKEN.keys())
def test_a_signed_but_broken_text_is_malformed_and_the_next_message_is_read(sealed):
    crypto = our_crypto()

    with pytest.raises(Malformed) as refusal:
        crypto.open(signature(sealed, STAMP, NONCE), STAMP, NONCE, sealed)

    assert refusal.value.args == ()
    assert crypto.open(*sealed_and_signed(b"next")) == b"next"


def test_a_message_for_another_corp_is_not_ours():
    with pytest.raises(WrongReceiver):
        our_crypto().open(*sealed_and_signed(b"<xml/>", corp="ww0000000000000000"))


def test_a_message_sealed_with_another_apps_key_is_not_ours():
    for number in range(300):
        sealed = encrypted(content(b"<xml><MsgId>%d</MsgId></xml>" % number), key=envelopes.OTHER_KEY)
        with pytest.raises(WrongReceiver):
            our_crypto().open(signature(sealed, STAMP, NONCE), STAMP, NONCE, sealed)


class TestAfterARotation:
    """The platform may go on using the pair from before for some time."""

    old = our_crypto(token="old-token", key=envelopes.OTHER_KEY)

    def test_a_message_of_the_old_pair_is_opened_and_answered_with_it(self):
        crypto = our_crypto(previous=self.old)
        sealed = encrypted(content(b"late"), key=envelopes.OTHER_KEY)

        plain, pair = crypto.open_with(signature(sealed, STAMP, NONCE, "old-token"), STAMP, NONCE, sealed)
        reply = pair.seal(b"answer", STAMP, NONCE).decode()

        answered = re.search(r"<Encrypt><!\[CDATA\[(.+?)\]", reply)[1]
        assert plain == b"late"
        assert envelopes.opened(answered, envelopes.OTHER_KEY) == b"answer"

    def test_a_message_of_the_new_pair_is_answered_with_the_new_pair(self):
        crypto = our_crypto(previous=self.old)

        plain, pair = crypto.open_with(*sealed_and_signed(b"new"))

        assert (plain, pair) == (b"new", crypto)

    def test_only_the_key_may_have_changed(self):
        crypto = our_crypto(previous=our_crypto(key=envelopes.OTHER_KEY))
        sealed = encrypted(content(b"late"), key=envelopes.OTHER_KEY)

        assert crypto.open(signature(sealed, STAMP, NONCE), STAMP, NONCE, sealed) == b"late"

    def test_what_neither_pair_knows_is_refused_for_the_better_reason(self):
        crypto = our_crypto(previous=self.old)
        broken = BROKEN["padding 0"]

        with pytest.raises(BadSignature):
            crypto.open("0" * 40, STAMP, NONCE, broken)
        with pytest.raises(Malformed):
            crypto.open(signature(broken, STAMP, NONCE), STAMP, NONCE, broken)


def test_a_nonce_with_markup_in_it_cannot_break_out_of_the_reply():
    crypto = our_crypto()

    reply = crypto.seal(b"x", "1", "]]><Evil/>").decode()

    assert "]]><Evil/>" not in reply.replace("]]]]><![CDATA[>", "")


def test_the_filler_of_a_reply_comes_from_the_given_source():
    asked = []

    def source(size: int) -> bytes:
        asked.append(size)
        return os.urandom(size)

    crypto = Crypto(envelopes.TOKEN, envelopes.AES_KEY, envelopes.CORP, random_bytes=source)

    crypto.encrypt(b"x")

    assert asked == [16]
