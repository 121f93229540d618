"""What a rep sees of her customers' posters, as plain values: the gallery, and the page on which she changes them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.pages.views import ChoiceRow
from referral.designs import Refusal
from referral.offers import Edition


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """One look with a real poster in it, `width` x `height` px as shown; `url` leads to where it is chosen."""

    title: str
    picture: str
    width: int
    height: int
    url: str
    is_used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """One campaign's looks. `whose` says whose name and code the pictures show; `note` is empty while it runs."""

    id: str
    name: str
    note: str
    whose: str
    is_changed: bool
    looks: tuple[LookRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepPostersView:
    """The gallery: every look of every campaign, in the chosen size, theme and edition."""

    company: str
    campaigns: tuple[CampaignRow, ...]
    sizes: tuple[ChoiceRow, ...]
    themes: tuple[ChoiceRow, ...]
    editions: tuple[ChoiceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several that can be chosen; `picture` or two colours show what it is like."""

    name: str
    title: str
    is_chosen: bool
    picture: str = ""
    colours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One text: `hint` is what stands there while it is empty, `most` counts characters, `rows` lines to type in."""

    name: str
    label: str
    value: str
    hint: str
    most: int
    rows: int
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPart:
    """One edition: its texts, what speaks against it as a whole, and its picture, empty while something does."""

    edition: Edition
    title: str
    about: str
    fields: tuple[Field, ...]
    refusals: tuple[Refusal, ...]
    picture: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RepDesignView:
    """The page on which a campaign's posters are changed.

    `names` are the placeholders with what they are filled with; `photo` is the file's name on the shelf, `photo_looks`
    are the looks that show one. `against_look` and its like
    are what speaks against these. `told` says what was
    just done, `held` that nothing was published.
    """

    company: str
    id: str
    campaign: str
    whose: str
    looks: tuple[Option, ...]
    palettes: tuple[Option, ...]
    seasons: tuple[Option, ...]
    editions: tuple[EditionPart, ...]
    names: tuple[tuple[str, str], ...]
    photo: str
    photo_looks: str
    against_look: tuple[Refusal, ...] = ()
    against_palette: tuple[Refusal, ...] = ()
    against_season: tuple[Refusal, ...] = ()
    against_photo: tuple[Refusal, ...] = ()
    told: str = ""
    held: bool = False
    is_changed: bool = False

    @property
    def template(self) -> str:
        """The chosen look's name."""
        return next((look.name for look in self.looks if look.is_chosen), "")
