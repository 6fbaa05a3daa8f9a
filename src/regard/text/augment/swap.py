"""`swap`: words change places, with their tags (EDA's RS: Wei and Zou 2019, section 2)."""

from __future__ import annotations

import numpy as np

from regard.text.augment.example import Change, Example, Word
from regard.text.augment.method import OneByOne, movable, share_of


class Swap(OneByOne):
    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        places = movable(example, self.options.keep_negations)
        if len(places) < 2:
            return []
        order = list(places)
        for _ in range(share_of(example, self.options.share)):
            one, other = int(generator.integers(len(order))), int(generator.integers(len(order) - 1))
            other += other >= one
            order[one], order[other] = order[other], order[one]
        return [
            _moved(example, place, source)
            for place, source in zip(places, order, strict=True)
            if _known_by(example, place) != _known_by(example, source)
        ]


def _moved(example: Example, place: int, source: int) -> Change:
    """The word at `place` becomes the one at `source`."""
    spelled, here = example.spelled(source), example.words[place]
    return Change(here.start, here.end, spelled, (Word(0, len(spelled), example.words[source].tag),))


def _known_by(example: Example, position: int) -> tuple[str, str | None]:
    return example.spelled(position), example.words[position].tag
