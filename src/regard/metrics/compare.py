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
    scores_a: np.ndarray, scores_b: np.ndarray, *, seed: int, resamples: int = RESAMPLES
) -> Difference:
    """Compare mean scores over texts and training seeds: [n] or [seeds n], the same texts in the same order.

    Each resample draws texts, the same for both models, and seeds, for each model its own: what is said holds
    for other texts and other seeds of this kind. A score is 1 for right and 0 for wrong, or any figure that
    is averaged. The p-value is the level at which the percentile interval would touch 0.
    """
    a, b = np.atleast_2d(scores_a).astype(float), np.atleast_2d(scores_b).astype(float)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"{a.shape[1]} and {b.shape[1]} texts can't be paired")
    differences = np.concatenate(list(_resampled_differences(a, b, seed=seed, resamples=resamples)))
    interval = percentile_interval(differences)
    assert interval is not None, "differences of numbers are numbers"
    tail = min((differences <= 0).sum(), (differences >= 0).sum())
    p = min(1.0, 2 * (int(tail) + 1) / (resamples + 1))
    return Difference(float(a.mean() - b.mean()), interval, p)


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
    """Blocks of differences of means. Texts with the same scores everywhere are one kind and are drawn
    together."""
    kinds, counts = np.unique(np.vstack([a, b]), axis=1, return_counts=True)
    generator = np.random.default_rng(seed)
    n, block = a.shape[1], max(1, DRAWN_AT_ONCE // len(counts))
    for first in range(0, resamples, block):
        size = min(block, resamples - first)
        texts = generator.multinomial(n, counts / n, size=size)
        means = texts @ kinds.T / n
        yield _mean_over_drawn_seeds(means[:, : len(a)], generator) - _mean_over_drawn_seeds(
            means[:, len(a) :], generator
        )


def _mean_over_drawn_seeds(means: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """`means` is [resamples seeds]; draws as many seeds as there are, for each resample anew."""
    seeds = means.shape[1]
    drawn = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(means))
    return np.asarray((means * drawn).sum(axis=1) / seeds)
