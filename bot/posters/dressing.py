"""A rep's design laid over a poster as the campaign has it: her look and colours, her words, her photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.copy import CopyError
from bot.photo_shelf import PhotoShelf
from bot.posters.engine import Edition, PosterSpec
from bot.posters.look import Look
from bot.words import Words
from referral.campaigns import Campaign
from referral.designs import THE_PACKS, Design, objections, promised
from referral.offers import PosterCopy
from referral.terms import Terms

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dressing:
    """Knows the company's words, what its `industry` may not say, and where the photos lie."""

    words: Words
    photos: PhotoShelf
    industry: str

    def dress(self, plain: PosterSpec, design: Design, campaign: Campaign, advocate: str, terms: Terms) -> PosterSpec:
        """A poster whose look nobody asked for by name, with all that the rep has changed but her photo."""
        template = design.template or plain.template
        dressed = replace(plain, template=template, palette=plain.palette or design.palette)
        return self.word(dressed, design, campaign, advocate, terms)

    def word(self, plain: PosterSpec, design: Design, campaign: Campaign, advocate: str, terms: Terms) -> PosterSpec:
        """A poster in a look that was asked for, with the rep's words and ornament."""
        words = self._own_words(design, plain.edition, campaign, advocate, terms)
        spec = replace(plain, season=plain.season or design.season)
        return replace(spec, headline=words.headline, body=words.body, note=words.note) if words else spec

    def fit(self, spec: PosterSpec, photo: str, looks: Sequence[Look]) -> PosterSpec:
        """With her photo where the look takes one, and of colours and ornaments those that it has."""
        look = next((look for look in looks if look.name == spec.template), None)
        frame = look.frames.get(spec.size) if look else None
        if look is None or frame is None:
            return spec
        return replace(
            spec,
            palette=spec.palette if spec.palette in {each.name for each in look.palettes} else "",
            season=spec.season if spec.season in look.seasons and frame.season else "",
            photo=self._photo(photo) if photo and look.takes_photo else None,
        )

    def _own_words(
        self, design: Design, edition: Edition, campaign: Campaign, advocate: str, terms: Terms
    ) -> PosterCopy | None:
        """A rep's words, filled; None where there are none, or where they may not be said (any more)."""
        own = design.words(edition)
        if own == THE_PACKS or promised(own, edition):
            return None
        try:
            words = self.words.own_poster(advocate, campaign, terms, edition=edition, own=own)
        except CopyError as problem:
            log.warning("poster.design_unfilled", campaign=campaign.id, problem=str(problem))
            return None
        return None if objections(words, edition, self.industry) else words

    def _photo(self, name: str) -> bytes | None:
        try:
            return self.photos.path(name).read_bytes()
        except OSError as problem:
            log.warning("poster.no_photo", problem=problem.strerror)
            return None
