"""Links of the platform up to the place where a mark of ours goes (platform.md 4.3, 5.1)."""

from __future__ import annotations


def desk_prefix(link: str) -> str:
    """What a code is put behind in a desk's link, so that entering the chat tells it; empty where it cannot.

    The platform lets only links that were made with a scene carry a parameter: at most 128 bytes, a code has 8.
    """
    return f"{link}&scene_param=" if "?enc_scene=" in link else ""


def acquisition_prefix(link: str) -> str:
    """What a mark is put behind in an acquisition link, so that an add through it tells the mark: at most 64 bytes."""
    return f"{link}{'&' if '?' in link else '?'}customer_channel="
