"""What of a nickname reaches a poster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.posters import nickname
from bot.posters.faces import Faces
from referral import nicknames
from referral.people import NAMELESS

VENDORED = Faces(())
FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        ("李姐", "李姐"),
        ("  Mei   in  杭州 ", "Mei in 杭州"),
        (f"小美{FAMILY}", f"小美{FAMILY}"),
        ("老王🇨🇳🇫🇷", "老王🇨🇳🇫🇷"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿老板", "🏴󠁧󠁢󠁥󠁮󠁧󠁿老板"),
        ("1️⃣号店", "1️⃣号店"),
        ("❤️阳光☀", "❤️阳光☀"),
        ("赞👍🏽", "赞👍"),
        ("👩🏿‍🚀宇航员", "👩‍🚀宇航员"),
        ("𝓜𝓮𝓲ｌｉｎ", "Meiｌｉｎ"),
        ("寶寶的媽媽", "寶寶的媽媽"),
        ("㛃堃燚", "㛃堃燚"),
        ("e\u0301toile", "étoile"),
        ("陈\u202e姐嘿\u2066\u202c", "陈姐嘿"),
        ("张\x00三\x1b[31m\x7f", "张三[31m"),
        ("张\n三\t丰", "张 三 丰"),
        ("零\u200b宽\u200d连\ufeff接", "零宽连接"),
        ("<script>", "<script>"),
        ('"><svg/onload=1>', '"><svg/onlo…'),
        ("Z" + "\u0335\u0336\u0337\u0338" * 30 + "algo", "Zalgo"),
        ("\ue000私用\U0010fffd区\U000e0061", "私用区"),
        ("半\ud800个", "半个"),
        ("李" * 100, "李" * 11 + "…"),
        (FAMILY * 12, FAMILY * 12),
        (FAMILY * 13, FAMILY * 11 + "…"),
        ("سامي", NAMELESS),
        ("", NAMELESS),
        ("   ", NAMELESS),
        ("\u200b\u200d\u2060\ufeff", NAMELESS),
        ("\ufe0f\ufe0f", NAMELESS),
        ("\u3164\u2800\uffa0", NAMELESS),
        ("\u202e\u202d\u2066", NAMELESS),
        ("꧁༺༻꧂", NAMELESS),
        ("\u0301\u0302", NAMELESS),
    ],
)
def test_a_nickname_keeps_what_can_be_drawn_and_nothing_else(typed, drawn):
    assert nickname.sanitise(typed, covers=VENDORED.covers) == drawn


@given(st.text(max_size=300))
def test_whatever_is_typed_comes_out_short_visible_and_covered(typed):
    drawn = nickname.sanitise(typed, covers=VENDORED.covers)

    assert drawn.strip() == drawn != ""
    assert len(nicknames.signs(drawn)) <= nickname.LIMIT
    assert all(VENDORED.covers(sign) for sign in nicknames.signs(drawn) if not sign.isspace())


@given(st.text(max_size=100))
def test_drawing_a_drawn_nickname_changes_nothing(typed):
    once = nickname.sanitise(typed, covers=VENDORED.covers)

    assert nickname.sanitise(once, covers=VENDORED.covers) == once


@pytest.mark.parametrize(
    ("name", "stands_for_it"),
    [("李姐", "李"), ("「小美」", "小"), (f"{FAMILY}一家", FAMILY), ("...", "友"), (NAMELESS, "友")],
)
def test_a_round_portrait_shows_the_first_letter_or_emoji(name, stands_for_it):
    assert nickname.initial(name) == stands_for_it
