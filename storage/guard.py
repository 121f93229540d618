"""The guard against CSV injection: what begins like a formula is run by the spreadsheet that opens the file (OWASP)."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # a text's own apostrophes before such a sign are guarded too
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it opens a CSV file; a plain number stays as it is."""
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given, for reading a CSV file of ours again."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
