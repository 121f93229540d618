"""Words and looks, shipped as package data: chat copy, posters, pages, offers, fonts."""

from pathlib import Path

ROOT = Path(__file__).parent
