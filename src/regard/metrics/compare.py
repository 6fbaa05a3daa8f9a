"""Is one model better than another on the same texts? Paired tests, and the correction for asking often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from regard.metrics.bootstrap import DRAWN_AT_ONCE, percentile_interval, run_length, summed_in_runs
from regard.metrics.measure import Figure, ratio

RESAMPLES = 10_000
"""More than for an interval: with m pairs a p-value has to get below 0.05 / m."""


@dataclass(frozen=True)
class Difference:
    """First minus second figure, its 95 % interval (of this pair alone), and the two-sided p-value."""

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
    a: np.ndarray,
    b: np.ndarray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    figure: Figure = ratio,
    consecutive: bool = False,
) -> Difference:
    """Compare a figure over texts and training seeds: what each text counts, [n s] or [seeds n s], the same texts in
    the same order.

    `figure` makes it of sums over texts: of `measure.shares` a mean, or a ratio of sums as F1 is; of what BLEU counts,
    BLEU. Each resample draws texts, the same for both models, and seeds, for each model its own: what is said holds for
    other texts and other seeds of this kind. Texts that are `consecutive` are drawn in runs. The p-value is the level
    at which the percentile interval would touch 0, and not below that of a sign test on as many texts that all agree.
    """
    a, b = _by_seed(a), _by_seed(b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"{a.shape[1]} and {b.shape[1]} texts can't be paired")
    drawn = _resampled([a, b], figure, seed=seed, resamples=resamples, consecutive=consecutive)
    differences = np.concatenate([one - other for one, other in drawn])
    interval = percentile_interval(differences)
    assert interval is not None, "differences of numbers are numbers"
    tail = min((differences <= 0).sum(), (differences >= 0).sum())
    p = min(1.0, 2 * (int(tail) + 1) / (resamples + 1))
    # Of few texts every resample says the same: so often all signs of so many are alike by chance.
    p = max(p, 2.0 ** (1 - a.shape[1]))
    return Difference(mean_figure(a, figure) - mean_figure(b, figure), interval, p)


def bootstrap_interval(
    tallies: np.ndarray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    figure: Figure = ratio,
    consecutive: bool = False,
) -> tuple[float, float]:
    """The 95 % interval of one model's figure over texts and seeds, drawn as `paired_bootstrap` draws them."""
    drawn = _resampled([_by_seed(tallies)], figure, seed=seed, resamples=resamples, consecutive=consecutive)
    interval = percentile_interval(np.concatenate([one for (one,) in drawn]))
    assert interval is not None, "figures of texts are numbers"
    return interval


def mean_figure(tallies: np.ndarray, figure: Figure = ratio) -> float:
    """The mean over seeds of the figure of all texts, [n s] or [seeds n s]."""
    return float(figure(_by_seed(tallies).sum(axis=1)).mean())


def _by_seed(tallies: np.ndarray) -> np.ndarray:
    """[seeds n s]."""
    tallies = np.asarray(tallies, dtype=float)
    return tallies if tallies.ndim == 3 else tallies[None]


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number (Holm 1979), in the order given: the chance of any false alarm stays
    5 %."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def _resampled(
    models: Sequence[np.ndarray], figure: Figure, *, seed: int, resamples: int, consecutive: bool
) -> Iterator[list[np.ndarray]]:
    """Blocks of figures of each model, [resamples] each, of what texts count, `models` [seeds n s]. Texts that count
    the same everywhere are one kind and are drawn together."""
    every = np.concatenate(models)
    if consecutive:
        every = summed_in_runs(every, run_length(every.shape[1]), axis=1)
    rows, n, counted = every.shape
    kinds, counts = np.unique(every.transpose(2, 0, 1).reshape(counted * rows, n), axis=1, return_counts=True)
    generator = np.random.default_rng(seed)
    borders = np.cumsum([len(model) for model in models])[:-1]
    block = max(1, DRAWN_AT_ONCE // max(len(counts), counted * rows))
    for first in range(0, resamples, block):
        size = min(block, resamples - first)
        sums = generator.multinomial(n, counts / n, size=size) @ kinds.T
        figures = figure(np.moveaxis(sums.reshape(size, counted, rows), 1, -1))
        yield [_mean_over_drawn_seeds(own, generator) for own in np.split(figures, borders, axis=1)]


def _mean_over_drawn_seeds(means: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """`means` is [resamples seeds]; draws as many seeds as there are, for each resample anew."""
    seeds = means.shape[1]
    drawn = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(means))
    return np.asarray((means * drawn).sum(axis=1) / seeds)
