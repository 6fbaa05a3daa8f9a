"""Is one model better than another on the same texts? Paired tests, and the correction for asking often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from regard.metrics.bootstrap import DRAWN_AT_ONCE, percentile_interval

RESAMPLES = 10_000
"""More than for an interval: with m pairs a p-value has to get below 0.05 / m."""


@dataclass(frozen=True)
class Difference:
    """First minus second mean score, its 95 % interval (of this pair alone), and the two-sided p-value."""

    difference: float
    interval: tuple[float, float]
    p: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def mcnemar(correct_a: np.ndarray, correct_b: np.ndarray) -> float:
    """Two-sided mid-p value of McNemar's test that two models are right equally often; bool [n] on the same
    texts.

    Only texts that one model has right and the other wrong count. Mid-p takes half of the chance of what was
    seen; the exact test without it is needlessly cautious (Fagerland, Lydersen and Laake 2013).
    """
    from scipy.stats import binom

    only_a, only_b = int((correct_a & ~correct_b).sum()), int((~correct_a & correct_b).sum())
    fewer, discordant = min(only_a, only_b), only_a + only_b
    if discordant == 0:
        return 1.0
    p = 2 * binom.cdf(fewer, discordant, 0.5) - binom.pmf(fewer, discordant, 0.5)
    return min(1.0, float(p))


def paired_bootstrap(
    scores_a: np.ndarray,
    scores_b: np.ndarray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    of_a: np.ndarray | None = None,
    of_b: np.ndarray | None = None,
) -> Difference:
    """Compare mean scores over texts and training seeds: [n] or [seeds n], the same texts in the same order.

    Each resample draws texts, the same for both models, and seeds, for each model its own: what is said holds
    for other texts and other seeds of this kind. A score is 1 for right and 0 for wrong, or any figure that
    is averaged. With `of_a` and `of_b`, shaped alike, a figure is the ratio of sums over the texts: F1 is that of
    twice the hits to what was given and what was to be given. The p-value is the level at which the percentile
    interval would touch 0.
    """
    a, b = (_counted(scores, of) for scores, of in ((scores_a, of_a), (scores_b, of_b)))
    if a.shape[2] != b.shape[2]:
        raise ValueError(f"{a.shape[2]} and {b.shape[2]} texts can't be paired")
    differences = np.concatenate(list(_resampled_differences(a, b, seed=seed, resamples=resamples)))
    interval = percentile_interval(differences)
    assert interval is not None, "differences of numbers are numbers"
    tail = min((differences <= 0).sum(), (differences >= 0).sum())
    p = min(1.0, 2 * (int(tail) + 1) / (resamples + 1))
    return Difference(float(figure(*a) - figure(*b)), interval, p)


def figure(right: np.ndarray, of: np.ndarray) -> float:
    """The mean over seeds of sum(right) / sum(of), each [seeds n]; 0 where there is nothing to be right of."""
    return float(_ratio(right.sum(axis=1), of.sum(axis=1)).mean())


def _counted(scores: np.ndarray, of: np.ndarray | None) -> np.ndarray:
    """Scores and what they are of, [2 seeds n]."""
    scores = np.atleast_2d(scores).astype(float)
    return np.stack([scores, np.ones_like(scores) if of is None else np.atleast_2d(of).astype(float)])


def _ratio(right: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.divide(right, of, out=np.zeros_like(right, dtype=float), where=of > 0)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number (Holm 1979), in the order given: the chance of any false alarm stays
    5 %."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def _resampled_differences(a: np.ndarray, b: np.ndarray, *, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """Blocks of differences of figures, `a` and `b` [2 seeds n]. Texts with the same scores everywhere are one kind
    and are drawn together."""
    seeds, n = a.shape[1], a.shape[2]
    right, of = (np.vstack([a[part], b[part]]) for part in (0, 1))
    kinds, counts = np.unique(np.vstack([right, of]), axis=1, return_counts=True)
    generator = np.random.default_rng(seed)
    block = max(1, DRAWN_AT_ONCE // len(counts))
    for first in range(0, resamples, block):
        size = min(block, resamples - first)
        sums = generator.multinomial(n, counts / n, size=size) @ kinds.T
        figures = _ratio(*np.split(sums, 2, axis=1))
        yield _mean_over_drawn_seeds(figures[:, :seeds], generator) - _mean_over_drawn_seeds(
            figures[:, seeds:], generator
        )


def _mean_over_drawn_seeds(means: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """`means` is [resamples seeds]; draws as many seeds as there are, for each resample anew."""
    seeds = means.shape[1]
    drawn = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(means))
    return np.asarray((means * drawn).sum(axis=1) / seeds)
