"""Invite codes: the permutation, the check symbol, and what is found in the things people type."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from referral.codes import ALPHABET, ROWS, BadCode, decode, encode, find_in, is_valid, normalise, suggest

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))

rows = st.integers(min_value=0, max_value=ROWS - 1)
keys = st.binary(min_size=32, max_size=32)

VALID = "3F9K2A7Y"  # the code of these tests: its check symbol fits


def some_codes(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [encode(chance.randrange(ROWS), KEY) for _ in range(count)]


def with_symbol(code: str, at: int, symbol: str) -> str:
    return code[:at] + symbol + code[at + 1 :]


def with_swap(code: str, at: int) -> str:
    return code[:at] + code[at + 1] + code[at] + code[at + 2 :]


# --- rows and codes --------------------------------------------------------------------------------------------------


@given(row=rows, key=keys)
@example(row=0, key=bytes(32))
@example(row=ROWS - 1, key=bytes(32))
def test_a_code_leads_back_to_its_row(row: int, key: bytes) -> None:
    code = encode(row, key)

    assert decode(code, key) == row
    assert is_valid(code)
    assert len(code) == 8
    assert set(code) <= set(ALPHABET)


@given(symbols=st.text(alphabet=ALPHABET, min_size=7, max_size=7), key=keys)
def test_any_seven_symbols_take_one_check_symbol_and_are_the_code_of_one_row(symbols: str, key: bytes) -> None:
    codes = [symbols + check for check in ALPHABET if is_valid(symbols + check)]

    assert len(codes) == 1
    assert encode(decode(codes[0], key), key) == codes[0]


def test_the_code_of_a_row_never_changes_because_posters_are_already_printed() -> None:
    assert [encode(row, KEY) for row in (0, 1, 2, 1000, ROWS - 1)] == [
        "JTKFVH2Z",
        "F2593AK0",
        "SA0GA3SE",
        "2WDDF8YM",
        "M3FNBDN3",
    ]


def test_rows_do_not_collide_and_do_not_follow_each_other() -> None:
    codes = [encode(row, KEY) for row in [*range(4000), *range(4000, 100_000, 23)]]

    assert len(set(codes)) == len(codes)
    first = codes[:4000]
    rising = sum(earlier < later for earlier, later in pairwise(first))
    kept = sum(a == b for earlier, later in pairwise(first) for a, b in zip(earlier, later, strict=True))
    assert 1800 < rising < 2200
    assert 800 < kept < 1200  # of 32 000 symbols 1 in 32 is the same by chance


def test_another_key_gives_other_codes() -> None:
    same = [row for row in range(1000) if encode(row, KEY) == encode(row, OTHER_KEY)]

    assert same == []


@pytest.mark.parametrize("row", [-1, ROWS])
def test_a_row_that_does_not_fit_is_refused(row: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        encode(row, KEY)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_of_the_wrong_length_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="not 32"):
        encode(1, key)
    with pytest.raises(ValueError, match="not 32"):
        decode(VALID, key)


@pytest.mark.parametrize(
    "code", ["", "3F9K2A7", VALID + "0", "3F9K2A7X", VALID.lower(), "3F9K-2A7", "UUUUUUUU", "３F9K2A7Y"]
)
def test_what_is_not_a_canonical_code_is_not_decoded(code: str) -> None:
    assert not is_valid(code)
    with pytest.raises(BadCode):
        decode(code, KEY)


# --- the check symbol ------------------------------------------------------------------------------------------------


def times(a: int, b: int) -> int:
    """Multiplication in GF(2)[x] / (x⁵ + x² + 1), by long multiplication and division."""
    product = 0
    for bit in range(5):
        product ^= (a << bit) * (b >> bit & 1)
    for bit in range(8, 4, -1):
        product ^= (0b100101 << (bit - 5)) * (product >> bit & 1)
    return product


@given(row=rows)
def test_the_weighted_sum_of_a_code_is_zero_in_the_field(row: int) -> None:
    total, weight = 0, 1
    for symbol in encode(row, KEY):
        total ^= times(weight, ALPHABET.index(symbol))
        weight = times(weight, 2)

    assert total == 0


def test_every_single_wrong_symbol_is_caught() -> None:
    for code in some_codes(200, seed=1):
        wrong = [with_symbol(code, at, symbol) for at in range(8) for symbol in ALPHABET if symbol != code[at]]

        assert len(wrong) == 8 * 31
        assert not any(map(is_valid, wrong))


def test_every_swap_of_different_neighbours_is_caught() -> None:
    for code in some_codes(2000, seed=2):
        swapped = [with_swap(code, at) for at in range(7) if code[at] != code[at + 1]]

        assert not any(map(is_valid, swapped))


# --- what people type ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "3F9K2A7Y",
        "3f9k2a7y",
        "3f9K2a7Y",
        "３Ｆ９Ｋ２Ａ７Ｙ",
        "３ｆ９ｋ２ａ７ｙ",
        "3F9K-2A7Y",
        "3F9K－2A7Y",
        "3F9K–2A7Y",
        "3F9K—2A7Y",
        "3F9K——2A7Y",
        "3F9K\u20112A7Y",
        "3F9K 2A7Y",
        "3F9K\u30002A7Y",
        "3F9K\u00a02A7Y",
        " 3 F 9 K 2 A 7 Y ",
        "3F9K2A7Y\n",
        "\ufeff3F9K\u200b2A7Y\u200d",
        "\u202a3F9K2A7Y\u202c",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert normalise(typed) == VALID


@pytest.mark.parametrize("typed", ["oO0iIlL1", "ＯｏＯＩｉＬｌ１", "000-11111"])
def test_letters_that_look_like_digits_are_read_as_digits(typed: str) -> None:
    assert normalise(typed) == "00011111"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "3F9K2A7",
        "3F9K2A7YX",
        "3F9K2A7U",
        "3F9K_2A7Y",
        "3F9K.2A7Y",
        "٣F9K2A7Y",
        "邀请码3F9K2A7Y",
        "①②③④⑤⑥⑦⑧",
        "ßßßß",
        "3F9K2A7Ⅰ",
    ],
)
def test_what_does_not_clean_to_eight_symbols_is_no_code(typed: str) -> None:
    assert normalise(typed) is None


@given(row=rows, data=st.data())
def test_any_mix_of_case_width_and_separators_cleans_to_the_code(row: int, data: st.DataObject) -> None:
    code = encode(row, KEY)
    looks = {"0": "0Oo０Ｏ", "1": "1IiLl１ｌ"}
    typed = "".join(
        data.draw(st.sampled_from(looks.get(symbol, symbol + symbol.lower() + chr(ord(symbol) + 0xFEE0))))
        + data.draw(st.sampled_from(["", "", " ", "-", "—", "\u3000", "\u200b"]))
        for symbol in code
    )

    assert normalise(typed) == code
    assert find_in(typed) == code


# --- in a message ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "3F9K2A7Y",
        "3f9k2a7y",
        "3f9k 2a7y",
        "3 F 9 K 2 A 7 Y",
        "３Ｆ９Ｋ－２Ａ７Ｙ",
        "邀请码：3F9K-2A7Y",
        "邀请码:3F9K2A7Y",
        "邀请码3F9K2A7Y",
        "我的码是 3f9k2a7y 谢谢",
        "我的码是3f9k2a7y谢谢",
        "我的码是 3f9k 2a7y 谢谢",
        "我的码是——3F9K2A7Y——谢谢",
        "是李姐介绍的，码「3F9K2A7Y」",
        "（3F9K2A7Y）",
        "code: 3F9K2A7Y.",
        "My code is 3F9K 2A7Y thanks",
        "你好\n3F9K2A7Y\n我想了解一下",
        "3F9K2A7Y 13800138000 王女士",
        "用３ｆ９ｋ２ａ７ｙ可以吗？",
        "邀请码\u200b3F9K2A7Y\u200b",
        "https://mei.example.cn/i/3F9K2A7Y",
        "https://mei.example.cn/I/3F9K2A7Y?c=moments",
        "HTTPS://MEI.EXAMPLE.CN/I/3F9K2A7Y",
        "mei.example.cn/i/3f9k2a7y",
        "朋友发我的https://mei.example.cn/i/3f9k2a7y，还能用吗",
        "看这里 https://mei.example.cn/i/3F9K2A7Y/ 谢谢",
        "See https://mei.example.cn/i/3F9K2A7Y.",
        "https://mei.example.cn/i/3F9K-2A7Y#top",
        "订单 A1B2C3D4E5F6，邀请码 3F9K2A7Y",
        "先是 3F9K2A7X 打错了，应该是 3F9K2A7Y",
    ],
)
def test_a_code_in_a_message_is_found(message: str) -> None:
    assert find_in(message) == VALID


@pytest.mark.parametrize(
    "message",
    [
        "",
        "   ",
        "我要推荐",
        "海报",
        "是李姐介绍的",
        "TD",
        "谢谢，上周买的面霜很好用，下次带朋友来",
        "我的手机 13800138000",
        "138-0013-8000",
        "138 0013 8000",
        "电话 010-88886666",
        "+86 138 0013 8000",
        "号码是 88886666",
        "订单号 20261121",
        "订单20261121还没到",
        "订单号 SF1234567890123",
        "6222 0212 3456 7890 123",
        "2026-11-21 10:00",
        "3F9K2A7X",
        "我的码是 3F9K2A7X 谢谢",
        "3F9K2A7",
        "我的码是 3F9K2A7 谢谢",
        "Y3F9K2A7Y",
        "3F9K2A7Y9",
        "A13F9K2A7Y 发货了吗",
        "3F9K-2A7Y-99",
        "00-3F9K-2A7Y",
        "3F9K2A7Y@example.cn",
        "mei@3F9K2A7Y.example.cn",
        "https://shop.example.cn/item/3F9K2A7Y",
        "https://shop.example.cn/?id=3F9K2A7Y",
        "shop.example.cn/3F9K2A7Y",
        "https://mei.example.cn/i/3F9K2A7X",
        "https://mei.example.cn/i/3F9K2A7Y9",
        "https://mei.example.cn/i/3F9K2A7Y.jpg",
        "v3F9K_2A7Y",
        "hello, I would like some help please",
        "wechat 微信号 mei_2026abcd",
    ],
)
def test_what_only_looks_like_a_code_is_left_alone(message: str) -> None:
    assert find_in(message) is None


def test_a_code_of_digits_only_counts_when_it_is_called_a_code_or_stands_for_itself() -> None:
    code = next(digits for digits in map(str, range(20261121, 20262121)) if is_valid(digits))

    assert find_in(code) == code
    assert find_in(f"邀请码：{code}") == code
    assert find_in(f"我的码是 {code[:4]} {code[4:]}") == code
    assert find_in(f"订单 {code} 到哪了") is None
    assert find_in(f"手机号码 {code}") is None


def test_two_words_of_four_letters_are_words_unless_they_are_the_whole_message() -> None:
    code = next(code for code in some_codes(1000, seed=3) if code.isalpha())
    halves = f"{code[:4]} {code[4:]}".lower()

    assert find_in(f"well {halves} then") is None
    assert find_in(halves) == code
    assert find_in(f"用 {code} 可以吗") == code


def test_a_chance_word_passes_once_in_thirty_two() -> None:
    chance = random.Random(4)
    words = ["".join(chance.choices(ALPHABET[10:], k=8)) for _ in range(3200)]

    found = sum(find_in(f"收到 {word} 了") is not None for word in words)

    assert 60 < found < 140


@given(message=st.text(max_size=60))
def test_no_message_breaks_the_search_and_what_is_found_is_valid(message: str) -> None:
    found = find_in(message)

    assert found is None or is_valid(found)


# --- a near miss -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["3F9K2A7X", "8f9k-2a7y", "F39K2A7Y", "3F9K2AY7", "３Ｆ９Ｋ ２Ａ７Ｕ"])
def test_one_wrong_symbol_or_one_swap_is_put_right(typed: str) -> None:
    assert suggest(typed, [*some_codes(5, seed=5), VALID]) == VALID


@pytest.mark.parametrize("typed", ["", "3F9K2A7", "3F9K2A7YX", "3F9K2B8Y", "9F3K2A7Y", "海报", "ZZZZZZZZ"])
def test_what_is_further_away_gets_no_suggestion(typed: str) -> None:
    assert suggest(typed, [VALID]) is None


def test_nobody_elses_code_is_offered() -> None:
    assert suggest("3F9K2A7X", []) is None
    assert suggest("3F9K2A7X", some_codes(20, seed=6)) is None


def test_two_codes_equally_near_are_not_guessed_between() -> None:
    typed = with_symbol(VALID, 0, "Z")
    rival = next(code for symbol in ALPHABET if is_valid(code := with_symbol(typed, 7, symbol)))

    assert suggest(typed, [rival]) == rival
    assert suggest(typed, [VALID, rival]) is None


def test_a_code_met_twice_is_still_one_suggestion() -> None:
    assert suggest("3F9K2A7X", [VALID, VALID]) == VALID


def test_a_code_this_person_has_touched_is_no_miss() -> None:
    assert suggest(VALID, [VALID]) is None


# --- how long looking takes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", ["a", "a:", "a-", "/i/", "a/", "码", "ABCD 1234 ", "http:/"])
def test_a_message_of_any_length_is_looked_through_in_time(piece: str) -> None:
    text = (piece * 16_000)[:16_000]

    assert min(_seconds(text) for _ in range(3)) < 1  # in time that grows with its square it would be ten or more


def _seconds(text: str) -> float:
    started = time.process_time()
    find_in(text)
    return time.process_time() - started
