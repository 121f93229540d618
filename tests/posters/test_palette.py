"""Other colours of a template: hues turn, lightness stays, and what is written in which notation stays so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.posters.palette import Palette, Turn, contrast, parsed, read, read_own

OWN = read_own(["#7d311a", "#d9772f"], keep=[], only=[])
WHITE = (255, 255, 255)
COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


def a_palette(*turns: Turn, keep: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> Palette:
    return Palette(
        name="pine",
        title="松绿",
        swatch=OWN.swatch,
        turns=turns,
        keep=frozenset(map(parsed, keep)),
        only=frozenset(map(parsed, only)),
    )


HALF = a_palette(Turn(by=180))


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("#c81e1e", "#007c89"),
        ("fill='#c81e1e80'", "fill='#007c8980'"),
        ("rgba(200, 30,30, 0.4)", "rgba(0, 124, 137, 0.4)"),
        ("rgb(200,30,30)", "rgb(0, 124, 137)"),
        ("#c22", a_palette(Turn(by=180)).turned("#cc2222")),
        ("#c228", a_palette(Turn(by=180)).turned("#cc222288")),
        ("#ffffff #fff #777 #000", "#ffffff #ffffff #777777 #000000"),
        ('url(#cab) href="#bed" #section id="face"', 'url(#cab) href="#bed" #section id="face"'),
    ],
)
def test_every_notation_of_a_colour_is_turned_and_references_are_left(own: str, other: str) -> None:
    assert HALF.turned(own) == other


@given(COLOURS, st.floats(0, 360), st.floats(0, 1))
def test_a_turned_colour_stays_as_light_as_it_was(own: tuple[int, int, int], by: float, chroma: float) -> None:
    other = a_palette(Turn(by=by, chroma=chroma)).colour(own)

    assert all(0 <= part <= 255 for part in other)
    assert contrast(other, WHITE) == pytest.approx(contrast(own, WHITE), rel=0.35)  # OKLCH is not quite luminance


def test_own_colours_are_left_as_they_are_written() -> None:
    assert OWN.turned("#FFF rgb(1,2,3)") == "#FFF rgb(1,2,3)"


def test_the_first_turn_that_takes_a_hue_holds_and_a_span_may_go_past_the_end_of_the_circle() -> None:
    red, green = (200, 30, 30), (30, 160, 60)
    reds = Turn(first=330, last=60, by=90)

    assert a_palette(reds).colour(green) == green
    assert a_palette(reds).colour(red) != red
    assert a_palette(reds, Turn(by=10)).colour(red) == a_palette(reds).colour(red)
    assert a_palette(reds, Turn(by=10)).colour(green) != green


def test_what_is_kept_stays_and_where_some_alone_may_turn_the_rest_does() -> None:
    assert a_palette(Turn(by=180), keep=("#c81e1e",)).turned("#c81e1e #b81e1e") == "#c81e1e " + HALF.turned("#b81e1e")
    assert a_palette(Turn(by=180), only=("#c81e1e",)).turned("#c81e1e #b81e1e") == HALF.turned("#c81e1e") + " #b81e1e"


def test_a_palette_of_a_look_shows_itself_by_a_turned_swatch() -> None:
    pine = read({"name": "pine", "title": "松绿", "turns": [{"hues": [20, 65], "by": 115, "chroma": 0.6}]}, own=OWN)

    assert pine.turns == (Turn(first=20, last=65, by=115, chroma=0.6),)
    assert pine.swatch == (pine.turned("#7d311a"), pine.turned("#d9772f"))
    assert pine.swatch != OWN.swatch


@pytest.mark.parametrize(
    "plan",
    [
        {"title": "松绿", "turns": [{"by": 1}]},
        {"name": "松", "title": "松绿", "turns": [{"by": 1}]},
        {"name": "pine", "title": "", "turns": [{"by": 1}]},
        {"name": "pine", "title": "松绿", "turns": []},
        {"name": "pine", "title": "松绿", "turns": [{"around": 1}]},
        {"name": "pine", "title": "松绿", "turns": [{"hues": [1], "by": 1}]},
        {"name": "pine", "title": "松绿", "turns": [{"by": 1}], "keep": []},
    ],
)
def test_a_palette_that_cannot_be_is_refused(plan: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read(plan, own=OWN)


@pytest.mark.parametrize("colour", ["#FFF", "red", "#ABCDEF", "#1234567"])
def test_colours_of_a_look_are_written_in_one_way(colour: str) -> None:
    with pytest.raises(ValueError, match="is not #rrggbb"):
        read_own(["#7d311a", colour], keep=[], only=[])


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), WHITE) == pytest.approx(21)
    assert contrast(WHITE, (0, 0, 0)) == pytest.approx(21)
    assert contrast((118, 118, 118), WHITE) == pytest.approx(4.54, abs=0.01)
