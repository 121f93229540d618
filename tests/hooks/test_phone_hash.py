"""A phone is recognised however it is written, and kept only as a keyed hash."""

import hmac

import pytest

from bot.phone_hash import phone_hash
from referral.errors import BadInput

KEY = bytes(range(32))


@pytest.mark.parametrize(
    "written",
    ["13800138000", "138 0013 8000", "138-0013-8000", "+86 138 0013 8000", "008613800138000", "8613800138000",
     "１３８００１３８０００", " 13800138000 "],
)  # fmt: skip
def test_one_phone_has_one_hash_however_it_is_written(written):
    assert phone_hash(written, KEY) == hmac.digest(KEY, b"+8613800138000", "sha256").hex()


def test_another_phone_country_or_key_gives_another_hash():
    hashes = {
        phone_hash("13800138000", KEY),
        phone_hash("13800138001", KEY),
        phone_hash("+1 380 013 8000", KEY),
        phone_hash("13800138000", KEY[::-1]),
    }

    assert len(hashes) == 4


@pytest.mark.parametrize("written", ["", "小君", "12345", "1" * 40, "+", "1380013800013800", "\x00"])
def test_what_is_no_phone_is_refused_without_repeating_it(written):
    with pytest.raises(BadInput) as refusal:
        phone_hash(written, KEY)

    assert refusal.value.field == "phone"
    assert not written or written not in str(refusal.value)
