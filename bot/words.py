"""The words of the product behind one door: chat copy, and the shipped offers filled in for a campaign and a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.copy import Copy
from bot.offers import (
    ad_label,
    landing_words,
    load_pack,
    offer_values,
    poster_words,
    privacy_words,
    rule_words,
    share_words,
)
from referral import framing
from referral.campaigns import Campaign
from referral.framing import framing_for
from referral.offers import EDITIONS, Audience, Edition, LandingCopy, Pack, PosterCopy, Section, Terms
from referral.people import Person
from referral.times import SHANGHAI
from referral.wording import lint


@dataclass(slots=True)
class Words:
    """`referral.facts.Words`, and what posters and pages say. Packs are read once."""

    copy: Copy
    company: str
    contact: str
    packs: dict[str, Pack] = field(default_factory=dict)

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
        return offer_values(self.pack(pack), terms, self.company)

    def audience(self, pack: str) -> Audience:
        """Whom an offer is for."""
        return self.pack(pack).audience

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
    ) -> str:
        """What an advocate may pass on in her own name."""
        pack = self.pack(campaign.pack)
        facts = framing.Facts(
            person=advocate.id,
            campaign=campaign.id,
            company=self.company,
            product=pack.product,
            nickname=advocate.nickname,
            joined_on=advocate.joined_at.astimezone(SHANGHAI).date() if advocate.joined_at else None,
            today=now.astimezone(SHANGHAI).date(),
        )
        style = framing_for(advocate.id, campaign.id)
        return share_words(pack, terms, style, facts, edition=edition, link=link, code=code)

    def poster(self, advocate: str, campaign: Campaign, terms: Terms, *, edition: Edition) -> PosterCopy:
        """The texts on an advocate's poster."""
        style = framing_for(advocate, campaign.id)
        return poster_words(self.pack(campaign.pack), terms, style, self.company, edition=edition)

    def landing(self, advocate: Person, campaign: Campaign, terms: Terms, code: str) -> LandingCopy:
        """The texts on the page behind a code."""
        pack = self.pack(campaign.pack)
        return landing_words(pack, terms, company=self.company, nickname=advocate.shown_name, code=code)

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
        """What may not be said, in this sector, among an offer's words as these terms fill them; one sentence each.

        A company's own name is its own affair and is left out of it.
        """
        neutral = replace(self, company="本店")
        said = neutral.all_words(self.pack(pack), terms)
        found = (each for edition, text in said for each in lint(text, edition=edition, industry=industry))
        return list(dict.fromkeys(f"「{each.text}」{each.why}（{each.rule}）" for each in found))

    def all_words(self, pack: Pack, terms: Terms) -> list[tuple[Edition, str]]:
        """Every piece that customers and friends will read, by edition."""
        pieces: list[tuple[Edition, str]] = []
        for style in framing.Framing:
            for edition in EDITIONS:
                poster = poster_words(pack, terms, style, self.company, edition=edition)
                pieces += [(edition, text) for text in (poster.headline, poster.body, poster.note) if text]
                pieces += [(edition, words) for words in self._sample_words(pack, terms, style, edition)]
        landing = landing_words(pack, terms, company=self.company, nickname=None, code="0" * 8)
        return [*pieces, *(("friend", text) for text in (landing.headline, *landing.lines, *landing.steps))]

    def _sample_words(self, pack: Pack, terms: Terms, style: framing.Framing, edition: Edition) -> list[str]:
        """What may be passed on, in enough people's names to meet each wording."""
        people = [
            framing.Facts(
                person=f"p{number}",
                campaign=pack.name,
                company=self.company,
                product=pack.product,
                nickname="",
                joined_on=None,
                today=date(2000, 1, 1),
            )
            for number in range(16)
        ]
        link = "https://a.cn/i/00000000" if edition == "friend" else ""
        said = (share_words(pack, terms, style, who, edition=edition, link=link, code="0" * 8) for who in people)
        return list(dict.fromkeys(said))
