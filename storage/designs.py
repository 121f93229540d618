"""Designs: how reps have the posters of their customers look."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, exists, select

from referral.designs import TEXTS, Design
from referral.offers import EDITIONS, Edition, PosterCopy
from storage import tables as t
from storage.times import at, ms
from storage.upsert import put

_d = t.designs.c
_PLAIN = ("campaign", "rep", "template", "palette", "season", "photo")


class DesignsTable:
    """`referral.designs.Designs` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, campaign: str, rep: str) -> Design | None:
        row = self._c.execute(select(t.designs).where(_d.campaign == campaign, _d.rep == rep)).first()
        return _design(row) if row else None

    def of_rep(self, rep: str) -> list[Design]:
        return [_design(row) for row in self._c.execute(select(t.designs).where(_d.rep == rep))]

    def save(self, design: Design) -> None:
        words = {f"{edition}_{name}": getattr(design.words(edition), name) for edition in EDITIONS for name in TEXTS}
        plain = {name: getattr(design, name) for name in _PLAIN}
        put(self._c, t.designs, "campaign", "rep", **plain, **words, changed_at=ms(design.changed_at))

    def drop(self, campaign: str, rep: str) -> None:
        self._c.execute(delete(t.designs).where(_d.campaign == campaign, _d.rep == rep))

    def shows(self, photo: str) -> bool:
        """Whether any design shows this photo."""
        return bool(self._c.execute(select(exists().where(_d.photo == photo))).scalar())


def _design(row: Any) -> Design:
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Design(**plain, feed=_words(row, "feed"), friend=_words(row, "friend"), changed_at=at(row.changed_at))


def _words(row: Any, edition: Edition) -> PosterCopy:
    return PosterCopy(**{name: getattr(row, f"{edition}_{name}") for name in TEXTS})
