"""`delete`: words are left out, each with the blank beside it (EDA's RD: Wei and Zou 2019, section 2)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regard.text.augment.example import Change, Example
from regard.text.augment.method import OneByOne, movable


class Delete(OneByOne):
    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        places = movable(example, self.options.keep_negations)
        lots = generator.random(len(places))
        going = [place for place, lot in zip(places, lots, strict=True) if lot < self.options.share]
        if going and len(going) == len(example.words):
            going.remove(going[int(generator.integers(len(going)))])
        return [_without(example.text, start, end) for start, end in _stretches(example, going)]


def _stretches(example: Example, going: list[int]) -> Iterator[tuple[int, int]]:
    """The characters of words that go; neighbours with nothing but blanks between them go as one."""
    start, end = -1, -1
    for position in going:
        word = example.words[position]
        if start >= 0 and not example.text[end : word.start].strip():
            end = word.end
            continue
        if start >= 0:
            yield start, end
        start, end = word.start, word.end
    if start >= 0:
        yield start, end


def _without(text: str, start: int, end: int) -> Change:
    """A stretch goes with the blanks before it, or after it at the beginning of the text or of a line."""
    before, after = start, end
    while before > 0 and text[before - 1] == " ":
        before -= 1
    if 0 < before < start and text[before - 1] != "\n":
        return Change(before, end, "")
    while after < len(text) and text[after] == " ":
        after += 1
    return Change(start, after, "")
