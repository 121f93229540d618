"""`/sandbox/`: a page where anyone can live the story, with three phones and a look behind them.

It stands between the two worlds that otherwise know nothing of each other: the sandbox, which plays the platform and
the people on it, and the bot's own store, from which the decisions, the ledger and the short list beside the phones are
read. It changes nothing but through the sandbox's acts.
"""

from bot.playground.playground import Playground

__all__ = ["Playground"]
