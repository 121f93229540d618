"""The mood of what customers write to the desk: the corpus, and the traps one by one."""

from __future__ import annotations

import pytest

from referral.praise import Mood, asks_something, mood
from tests.words.desk_lines import alarms, halves, lines, missed, share

TUNED, HELD_OUT = halves()

either_half = pytest.mark.parametrize("half", [TUNED, HELD_OUT], ids=["tuned", "held-out"])


def test_the_corpus_is_large_and_its_lines_are_all_different():
    said = [line.said for line in lines()]

    assert len(said) >= 300
    assert len(set(said)) == len(said)
    assert len(HELD_OUT) >= 150


@pytest.mark.parametrize("meant", [Mood.PRAISE, Mood.COMPLAINT])
@either_half
def test_of_ten_kind_words_or_clear_complaints_at_least_nine_are_heard(half, meant: Mood):
    assert share(missed(half, meant), half, meant) <= 0.1, missed(half, meant)


@pytest.mark.parametrize("meant", [Mood.PRAISE, Mood.COMPLAINT])
@either_half
def test_fewer_than_two_other_lines_in_a_hundred_are_taken_for_it(half, meant: Mood):
    found = alarms(half, meant)

    assert share(found, half, meant, others=True) < 0.02, found


@either_half
def test_no_complaint_is_ever_taken_for_praise(half):
    assert [line for line in half if line.meant == "complaint" and mood(line.said) is Mood.PRAISE] == []


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("太好了！", Mood.PRAISE),
        ("如果明天能到就太好了", Mood.PLAIN),
        ("很满意", Mood.PRAISE),
        ("不太满意", Mood.UNHAPPY),
        ("你们写着「非常满意」", Mood.PLAIN),
        ("好是好，但是太慢了", Mood.PLAIN),
        ("虽然贵，但是真的很好用", Mood.PRAISE),
        ("给你们好评", Mood.PRAISE),
        ("好评返现吗？", Mood.PLAIN),
        ("谢谢", Mood.PLAIN),
        ("谢谢你们", Mood.PRAISE),
        ("谢谢你们，不用了", Mood.PLAIN),
        ("👍", Mood.PLAIN),
        ("好的👍👍👍", Mood.PLAIN),
        ("👍🌹", Mood.PRAISE),
        ("[强][玫瑰]", Mood.PRAISE),
        ("❤️❤️❤️", Mood.PRAISE),
        ("太棒了，等了三天", Mood.PLAIN),
        ("投诉！", Mood.COMPLAINT),
        ("怎么投诉？", Mood.UNHAPPY),
        ("我不是来投诉的", Mood.PLAIN),
        ("我要退款", Mood.COMPLAINT),
        ("退款多久到账", Mood.PLAIN),
        ("东西不错，但是我要投诉客服", Mood.COMPLAINT),
        ("滿意，謝謝", Mood.PRAISE),
        ("很\u200b满\u200b意", Mood.PRAISE),
        ("", Mood.PLAIN),
        ("？！", Mood.PLAIN),
    ],
)
def test_near_misses_are_told_apart(said: str, heard: Mood):
    assert mood(said) is heard


def test_kind_words_with_a_question_still_want_an_answer():
    assert asks_something("你们真好，请问几点关门")
    assert not asks_something("你们真好，下次还来")


@pytest.mark.parametrize("piece", ["很", "不", "谢谢", "[强]", "“", "满意", "给", "等了", "a ", "👍"])
def test_an_endless_message_costs_no_more_than_a_long_one(piece: str):
    assert mood(piece * 100_000) in Mood
