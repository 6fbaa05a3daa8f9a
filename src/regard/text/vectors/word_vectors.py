"""Words and their vectors, in memory: what every other part of this package takes or gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np

from regard.errors import UsageError

SEARCHED = 50_000
"""So many of the commonest words are compared with one that is not there: all 400,000 would take seconds."""


@dataclass(frozen=True)
class WordVectors:
    """Words, commonest first where that is known, and their vectors `[v d]`, float32.

    A word is looked up as it stands, then in lower case: most published vectors know no capitals.
    """

    words: list[str]
    matrix: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def place(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def unit(self) -> np.ndarray:
        """The vectors with length 1 `[v d]`, whose products are cosines; a vector of zeros stays one."""
        length = np.linalg.norm(self.matrix, axis=1, keepdims=True)
        return self.matrix / np.where(length > 0, length, 1)

    def find(self, word: str) -> int | None:
        """The row of a word, or None."""
        return self.place.get(word, self.place.get(word.lower()))

    def row(self, word: str) -> int:
        """The row of a word. Raises `UsageError` with words that are spelled nearly so."""
        found = self.find(word)
        if found is not None:
            return found
        near = get_close_matches(word.lower(), self.words[:SEARCHED], n=3, cutoff=0.7)
        hint = f". Did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"there is no vector for {word!r}{hint}", mend=f"give one of the {len(self):,} words it knows")

    def first(self, n: int) -> WordVectors:
        """The `n` commonest words alone."""
        return self if n >= len(self) else WordVectors(self.words[:n], self.matrix[:n])

    def rows_for(self, vocabulary: Mapping[str, int], seed: int) -> tuple[np.ndarray, int]:
        """A matrix `[len(vocabulary) d]` for a tokenizer's words, and how many of them have a vector.

        A word without one gets noise as wide as the vectors are, so that no row stands out by its length.
        """
        noise = np.random.default_rng([seed, 1]).standard_normal((max(vocabulary.values()) + 1, self.matrix.shape[1]))
        rows = (noise * self.matrix.std()).astype(np.float32)
        found = 0
        for word, index in vocabulary.items():
            row = self.find(word)
            if row is not None:
                rows[index] = self.matrix[row]
                found += 1
        return rows, found
