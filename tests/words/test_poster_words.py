"""What posters say: no pack what a rep may not type, nobody 你 and 您 at once, and no way to somebody but the QR."""

import pytest

from bot.offers import load_pack, offer_values, own_words, pack_names
from referral.designs import objections, promised, typed
from referral.offers import EDITIONS, PosterCopy
from templates import ROOT

COMPANY = "春和家居"


@pytest.mark.parametrize("name", pack_names())
def test_no_pack_says_on_a_poster_what_a_rep_may_not(name: str) -> None:
    pack = load_pack(name)
    values = offer_values(pack, pack.terms, COMPANY)
    industry = pack.industries[0] if pack.industries else "retail"

    for framing, editions in pack.posters.items():
        for edition in EDITIONS:
            copy = editions[edition]
            filled = own_words(pack, pack.terms, framing, COMPANY, edition=edition, own=copy)
            assert typed(copy, edition, values) == []
            assert promised(copy, edition) == ()
            assert objections(filled, edition, industry) == ()


@pytest.mark.parametrize("name", pack_names())
def test_a_friend_is_addressed_alike_all_over_a_poster(name: str) -> None:
    pack = load_pack(name)

    for framing, editions in pack.posters.items():
        for edition in EDITIONS:
            filled = own_words(pack, pack.terms, framing, COMPANY, edition=edition, own=editions[edition])
            assert "您" not in filled.headline + filled.body + filled.note
    assert [page for page in ROOT.glob("posters/*/*.j2") if "您" in page.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("上 http://evil.com 看看", ["http://evil.com"]),
        ("evil.com，看看", ["evil.com"]),
        ("到 shop.evil.cn/a?b=1 挑", ["shop.evil.cn/a?b=1"]),
        ("打13800138000", ["13800138000"]),
        ("138-0013-8000 或 +86 139 0013 9000", ["138-0013-8000", "+86 139 0013 9000"]),
        ("０５７１－８８８８８８８８", ["０５７１－８８８８８８８８"]),
        ("400-820-8820", ["400-820-8820"]),
        ("加微信号 lin_2026", ["微信号 lin_2026"]),
        ("写信 lin@evil.com", ["lin@evil.com"]),
    ],
)
@pytest.mark.parametrize("edition", EDITIONS)
def test_an_address_or_a_number_that_is_typed_is_refused_word_for_word(edition, said: str, found: list[str]) -> None:
    against = promised(PosterCopy(headline="", body=said, note=""), edition)

    assert [each.text for each in against if each.why.startswith("这里写着")] == found


@pytest.mark.parametrize(
    "said", ["2026年12月31日", "每天9.00到21.30", "第3.5版", "24小时有人答", "No.1001 房间", "QQ糖和Wi-Fi都有"]
)
def test_what_only_counts_or_dates_is_no_way_to_anybody(said: str) -> None:
    against = promised(PosterCopy(headline="", body=said, note=""), "feed")

    assert [each for each in against if "这里写着" in each.why] == []
