"""Percentile bootstrap intervals (Efron and Tibshirani 1993, section 13.3).

A resample of n rows is a multinomial draw of how often each kind of row is taken. Rows that count alike for a
figure (one cell of the confusion matrix) are one kind, so 1,000 resamples of any number of rows cost 1,000
small draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

Interval = tuple[float, float]

RESAMPLES = 1000
LEVEL = 0.95

DRAWN_AT_ONCE = 2**22
"""Numbers of a block of resamples: 32 MiB."""


def intervals(
    counts: np.ndarray,
    figures: Callable[[np.ndarray], dict[str, np.ndarray]],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """The interval of each figure of rows that come in kinds, `counts` [c] of each.

    `figures` takes counts of resamples [r c] and gives each figure [r], NaN where it is undefined. A figure
    that is undefined in more than half of the resamples has no interval.
    """
    blocks = [figures(drawn) for drawn in _draws(counts, seed=seed, resamples=resamples)]
    names = blocks[0] if blocks else {}
    found = {name: percentile_interval(np.concatenate([block[name] for block in blocks])) for name in names}
    return {name: interval for name, interval in found.items() if interval is not None}


def percentile_interval(values: np.ndarray, *, level: float = LEVEL) -> Interval | None:
    """The middle `level` of resampled values; None where fewer than half of them are numbers."""
    defined = values[np.isfinite(values)]
    if not len(defined) or 2 * len(defined) < len(values):
        return None
    tail = (1 - level) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def _draws(counts: np.ndarray, *, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """Blocks of resamples, int [r c], together `resamples` rows; each row sums to the number of rows."""
    generator = np.random.default_rng(seed)
    total = int(counts.sum())
    block = max(1, DRAWN_AT_ONCE // len(counts))
    for first in range(0, resamples, block):
        yield generator.multinomial(total, counts / total, size=min(block, resamples - first))


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): honest for few texts and near 0 and 1, where the plain one is not."""
    from scipy.stats import binomtest

    interval = binomtest(right, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def run_length(n: int) -> int:
    """How many neighbouring rows to draw as one where neighbours resemble each other: the cube root of their number,
    the order that estimates a variance best (Hall, Horowitz and Jing 1995, section 2)."""
    return max(1, round(n ** (1 / 3)))


def summed_in_runs(rows: np.ndarray, length: int, *, axis: int = 0) -> np.ndarray:
    """The sums of each `length` consecutive rows along `axis`, those of the last run of fewer: what a bootstrap draws
    whole, runs that do not overlap (Carlstein 1986)."""
    return rows if length == 1 else np.add.reduceat(rows, np.arange(0, rows.shape[axis], length), axis=axis)
