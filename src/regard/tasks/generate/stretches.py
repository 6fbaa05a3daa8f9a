"""Where a text is cut into the stretches that a language model's predictions are about: by its lines, not by tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from regard.records import Span

SHORTEST = 200
"""Characters that a stretch has at least, but for the last of a text."""

_LINE = re.compile(r"[^\n]*\n(?:[^\S\n]*\n)*|[^\n]+\Z")
_ENOUGH = re.compile(r"(?<=\s)(?=\S)")


def stretches(text: str) -> Iterator[Span]:
    """Whole lines, the blank ones behind them among them, until there are `SHORTEST` characters; a line of more than
    twice as many is cut before a word. Together they are the text."""
    start = end = 0
    for line in _LINE.finditer(text):
        end = line.end()
        while end - start > 2 * SHORTEST and (place := _ENOUGH.search(text, start + SHORTEST, end)):
            yield start, place.start()
            start = place.start()
        if end - start >= SHORTEST:
            yield start, end
            start = end
    if start < len(text):
        yield start, len(text)
