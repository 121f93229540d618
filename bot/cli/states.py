"""How the state of a thanks is called: one table for staff and for its person, templates/chat/state.toml."""

from __future__ import annotations

from functools import cache

from bot.copy import Copy
from referral.rewards import RewardState


def state_words() -> dict[str, str]:
    """Each state of a thanks in words."""
    return {state.value: _copy().say(f"state.{state.value}") for state in RewardState}


def exchange_words() -> dict[str, str]:
    """The same of what points were exchanged for: what came to nothing gave them back."""
    returned = _copy().say("state.returned")
    return state_words() | dict.fromkeys((RewardState.REVERSED.value, RewardState.REJECTED.value), returned)


@cache
def _copy() -> Copy:
    return Copy.load()
