"""Her own history stands in the words that she gets to change, and nowhere that others can read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.offers import load_pack
from referral.history import UNKNOWN, History, history_of
from referral.moments import Due, State
from referral.signals import SignalKind
from storage.transaction import Transaction
from tests.journeys.town import Town, open_town

IDLE = Due(state=State.IDLE, reason="", score=0.0, due_at=None)


@pytest.fixture
async def town(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url) as opened:
        yield opened


async def renewed_lately(town: Town, persona: str) -> None:
    """She was never known for how long, came often, and has just renewed."""
    person, at = await town.person(persona), town.app.clock() - timedelta(days=3)

    def unit(tx: Transaction) -> None:
        tx.people.learn(person.id, joined_at=None)
        tx.moments.save(tx.moments.get(person.id).but(orders=12, good=SignalKind.RENEWAL, good_at=at), IDLE)

    await town.app.store.write(unit)


async def words_on(town: Town, code: str, history: History | None = None) -> str:
    """What the house's words are for a code, with what is known of its advocate or with this."""

    def unit(tx: Transaction) -> str:
        found = tx.codes.find(code)
        assert found
        advocate, campaign = tx.people.get(found.advocate), tx.campaigns.get(found.campaign)
        assert advocate and campaign
        return town.app.words.share(
            advocate,
            campaign,
            tx.campaigns.terms(campaign.id, campaign.version),
            edition="friend",
            link=town.app.facts.link(code),
            code=code,
            now=town.app.clock(),
            history=history_of(tx, advocate.id) if history is None else history,
        )

    return await town.look(unit)


async def test_a_customer_s_own_words_begin_with_what_she_did_and_the_public_page_does_not_tell(town: Town):
    code = await town.code_of("mei", await town.campaign())
    await renewed_lately(town, "mei")
    pack = load_pack("double-month")
    openings = [text.replace("{company}", town.app.words.company) for text in sum(pack.openings_past.values(), ())]
    openings = [text.replace("{times}", "十几") for text in openings]

    told = await town.say("mei", "海报")
    own = await town.get(await town.me("mei"))
    public = await town.get(f"/p/{code}?edition=friend")

    mine, plain = await words_on(town, code), await words_on(town, code, UNKNOWN)
    assert any(opening in mine for opening in openings)
    assert mine in told
    assert mine.splitlines()[0] in own.text
    assert plain.splitlines()[0] in public.text
    assert not any(opening in public.text for opening in openings)
