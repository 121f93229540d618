"""Chat words: complete, checked when loaded, filled safely."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.copy import DESK_BYTES, PLACEHOLDERS, Copy, CopyError, clean, fill, fill_from
from bot.copy_keys import REASONS

CHAT = Path("templates/chat")


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHAT, tmp_path / "chat"))


def test_words_are_filled_in():
    assert Copy.load().say("claim.which", name="李姐", pronoun="她") == "请问是哪位李姐？可发她的邀请码，或由顾问确认。"


def test_a_stock_of_values_fills_what_is_left_open():
    said = Copy.load().say("notice.arrived", {"friend": "小君", "company": "青禾生活"})

    assert said == "小君来了，已经和我们的顾问认识。谢谢您的介绍。"


@pytest.mark.parametrize("values", [{}, {"name": "李姐"}, {"name": "李姐", "pronoun": "她", "extra": 1}])
def test_a_missing_or_surplus_value_is_an_error(values: dict[str, str]):
    with pytest.raises(CopyError):
        Copy.load().say("claim.which", **values)


def test_a_nickname_with_braces_stays_a_nickname():
    assert fill("{advocate}：{friend}", advocate="{friend}", friend="{{company}}") == "{friend}：{{company}}"


def test_a_nickname_cannot_break_the_line_or_turn_its_direction():
    assert clean("nickname", " 小\n君\u202e\x00\u200b ") == "小 君"


def test_a_family_emoji_stays_whole():
    assert clean("nickname", "小君👨\u200d👩\u200d👧") == "小君👨\u200d👩\u200d👧"


def test_a_long_nickname_is_cut_and_a_long_link_is_refused():
    assert clean("nickname", "长" * 50) == "长" * 19 + "…"
    with pytest.raises(CopyError, match="link"):
        clean("link", "https://" + "x" * 300)


@pytest.mark.parametrize("text", ["{unheard_of}", "a { b", "{0}", "{name!r}", "{name.x}", "{{name}}"])
def test_only_plain_names_of_the_allow_list_are_placeholders(text: str):
    with pytest.raises(CopyError):
        fill_from(text, dict.fromkeys(PLACEHOLDERS, "x"))


def test_every_bubble_fits_its_message_even_with_the_longest_values():
    copy = Copy.load()
    longest = {name: ("长" if "link" not in name else "x") * limit for name, limit in PLACEHOLDERS.items()}

    for key, line in copy.lines.items():
        said = copy.say(key, longest)
        assert len(said.encode()) <= (4000 if key.startswith("welcome.") else DESK_BYTES), key
        assert line.purpose


def test_every_reason_has_a_sentence_for_customers_and_one_for_staff():
    copy = Copy.load()

    for code in REASONS:
        assert copy.reason(code) != copy.reason(code, audience="staff")


def test_the_reasons_a_customer_reads_never_mention_fraud():
    copy = Copy.load()

    assert not any(
        word in copy.reason(code) for code in REASONS for word in ("作弊", "欺诈", "风控", "自荐", "本人的其他")
    )


def test_a_friend_is_named_only_when_her_name_is_given():
    copy = Copy.load()

    assert copy.friend("小君") == "小君"
    assert copy.friend(None) == copy.friend("") == "一位好友"


def test_no_bubble_shouts_or_gushes():
    texts = [line.text for line in Copy.load().lines.values()]

    assert not any(mark in text for text in texts for mark in ("！", "!", "亲，", "亲亲", "哦~", "～"))
    assert all(sum(ord(char) > 0x1F000 for char in text) <= 1 for text in texts)


def test_the_customer_never_meets_the_products_own_name():
    everything = [
        path.read_text(encoding="utf-8")
        for path in Path("templates").rglob("*.toml")
        if path.parent.name != "playground"
    ]

    assert not any("桃李" in text or "taoli" in text.lower() for text in everything)


def test_a_missing_key_stops_the_start(chat: Path):
    (chat / "optout.toml").unlink()

    with pytest.raises(CopyError, match=r"optout\.done: missing"):
        Copy.load(chat)


def test_all_faults_are_told_at_once(chat: Path):
    (chat / "optout.toml").write_text(
        '[done]\npurpose="x"\nmax=3\ntext="{whoever}"\n[spare]\npurpose="x"\nmax=3\ntext="四个字符长"\n'
    )
    (chat / "greet.toml").write_text("[hello")
    (chat / "claim.toml").write_text("[which]\nmax=3\n")

    with pytest.raises(CopyError) as caught:
        Copy.load(chat)

    told = "\n".join(caught.value.problems)
    assert "optout.done: {whoever}: unknown placeholder" in told
    assert "optout.spare: no code says this" in told
    assert "optout.spare: can reach 5 characters, more than 3" in told
    assert "greet.toml" in told
    assert "claim.which: needs a purpose and a text" in told


def test_every_reason_that_the_rules_give_has_its_sentences():
    from bot.copy_keys import REASONS
    from referral.attribution import Reason

    assert {reason.value for reason in Reason} <= REASONS
