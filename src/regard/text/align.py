"""Where words stand in their text."""

from __future__ import annotations

from collections.abc import Sequence

from regard.records import Span


def align(text: str, words: Sequence[str]) -> list[Span] | None:
    """The characters of each word in `text`, where it is these words in order with nothing but blanks between them.

    None where it is not, as where `zum` is cut into `zu` and `dem`.
    """
    spans: list[Span] = []
    place = 0
    for word in words:
        while place < len(text) and text[place].isspace():
            place += 1
        if not text.startswith(word, place):
            return None
        spans.append((place, place + len(word)))
        place += len(word)
    return None if text[place:].strip() else spans


def joined(words: Sequence[str]) -> tuple[str, list[Span]]:
    """Words with a blank between them, and the characters of each."""
    spans: list[Span] = []
    place = 0
    for word in words:
        spans.append((place, place + len(word)))
        place += len(word) + 1
    return " ".join(words), spans
