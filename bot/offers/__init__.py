"""Offers as shipped: packs read from templates/offers, and their words filled in for one campaign and one person."""

from bot.offers.folder import load_pack, pack_names
from bot.offers.said import all_words
from bot.offers.spoken import SPOKEN_OVER, spoken_seconds, spoken_words
from bot.offers.values import offer_values, thanks_words
from bot.offers.words import (
    SHARE_LONGEST,
    ad_label,
    card_words,
    landing_words,
    own_words,
    poster_words,
    privacy_words,
    rule_words,
    share_words,
)

__all__ = [
    "SHARE_LONGEST",
    "SPOKEN_OVER",
    "ad_label",
    "all_words",
    "card_words",
    "landing_words",
    "load_pack",
    "offer_values",
    "own_words",
    "pack_names",
    "poster_words",
    "privacy_words",
    "rule_words",
    "share_words",
    "spoken_seconds",
    "spoken_words",
    "thanks_words",
]
