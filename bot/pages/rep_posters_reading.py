"""A rep's posters as they are kept: the gallery with real names and codes, and one campaign's design to be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from bot.designing import Designing, Looks
from bot.pages.poster import SPOKEN_SIZES
from bot.pages.rep_posters_views import (
    CampaignRow,
    EditionPart,
    Field,
    LookRow,
    Option,
    RepDesignView,
    RepPostersView,
)
from bot.pages.rep_reading import Reading
from bot.pages.views import ChoiceRow
from bot.posters.commissions import Commission
from bot.posters.look import SEASONS, SIZES, Look
from referral.campaigns import SPOKEN, Campaign, CampaignState
from referral.designs import TEXTS, Design, Refusal
from referral.offers import Edition
from referral.people import UNNAMED

HOME = "/rep/posters"

_SMALL = 360  # px: half a phone's width, on a screen with two or three dots to each
_TINY = 160
_TITLES: Mapping[str, str] = {"headline": "标题", "body": "正文", "note": "底部小字"}
_ROWS: Mapping[str, int] = {"headline": 2, "body": 4, "note": 2}
_EDITIONS: Mapping[Edition, tuple[str, str]] = {
    "friend": ("朋友版", "一对一发给朋友看的，可以写谢礼。"),
    "feed": ("公开版", "谁都看得到的，不写谢礼和金额，也不请人转发。"),
}
_OWN_WORDS = "图上用「您的好友」和一个不能用的码做样子：这个活动里您还没有客户拿过邀请码。"
_NO_SEASON = "不加"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostersReading:
    """Reads one rep's posters at one moment."""

    at: Reading
    designing: Designing
    looks: Looks

    def gallery(self, wanted: Commission) -> RepPostersView:
        """Every look of every campaign that has posters now."""
        themes = {"浅色": replace(wanted, theme="light"), "深色": replace(wanted, theme="dark")}
        editions = {"朋友版": replace(wanted, edition="friend"), "公开版": replace(wanted, edition="feed")}
        sizes = {SPOKEN_SIZES[name]: replace(wanted, size=name) for name in SIZES}
        return RepPostersView(
            company=self.at.facts.company,
            campaigns=tuple(self._campaign(each, wanted) for each in self.designing.open(self.at.tx)),
            sizes=_choices(wanted, sizes),
            themes=_choices(wanted, themes),
            editions=_choices(wanted, editions),
        )

    def design(self, design: Design, campaign: Campaign, against: Sequence[Refusal]) -> RepDesignView:
        """One campaign's design as it is, or as it was typed, with what speaks against it."""
        chosen = self.designing.look_of(design, campaign)
        look = self.looks.get(chosen)
        return RepDesignView(
            company=self.at.facts.company,
            id=campaign.id,
            campaign=campaign.name,
            whose=self._whose(campaign),
            looks=tuple(self._look_option(each, campaign, chosen) for each in self.looks.values()),
            palettes=_palettes(look, design.palette),
            seasons=_seasons(look, design.season),
            editions=tuple(
                self._part(edition, design, campaign, against) for edition in self.designing.editions(campaign)
            ),
            names=tuple((name, said) for name, said in self.designing.values(self.at.tx, campaign).items() if said),
            photo=design.photo,
            photo_looks="、".join(f"「{each.title}」" for each in self.looks.values() if each.takes_photo),
            against_look=_at("template", against),
            against_palette=_at("palette", against),
            against_season=_at("season", against),
            against_photo=_at("photo", against),
            is_changed=self.at.tx.designs.get(campaign.id, self.at.rep.id) is not None,
        )

    def _campaign(self, campaign: Campaign, wanted: Commission) -> CampaignRow:
        design = self.at.tx.designs.get(campaign.id, self.at.rep.id)
        used = (design.template if design else "") or self.at.words.pack(campaign.pack).template
        version = str(int(design.changed_at.timestamp())) if design else ""
        edition = wanted.edition if wanted.edition in self.designing.editions(campaign) else "feed"
        shown = replace(wanted, edition=edition)
        return CampaignRow(
            id=campaign.id,
            name=campaign.name,
            note="" if campaign.state is CampaignState.RUNNING else SPOKEN[campaign.state],
            whose=self._whose(campaign),
            is_changed=design is not None,
            looks=tuple(
                _row(look, campaign, replace(shown, template=look.name), version=version, is_used=look.name == used)
                for look in self.looks.values()
                if wanted.size in look.frames
            ),
        )

    def _whose(self, campaign: Campaign) -> str:
        """Whose name and code the pictures show."""
        tx = self.at.tx
        code = tx.codes.newest_of_rep(self.at.rep.id, campaign.id)
        advocate = tx.people.get(code.advocate) if code else None
        if code is None or advocate is None:
            return _OWN_WORDS
        return f"图上是{advocate.called or UNNAMED}的邀请码 {code.code[:4]} {code.code[4:]}，可以直接给本人。"

    def _look_option(self, look: Look, campaign: Campaign, chosen: str) -> Option:
        asked = {"template": look.name, "edition": "feed", "width": str(_TINY)}
        picture = f"{HOME}/{campaign.id}/look.jpg?{urlencode(asked)}"
        return Option(name=look.name, title=look.title, is_chosen=look.name == chosen, picture=picture)

    def _part(self, edition: Edition, design: Design, campaign: Campaign, against: Sequence[Refusal]) -> EditionPart:
        title, about = _EDITIONS[edition]
        own, size = design.words(edition), SIZES["tall"]
        code = self.at.tx.codes.newest_of_rep(self.at.rep.id, campaign.id)
        hints = self.at.words.unfilled_poster(code.advocate if code else "", campaign, edition=edition)
        stopped = any(each.place.partition(".")[0] in (edition, "template", "photo") for each in against)
        return EditionPart(
            edition=edition,
            title=title,
            about=about,
            fields=tuple(
                Field(
                    name=f"{edition}.{name}",
                    label=_TITLES[name],
                    value=getattr(own, name),
                    hint=getattr(hints, name),
                    most=most,
                    rows=_ROWS[name],
                    refusals=_at(f"{edition}.{name}", against),
                )
                for name, most in TEXTS.items()
            ),
            refusals=_at(edition, against),
            picture="" if stopped else _draft_url(design, edition),
            width=_SMALL,
            height=_SMALL * size.height // size.width,
        )


def _row(look: Look, campaign: Campaign, wanted: Commission, *, version: str, is_used: bool) -> LookRow:
    size = look.frames[wanted.size].size
    asked = {name: value for name, value in asdict(wanted).items() if value} | {"width": str(_SMALL)}
    asked |= {"v": version} if version else {}
    return LookRow(
        title=look.title,
        picture=f"{HOME}/{campaign.id}/look.jpg?{urlencode(asked)}",
        width=_SMALL,
        height=_SMALL * size.height // size.width,
        url=f"{HOME}/{campaign.id}" if is_used else f"{HOME}/{campaign.id}?template={look.name}",
        is_used=is_used,
    )


def _draft_url(design: Design, edition: Edition) -> str:
    """Where the poster of a design is drawn that is not kept: all of it stands in the address."""
    plain = {name: getattr(design, name) for name in ("template", "palette", "season", "photo")}
    words = {name: getattr(design.words(edition), name) for name in TEXTS}
    given = {name: value for name, value in (plain | words).items() if value}
    asked = {"draft": "1", "edition": edition, **given, "width": str(_SMALL)}
    return f"{HOME}/{design.campaign}/look.jpg?{urlencode(asked)}"


def _palettes(look: Look | None, chosen: str) -> tuple[Option, ...]:
    found = look.palettes if look else ()
    return tuple(
        Option(name=each.name, title=each.title, is_chosen=each.name == chosen, colours=each.swatch) for each in found
    )


def _seasons(look: Look | None, chosen: str) -> tuple[Option, ...]:
    found = {"": _NO_SEASON} | {name: SEASONS[name] for name in (look.seasons if look else ())}
    return tuple(Option(name=name, title=title, is_chosen=name == chosen) for name, title in found.items())


def _choices(wanted: Commission, titled: Mapping[str, Commission]) -> tuple[ChoiceRow, ...]:
    """What else there is of one kind, each with the way to it."""
    return tuple(
        ChoiceRow(
            title=title,
            url=f"{HOME}?{urlencode({'size': each.size, 'theme': each.theme, 'edition': each.edition})}",
            is_chosen=each == wanted,
        )
        for title, each in titled.items()
    )


def _at(place: str, against: Sequence[Refusal]) -> tuple[Refusal, ...]:
    return tuple(each for each in against if each.place == place)
