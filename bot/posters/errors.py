"""What can go wrong with a poster; each says what to do about it."""

from __future__ import annotations


class PosterError(Exception):
    """A poster could not be made."""


class PosterWaits(PosterError):
    """The platform is still making the entrance that its QR leads to: ask again in some seconds."""


class TemplateUnknown(PosterError):
    """There is no template of that name: choose one of those in `templates/posters/`."""


class TemplateBroken(PosterError):
    """A template cannot be used: its files say what is wrong where."""


class SizeUnknown(PosterError):
    """The template has not this size: choose another size or another template."""


class PaletteUnknown(PosterError):
    """The template has not these colours: choose others of its own, or none."""


class SeasonUnknown(PosterError):
    """There is no such ornament, or the template has no room for one in this size: choose another, or none."""


class CopyDoesNotFit(PosterError):
    """The words are too long for the template, even at its smallest size: shorten headline, body or note."""


class AvatarRefused(PosterError):
    """The picture is not one we are willing to decode: go on without it."""


class FontMissing(PosterError):
    """A configured font file is not there: correct the path or leave it out."""


class PosterBroken(PosterError):
    """The QR of a finished poster does not read back as its link: nobody may get this poster."""
