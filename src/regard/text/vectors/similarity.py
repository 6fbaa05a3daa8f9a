"""Whether vectors find alike what people find alike.

The usual sets: WordSim-353 (Finkelstein et al. 2002), SimLex-999 (Hill, Reichart and Korhonen 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.text.vectors.word_vectors import WordVectors

RESAMPLES = 1000


@dataclass(frozen=True)
class Pairs:
    """Pairs of words and the score that people gave each."""

    first: list[str]
    second: list[str]
    scores: list[float]


@dataclass(frozen=True)
class Similarity:
    """Spearman's rho of cosines and people's scores over the `n` pairs whose two words have vectors; NaN below two.

    `interval` is the 95 % percentile bootstrap over pairs, None where rho is no number. `missing` are the other pairs.
    """

    spearman: float
    interval: tuple[float, float] | None
    n: int
    missing: list[tuple[str, str]]


def score_pairs(vectors: WordVectors, pairs: Pairs, *, seed: int = 0) -> Similarity:
    """The same seed resamples the same pairs."""
    rows = [(vectors.find(a), vectors.find(b)) for a, b in zip(pairs.first, pairs.second, strict=True)]
    covered = [n for n, found in enumerate(rows) if None not in found]
    missing = [(pairs.first[n], pairs.second[n]) for n, found in enumerate(rows) if None in found]
    places = np.array([rows[n] for n in covered], dtype=int).reshape(-1, 2)
    cosines = np.einsum("nd,nd->n", vectors.unit[places[:, 0]], vectors.unit[places[:, 1]])
    given = np.array([pairs.scores[n] for n in covered])
    rho = float(spearman(cosines[None], given[None])[0])
    if not np.isfinite(rho):
        return Similarity(rho, None, len(covered), missing)
    drawn = np.random.default_rng(seed).integers(0, len(covered), (RESAMPLES, len(covered)))
    resampled = spearman(cosines[drawn], given[drawn])
    low, high = np.nanquantile(resampled, [0.025, 0.975])
    return Similarity(rho, (float(low), float(high)), len(covered), missing)


def spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rho of each row `[r n]` with its fellow: Pearson's r of their ranks, ties sharing theirs `[r]`.

    NaN where a row has fewer than two values or all alike.
    """
    from scipy.stats import rankdata

    if first.shape[1] < 2:
        return np.full(len(first), np.nan)
    ranks = [rankdata(values, axis=1) for values in (first, second)]
    x, y = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    spread = np.sqrt((x**2).sum(1) * (y**2).sum(1))
    return np.divide((x * y).sum(1), spread, out=np.full(len(x), np.nan), where=spread > 0)
