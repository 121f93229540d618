"""The name in 是李姐介绍的: whether it is one, and whose it may be."""

import pytest

from referral.claim_names import likeness, names_somebody, surname
from referral.conversations.names import Named


@pytest.mark.parametrize(
    "said", ["李姐", "王 阿姨", "小李", "Lily", "张总", "欧阳老师", "春天的风", "老王", "好好", "好姐"]
)
def test_a_name_names_somebody(said):
    assert names_somebody(said)


@pytest.mark.parametrize(
    "said",
    ["朋友", "一个朋友", "我的朋友", "同事", "谁", "别人", "抖音", "网上", "你们店里的人", "老客户", "群里", "", " "],
)
def test_a_word_for_anybody_names_nobody(said):
    assert not names_somebody(said)


@pytest.mark.parametrize(
    ("said", "family"),
    [("李姐", "李"), ("欧阳老师", "欧阳"), ("小李", "李"), ("王总", "王"), ("李", ""), ("Lily", ""), ("春天的风", "")],
)
def test_the_surname_stands_behind_a_form_of_address(said, family):
    assert surname(said) == family


@pytest.mark.parametrize(
    ("said", "nickname", "name", "how"),
    [
        ("李姐", "李姐", "", 3),
        ("李 姐", "李姐🌸", "", 2),
        ("春和李姐", "李姐", "", 2),
        ("李姐", "春天", "李梅", 1),
        ("李姐", "小李", "", 1),
        ("李姐", "春天", "王梅", 0),
        ("lily", "LILY", "", 3),
        ("李姐", "", "", 0),
    ],
)
def test_names_are_more_or_less_alike(said, nickname, name, how):
    assert likeness(said, Named(person="p1", nickname=nickname, name=name)) == how
