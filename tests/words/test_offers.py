"""The pack as shipped, its terms, and what an operator may change."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.copy import CopyError
from bot.offers import load_pack, pack_names
from bot.offers.lines import lines_of, spelled
from referral.framing import Framing
from referral.offers import EDITIONS, RULE_FIELDS
from referral.terms import Choice

OFFERS = Path("templates/offers")


def test_double_month_has_the_settled_numbers():
    terms = load_pack("double-month").terms

    assert (terms.window_days, terms.late_days, terms.hold_days, terms.cap_per_year) == (30, 7, 15, 50)
    month = (Choice(kind="days", unit="days", amount=30, cost_fen=3000, says="{amount}天会员"),)
    assert [(t.rule, t.side, t.cause, t.choices) for t in terms.thanks] == [
        ("first-order", "advocate", "referral", month),
        ("first-order", "friend", "referral", month),
    ]
    assert (terms.budget_fen, terms.min_amount_fen) == (10_000_000, 1)
    assert (terms.attribution, terms.conversions) == ("last", ("order.paid",))
    assert terms.new_customers_only
    assert terms.both_or_neither


def test_every_shipped_pack_can_be_read():
    assert [load_pack(name).name for name in pack_names()] == pack_names()


def test_the_rules_fill_every_field_that_must_be_published():
    rules = load_pack("double-month").rules

    assert set(RULE_FIELDS) <= {section.field for section in rules}


def test_every_framing_and_edition_has_at_least_two_wordings():
    for name in pack_names():
        pack = load_pack(name)
        assert {Framing.PLAIN, Framing.HELP, Framing.THANKS} <= set(pack.framings) == set(pack.posters)
        assert all(len(set(pack.words[framing][e])) >= 2 for framing in pack.framings for e in EDITIONS)


def test_an_offer_that_gives_nobody_anything_has_nothing_for_both():
    assert Framing.BOTH not in load_pack("gratitude").framings


def test_a_framing_must_stand_in_words_and_on_posters(house: Path):
    told = spoil(house, "double-month/words.toml", "[words.both]", "[words.bath]")

    assert "words.bath: unknown key" in told

    words = house / "double-month" / "words.toml"
    text = words.read_text(encoding="utf-8")
    words.write_text(re.sub(r"\[words\.bath\].*?(?=\[words\.early\])", "", text, flags=re.DOTALL), encoding="utf-8")
    with pytest.raises(CopyError, match=r"poster\.toml:\d+: both: words\.toml and poster\.toml must have the same"):
        load_pack("double-month", house)


def test_what_takes_longer_than_sixteen_seconds_to_say_is_refused(house: Path):
    longer = "图里有顾问，平时怎么用、怎么停、怎么续、换了手机怎么办，这些都能问到"
    told = spoil(house, "double-month/poster.toml", "图里有顾问，怎么用、怎么停都能问", longer)

    assert "plain.spoken: can reach" in told
    assert "more than 72: 16 seconds aloud" in told


def test_an_unknown_pack_is_answered_with_the_packs_there_are():
    with pytest.raises(CopyError, match="double-month"):
        load_pack("triple-month")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of what is shipped, to spoil."""
    for name in ("common", "double-month"):
        shutil.copytree(OFFERS / name, tmp_path / name)
    return tmp_path


def spoil(house: Path, file: str, old: str, new: str) -> str:
    """Replace the first `old` in a file of the house; what loading the pack says then."""
    text = (house / file).read_text(encoding="utf-8")
    assert old in text, old
    (house / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CopyError) as caught:
        load_pack("double-month", house)
    return "\n".join(caught.value.problems)


def line_of(file: str, text: str) -> int:
    return (OFFERS / file).read_text(encoding="utf-8").split(text)[0].count("\n") + 1


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("offer.toml", 'title = "一起多一个月"', "", "offer.toml:1: title: missing"),
        ("offer.toml", 'name = "double-month"', 'name = "other"', "offer.toml:3: name: must be 'double-month'"),
        ("offer.toml", "hold_days = 15", 'hold_days = "15"', "{line}: terms.hold_days: 要是 0 到 180 的整数"),
        ("offer.toml", "cost_fen = 3000 ", "cost_fen = -1 ", "{line}: thanks[0].choices[0].cost_fen: 要是 0"),
        ("offer.toml", "{amount}", "{product}", "{line}: thanks[0].choices[0].says: {product} has no value here"),
        ("offer.toml", "[terms]", "[terms", "offer.toml:{line}: "),
        ("offer.toml", "min_satisfaction = 7", "min_activity_rank = 7", "{line}: audience.min_activity_rank: not"),
        ("words.toml", "{friend_thanks}", "{gift}", "{line}: words.plain.friend[0]: unknown placeholder {gift}"),
        ("words.toml", "{tenure}了", "{rep}了", "openings.since[0]: {rep} has no value here"),
        ("words.toml", 'button = "添加顾问"', "", "landing.button: missing"),
        ("words.toml", 'short = "', 'colour = "', "{line}: words.colour: unknown key"),
        ("words.toml", "steps = [", "steps = 3 # [", "words.toml:"),
        ("rules.toml", 'field = "thanks"', 'field = "thank"', "field 'thanks' must be filled in"),
        ("rules.toml", 'title = "怎么使用"', "", "rules: each needs a field, a title and a text"),
        ("poster.toml", "note = ", "foot = ", "poster.toml:"),
        ("poster.toml", "[early]", "[later]", "{line}: later: unknown key"),
    ],
)  # fmt: skip
def test_a_broken_pack_is_refused_with_file_and_line(house: Path, file: str, old: str, new: str, says: str):
    told = spoil(house, f"double-month/{file}", old, new)

    assert says.replace("{line}", str(line_of(f"double-month/{file}", old))) in told


def test_a_fault_in_what_packs_share_is_told_where_it_is(house: Path):
    assert "common/rules.toml:" in spoil(house, "common/rules.toml", "{contact}", "{phone}")


def test_a_missing_file_is_named(house: Path):
    (house / "double-month" / "poster.toml").unlink()

    with pytest.raises(CopyError, match=r"double-month/poster\.toml: missing"):
        load_pack("double-month", house)


def test_every_fault_of_a_pack_is_told_at_once(house: Path):
    spoil(house, "double-month/offer.toml", "hold_days = 15", "hold_days = 999")
    spoil(house, "double-month/words.toml", "{link}", "{lonk}")

    told = spoil(house, "common/rules.toml", "{contact}", "{phone}")

    assert told.count("\n") >= 2


def test_a_pack_says_a_common_phrase_or_rule_in_its_own_way(house: Path):
    words, rules = (house / "double-month" / name for name in ("words.toml", "rules.toml"))
    words.write_text(words.read_text(encoding="utf-8") + '\n[phrases]\nact = "到店"\n', encoding="utf-8")
    own = '\n[[rules]]\nfield = "caps"\ntitle = "上限"\ntext = "没有上限。"\n'
    rules.write_text(rules.read_text(encoding="utf-8") + own, encoding="utf-8")

    pack = load_pack("double-month", house)

    assert pack.phrases["act"] == "到店"
    assert [section.text for section in pack.rules if section.field == "caps"] == ["没有上限。"]
    assert [s.field for s in pack.rules] == [s.field for s in load_pack("double-month").rules]


TOML = """
# a comment with [brackets] = "and signs"
top = 1
"quoted key" = [
  "one", # [not.a.table]
  'two, with ] inside',
  [3, 4],
]
long = \"\"\"
[not]
a = "table"
\"\"\"
[a.b]
c = { d = "x", e = [1,
 2] }
[[list]]
n = 1
[[list.sub]]
m = "\\"q"
[[list]]
n = 2
[list.table]
k.j = true
"""


def test_the_line_of_everything_in_a_toml_file_is_found():
    lines = lines_of(TOML)

    assert {spelled(path): line for path, line in lines.items()} == {
        "top": 3, "quoted key": 4, "quoted key[0]": 5, "quoted key[1]": 6, "quoted key[2]": 7, "quoted key[2][0]": 7,
        "quoted key[2][1]": 7, "long": 9, "a.b": 13, "a.b.c": 14, "a.b.c.d": 14, "a.b.c.e": 14, "a.b.c.e[0]": 14,
        "a.b.c.e[1]": 15, "list[0]": 16, "list[0].n": 17, "list[0].sub[0]": 18, "list[0].sub[0].m": 19, "list[1]": 20,
        "list[1].n": 21, "list[1].table": 22, "list[1].table.k.j": 23,
    }  # fmt: skip


@pytest.mark.parametrize("file", sorted(Path("templates").rglob("*.toml")), ids=str)
def test_nothing_in_our_own_files_is_without_a_line(file: Path):
    text = file.read_text(encoding="utf-8")
    lines = lines_of(text)

    for path in every_place(tomllib.loads(text), ()):
        assert path in lines or any(known[: len(path)] == path for known in lines), path


def every_place(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from every_place(part, (*path, key))
