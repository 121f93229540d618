"""Other wordings of our own words, from any endpoint that a company configures; never needed, always judged."""

from bot.rewriting.endpoint import ChatEndpoint
from bot.rewriting.rewriting import Rewriting, rewriting_of
from bot.rewriting.values import NoAnswer, Refusal, Rewriter, Suggestion

__all__ = ["ChatEndpoint", "NoAnswer", "Refusal", "Rewriter", "Rewriting", "Suggestion", "rewriting_of"]
