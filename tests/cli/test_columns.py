"""Words at a terminal."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.cli.columns import columns, wrapped


def test_columns_stand_below_each_other():
    lines = list(columns(("编号", "名称"), [("c1", "一起多一个月"), ("c22", "甲")]))

    assert lines == ["编号  名称", "c1    一起多一个月", "c22   甲"]


def test_an_address_stays_in_one_piece():
    address = "http://127.0.0.1:8000/me/" + "a" * 60

    assert list(wrapped(f"她的页面 {address}", 40)) == ["她的页面", address]


def test_a_line_does_not_begin_with_a_closing_sign():
    assert list(wrapped("一二三四，五", 8)) == ["一二三", "四，五"]


@given(st.text(alphabet="一二三，。 ab\n"), st.integers(4, 20))
def test_nothing_is_lost_and_no_line_of_short_words_is_too_long(text, width):
    lines = list(wrapped(text, width))

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width or " " not in line.strip() for line in lines)
