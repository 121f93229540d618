"""The proof of the posters in small: one look, a few names. `make proof-posters` draws all of them."""

import random

from tests.proofs.posters import LOOKS, is_whole, prove


def test_a_look_survives_in_all_sizes_what_phones_do():
    look = random.choice(LOOKS)

    report = prove([look], every=20)

    assert is_whole(report), (look, report)
    assert report["names"]["drawn"] == 6 * 3
