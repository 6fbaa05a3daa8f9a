"""How many analogies vectors solve: a is to b as c is to d (Mikolov, Chen, Corrado and Dean 2013, section 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from regard.text.vectors.neighbours import answers
from regard.text.vectors.word_vectors import WordVectors

BLOCK = 256
"""Questions at once: with 50,000 words their scores are 51 MB."""


@dataclass(frozen=True)
class Questions:
    """`words` are a, b, c and the answer d of each question."""

    categories: list[str]
    words: list[tuple[str, str, str, str]]


@dataclass(frozen=True)
class Tally:
    """Questions asked, and answered rightly."""

    n: int
    right: int

    @property
    def accuracy(self) -> float:
        """NaN where nothing was asked."""
        return self.right / self.n if self.n else float("nan")


@dataclass(frozen=True)
class Solved:
    """Of each category what was asked and right. `not_asked`: a word is not among the commonest, or has no vector."""

    categories: dict[str, Tally]
    not_asked: int

    @property
    def all(self) -> Tally:
        return self._sum(lambda category: True)

    @property
    def syntactic(self) -> Tally:
        """The categories whose name begins with `gram`, as in the published set."""
        return self._sum(_is_syntactic)

    @property
    def semantic(self) -> Tally:
        return self._sum(lambda category: not _is_syntactic(category))

    def _sum(self, wanted: Callable[[str], bool]) -> Tally:
        chosen = [tally for category, tally in self.categories.items() if wanted(category)]
        return Tally(sum(tally.n for tally in chosen), sum(tally.right for tally in chosen))


def solve(vectors: WordVectors, questions: Questions, *, words: int = 50_000) -> Solved:
    """Answer by 3CosAdd among the `words` commonest, the three given ones excluded.

    Asked are the questions whose four words are all among them.
    """
    vectors = vectors.first(words)
    rows = [[vectors.find(word) for word in question] for question in questions.words]
    known = [n for n, found in enumerate(rows) if None not in found]
    asked = np.array([rows[n] for n in known], dtype=int).reshape(-1, 4)
    right = np.concatenate([_right(vectors.unit, asked[at : at + BLOCK]) for at in range(0, len(asked), BLOCK) or [0]])
    categories = np.array(questions.categories, dtype=object)[known]
    tallies = {
        name: Tally(int((categories == name).sum()), int(right[categories == name].sum()))
        for name in dict.fromkeys(questions.categories)
    }
    return Solved(tallies, len(rows) - len(known))


def _right(unit: np.ndarray, asked: np.ndarray) -> np.ndarray:
    scores = answers(unit, asked[:, :3])
    scores[np.arange(len(asked))[:, None], asked[:, :3]] = -np.inf
    return scores.argmax(1) == asked[:, 3]


def _is_syntactic(category: str) -> bool:
    return category.startswith("gram")
