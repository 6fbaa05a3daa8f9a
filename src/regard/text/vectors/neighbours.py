"""Which words are near a word, and which word is to a third as a second is to a first."""

from __future__ import annotations

import numpy as np

from regard.errors import UsageError
from regard.registry import unknown_word
from regard.text.vectors.word_vectors import WordVectors

ANALOGIES = ("add", "mul")
EPSILON = 1e-3
"""Keeps 3CosMul from dividing by 0, as in its paper."""

Near = list[tuple[str, float]]
"""Words with their score, best first."""


def nearest(vectors: WordVectors, word: str, *, top: int = 10) -> Near:
    """The `top` other words with the highest cosine. Raises `UsageError` for a word without a vector."""
    row = vectors.row(word)
    return _best(vectors, vectors.unit @ vectors.unit[row], [row], top)


def analogy(vectors: WordVectors, a: str, b: str, c: str, *, method: str = "add", top: int = 10) -> Near:
    """The `top` words that are to `c` as `b` is to `a`; these three are left out. For the score see `answers`.

    Raises `UsageError` for a word without a vector and for an unknown method.
    """
    if method not in ANALOGIES:
        raise UsageError(unknown_word("method", method, list(ANALOGIES)))
    asked = np.array([[vectors.row(word) for word in (a, b, c)]])
    return _best(vectors, answers(vectors.unit, asked, method)[0], list(asked[0]), top)


def answers(unit: np.ndarray, asked: np.ndarray, method: str = "add") -> np.ndarray:
    """The score of every word as an answer to each question, `[q v]`, from vectors of length 1 `[v d]`.

    `asked` `[q 3]` are rows a, b, c. `add` is 3CosAdd, cos(x, b) - cos(x, a) + cos(x, c) (Mikolov, Yih and Zweig 2013,
    section 4); `mul` 3CosMul, cos(x, b) cos(x, c) / cos(x, a) with cosines moved to 0..1 (Levy and Goldberg 2014).
    """
    a, b, c = (unit[asked[:, n]] for n in range(3))
    if method == "add":
        return (b - a + c) @ unit.T
    to_a, to_b, to_c = ((side @ unit.T + 1) / 2 for side in (a, b, c))
    return to_b * to_c / (to_a + EPSILON)


def _best(vectors: WordVectors, scores: np.ndarray, without: list[int], top: int) -> Near:
    scores = scores.copy()
    scores[without] = -np.inf
    best = np.argsort(-scores, kind="stable")[: min(top, len(vectors) - len(set(without)))]
    return [(vectors.words[row], float(scores[row])) for row in best]
