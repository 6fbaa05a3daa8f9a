"""`entity`: an entity becomes another one of its type from the training data, with that one's words and tags.

Mention replacement (Dai and Adel 2020, section 3). Types and their order stay, and so does all around.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regard.errors import UsageError
from regard.records import tags
from regard.text.augment.example import Change, Example, Word, goes_on
from regard.text.augment.method import OneByOne, Supplies
from regard.text.augment.options import EntityOptions
from regard.text.augment.rows import Rows

Mention = tuple[str, tuple[Word, ...]]
"""An entity's text, and its words with their tags, counted from its beginning."""


class EntitySwap(OneByOne):
    def __init__(self, options: EntityOptions, supplies: Supplies) -> None:
        super().__init__(options, supplies)
        rows = Rows(supplies.corpus)
        if rows.scheme is None:
            raise UsageError(
                f"augmentation: entity needs tags of entities, B-TYPE and I-TYPE; {supplies.corpus.source} has none",
                mend="take another method",
            )
        self._places: dict[str, dict[Mention, int]] = {}
        for row in range(len(rows)):
            for kind, _, _, mention in _mentions(rows[row]):
                known = self._places.setdefault(kind, {})
                known.setdefault(mention, len(known))
        self._mentions = {kind: list(places) for kind, places in self._places.items()}

    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        found = []
        for kind, start, end, mention in _mentions(example):
            if generator.random() < self.options.share and (other := self._other(kind, mention, generator)):
                found.append(Change(start, end, *other))
        return found

    def _other(self, kind: str, mention: Mention, generator: np.random.Generator) -> Mention | None:
        """One of the type's other mentions, each as likely as the next."""
        known = self._mentions[kind]
        if len(known) < 2:
            return None
        at = int(generator.integers(len(known) - 1))
        return known[at + (at >= self._places[kind][mention])]


def _mentions(example: Example) -> Iterator[tuple[str, int, int, Mention]]:
    """Each entity's type and characters, and what it is; none that an accent ties to what stands beside it."""
    for first, last, kind in tags.entities([word.tag or tags.OUTSIDE for word in example.words]):
        words = example.words[first:last]
        start, end = words[0].start, words[-1].end
        if not (goes_on(example.text, start) or goes_on(example.text, end)):
            moved = tuple(Word(word.start - start, word.end - start, word.tag) for word in words)
            yield kind, start, end, (example.text[start:end], moved)
