"""Income tax on thanks, by class (reliability R9)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.tax import Payment, grossed_up, totals, withheld

JUNE, JULY = datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)
YUAN = 100


@pytest.mark.parametrize(
    ("tax_class", "gross", "tax"),
    [
        ("incidental", 20 * YUAN, 4 * YUAN),
        ("incidental", 3, 1),
        ("labour", 800 * YUAN, 0),
        ("labour", 1_800 * YUAN, 200 * YUAN),
        ("labour", 4_000 * YUAN, 640 * YUAN),
        ("labour", 10_000 * YUAN, 1_600 * YUAN),
        ("labour", 30_000 * YUAN, 5_200 * YUAN),
        ("labour", 100_000 * YUAN, 25_000 * YUAN),
        ("none", 100 * YUAN, 0),
        ("company", 100 * YUAN, 0),
    ],
)
def test_the_tax_of_one_income(tax_class, gross, tax):
    assert withheld(tax_class, gross) == tax


@given(st.sampled_from(["incidental", "labour"]), st.integers(0, 20_000_000))
def test_what_is_grossed_up_leaves_the_net_and_not_a_fen_less_would(tax_class, net):
    gross = grossed_up(tax_class, net)

    assert gross - withheld(tax_class, gross) >= net
    assert gross == 0 or (gross - 1) - withheld(tax_class, gross - 1) < net


def test_labour_of_one_month_is_one_income_and_chance_income_never_is():
    payments = [
        *(Payment(tax_class="labour", value_fen=600 * YUAN, at=at) for at in (JUNE, JUNE, JULY)),
        *(Payment(tax_class="incidental", value_fen=20 * YUAN, at=at) for at in (JUNE, JULY)),
        Payment(tax_class="none", value_fen=999 * YUAN, at=JUNE),
        Payment(tax_class="company", value_fen=999 * YUAN, at=JUNE),
    ]

    incidental, labour = totals(payments)

    assert (incidental.tax_class, incidental.payments, incidental.value_fen) == ("incidental", 2, 40 * YUAN)
    assert (incidental.tax_fen, incidental.net_fen, incidental.gross_up_fen) == (8 * YUAN, 32 * YUAN, 50 * YUAN)
    assert (labour.payments, labour.value_fen, labour.tax_fen) == (3, 1_800 * YUAN, 80 * YUAN)
    assert totals([]) == []


def test_a_month_is_beijings():
    late = datetime(2026, 6, 30, 17, tzinfo=UTC)  # 1 July there

    [labour] = totals([Payment(tax_class="labour", value_fen=600 * YUAN, at=at) for at in (JUNE, late)])

    assert labour.tax_fen == 0
