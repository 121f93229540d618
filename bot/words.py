"""The words of the product behind one door: chat copy, and the shipped offers filled in for a campaign and a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from bot.copy import Copy
from bot.offers import (
    ad_label,
    all_words,
    card_words,
    landing_words,
    load_pack,
    offer_values,
    own_words,
    pack_names,
    poster_words,
    privacy_words,
    rule_words,
    share_words,
    spoken_words,
    thanks_words,
)
from referral import framing, sectors
from referral.campaigns import Campaign
from referral.framing import Framing, framing_for
from referral.history import UNKNOWN, History
from referral.offers import Audience, CardCopy, Edition, LandingCopy, Pack, PosterCopy, Section
from referral.people import Person
from referral.terms import Choice, Terms
from referral.times import SHANGHAI
from referral.wording import lint

K = TypeVar("K")
V = TypeVar("V")
_REMEMBERED = 4_096  # pages, or offers


@dataclass(slots=True)
class Words:
    """`referral.facts.Words`, and what posters and pages say. Packs are read once, and judged once."""

    copy: Copy
    company: str
    contact: str
    industry: str = "other"
    packs: dict[str, Pack] = field(default_factory=dict)
    offers: dict[tuple[str, Terms], Mapping[str, object]] = field(default_factory=dict)
    judged: dict[tuple[str, Terms, str], list[str]] = field(default_factory=dict)
    landings: dict[tuple[str, Terms, str | None, str], LandingCopy] = field(default_factory=dict)
    cards: dict[tuple[str, Terms, Framing, Edition], CardCopy] = field(default_factory=dict)

    def say(self, key: str, stock: Mapping[str, object] | None = None, /, **values: object) -> str:
        return self.copy.say(key, stock, **values)

    def reason(self, code: str, *, audience: str = "customer") -> str:
        return self.copy.reason(code, audience=audience)

    def moment(self, code: str, value: str = "") -> str:
        """A reason for or against asking a customer now."""
        return self.copy.say(f"moment.{code}", {"value": value})

    def friend(self, name: str | None) -> str:
        return self.copy.friend(name)

    def pack(self, name: str) -> Pack:
        """A shipped offer; raises `CopyError` naming those there are."""
        if name not in self.packs:
            self.packs[name] = load_pack(name)
        return self.packs[name]

    def offer(self, pack: str, terms: Terms) -> Mapping[str, object]:
        """What an offer's words say of its terms; put into words once, since every ask of a plan wants it."""
        if (known := self.offers.get((pack, terms))) is None:
            known = MappingProxyType(offer_values(self.pack(pack), terms, self.company))
            _remember(self.offers, (pack, terms), known)
        return known

    def thanks(self, choice: Choice) -> str:
        """One form of a thanks, in words."""
        return thanks_words(choice)

    def framing(self, advocate: str, campaign: Campaign) -> Framing:
        """Which of its offer's framings an advocate has in a campaign."""
        return framing_for(advocate, campaign.id, self.pack(campaign.pack).framings)

    def audience(self, pack: str) -> Audience:
        """Whom an offer is for."""
        return self.pack(pack).audience

    def framings(self, pack: str) -> tuple[str, ...]:
        """The framings that an offer has words for."""
        return tuple(framing.value for framing in self.pack(pack).framings)

    def early(self, pack: str) -> str:
        """What an offer lets customers see before others, empty for nothing."""
        return self.pack(pack).early

    def share(
        self,
        advocate: Person,
        campaign: Campaign,
        terms: Terms,
        *,
        edition: Edition,
        link: str,
        code: str,
        now: datetime,
        history: History = UNKNOWN,
    ) -> str:
        """What an advocate may pass on in her own name.

        `history` is given only where nobody but she, or her rep, reads the words before she sends them.
        """
        pack = self.pack(campaign.pack)
        facts = framing.Facts(
            person=advocate.id,
            campaign=campaign.id,
            company=self.company,
            product=pack.product,
            nickname=advocate.nickname,
            joined_on=advocate.joined_at.astimezone(SHANGHAI).date() if advocate.joined_at else None,
            today=now.astimezone(SHANGHAI).date(),
            history=history,
            industry=self.industry,
        )
        style = self.framing(advocate.id, campaign)
        return share_words(pack, terms, style, facts, edition=edition, link=link, code=code)

    def poster(self, advocate: str, campaign: Campaign, terms: Terms, *, edition: Edition) -> PosterCopy:
        """The texts on an advocate's poster."""
        style = self.framing(advocate, campaign)
        return poster_words(self.pack(campaign.pack), terms, style, self.company, edition=edition)

    def own_poster(
        self, advocate: str, campaign: Campaign, terms: Terms, *, edition: Edition, own: PosterCopy
    ) -> PosterCopy:
        """The texts on an advocate's poster in her rep's own words, the pack's where there are none."""
        style = self.framing(advocate, campaign)
        return own_words(self.pack(campaign.pack), terms, style, self.company, edition=edition, own=own)

    def unfilled_poster(self, advocate: str, campaign: Campaign, *, edition: Edition) -> PosterCopy:
        """The texts that an advocate's poster has from the pack, with their placeholders."""
        return self.pack(campaign.pack).posters[self.framing(advocate, campaign)][edition]

    def spoken(self, advocate: str, campaign: Campaign) -> str:
        """What an advocate may say aloud over the end of a short video."""
        return spoken_words(self.pack(campaign.pack), self.framing(advocate, campaign), self.company)

    def card(self, advocate: str, campaign: Campaign, terms: Terms, *, edition: Edition) -> CardCopy:
        """The texts on the card of an advocate's page; filled once, since every view of the page asks for them."""
        style = self.framing(advocate, campaign)
        case = (campaign.pack, terms, style, edition)
        if (known := self.cards.get(case)) is None:
            known = card_words(self.pack(campaign.pack), terms, style, self.company, edition=edition)
            _remember(self.cards, case, known)
        return known

    def landing(self, advocate: Person, campaign: Campaign, terms: Terms, code: str) -> LandingCopy:
        """The texts on the page behind a code; filled once, as those of its card."""
        case = (campaign.pack, terms, advocate.shown_name, code)
        if (known := self.landings.get(case)) is None:
            pack = self.pack(campaign.pack)
            known = landing_words(pack, terms, company=self.company, nickname=advocate.shown_name, code=code)
            _remember(self.landings, case, known)
        return known

    def rules(self, campaign: Campaign, terms: Terms) -> tuple[Section, ...]:
        """The whole rules of a campaign."""
        begins = campaign.starts_at.astimezone(SHANGHAI).date()
        ends = campaign.ends_at.astimezone(SHANGHAI).date() if campaign.ends_at else None
        pack = self.pack(campaign.pack)
        return rule_words(pack, terms, company=self.company, contact=self.contact, begins=begins, ends=ends)

    def privacy(self, pack: str) -> tuple[Section, ...]:
        """The privacy page."""
        return privacy_words(self.pack(pack), company=self.company, contact=self.contact)

    def ad_label(self, pack: str) -> str:
        """The words that mark an advertisement."""
        return ad_label(self.pack(pack), self.company)

    def unlawful(self, pack: str, terms: Terms, industry: str) -> list[str]:
        """What keeps an offer out of a sector: made for others, thanks or words unlawful there; one sentence each.

        A company's own name and address are its own affair and are left out of it.
        """
        case = (pack, terms, industry)
        if case not in self.judged:
            self.judged[case] = self._judge(self.pack(pack), terms, industry)
        return list(self.judged[case])

    def judge_shipped(self, industry: str) -> None:
        """Judge every shipped offer as it is shipped, so that it need not be done while somebody waits."""
        for name in pack_names():
            self.unlawful(name, self.pack(name).terms, industry)

    def _judge(self, pack: Pack, terms: Terms, industry: str) -> list[str]:
        if pack.industries and industry not in pack.industries:
            return [f"「{pack.title}」只用于这些行业：{'、'.join(pack.industries)}"]
        closed = sectors.may_run(industry)
        if barred := [closed] if closed else sectors.unlawful_kinds(industry, terms.kinds):
            return list(dict.fromkeys(f"{each.why}（{each.source}）" for each in barred))
        said = all_words(pack, terms, company="本店", contact="客服")
        found = (each for edition, text in said for each in lint(text, edition=edition, industry=industry))
        return list(dict.fromkeys(f"「{each.text}」{each.why}（{each.rule}）" for each in found))


def _remember(words: dict[K, V], case: K, filled: V) -> None:
    """Keep what was filled; all is forgotten before it becomes too much."""
    if len(words) >= _REMEMBERED:
        words.clear()
    words[case] = filled
