"""Mistakes within words, of entities too: a method says where one can happen, and as what a letter is written then."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import NamedTuple

import numpy as np

from regard.text.augment.example import Change, Example, goes_on
from regard.text.augment.method import OneByOne, drawn, share_of


class Slip(NamedTuple):
    """`word[start:end]` may be written as one of `ways`."""

    start: int
    end: int
    ways: tuple[str, ...]


class Noise(OneByOne):
    """One mistake in each word that is drawn."""

    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        number, everywhere = share_of(example, self.options.share), range(len(example.words))
        changes = []
        for position, slips in drawn(everywhere, number, partial(self._possible, example), generator).items():
            slip = slips[int(generator.integers(len(slips)))]
            way, word = slip.ways[int(generator.integers(len(slip.ways)))], example.spelled(position)
            changes.append(example.renamed(position, word[: slip.start] + way + word[slip.end :]))
        return changes

    @abstractmethod
    def slips(self, word: str) -> list[Slip]:
        """Where a mistake can happen in a word."""

    def _possible(self, example: Example, position: int) -> list[Slip]:
        """The slips of a word that part no letter from its accent."""
        word = example.words[position]
        if word.end - word.start < self.options.shortest:
            return []
        return [
            slip
            for slip in self.slips(example.spelled(position))
            if not (goes_on(example.text, word.start + slip.start) or goes_on(example.text, word.start + slip.end))
        ]
