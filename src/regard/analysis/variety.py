"""What texts that were written are made of: stretches of words that come again, and how many different ones. No torch.

A text's repetition is the share of its stretches of n words that stood in it before (seq-rep-n of Welleck et al. 2020,
section 6). Of many texts together, distinct-n is the number of different stretches of n words by that of all (Li et al.
2016), and Zipf's coefficient says how steeply words get rarer from rank to rank (Holtzman et al. 2020,
section 5.1). All three hang on how much text there is: compare texts of the same length and number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.metrics.bootstrap import Interval

REPEATED = (3, 4)
"""Words in a row whose repetition is counted."""
RANKS = 5000
"""Words that Zipf's coefficient is fitted to, the most frequent ones: of rarer ones there is one of each."""
HALVES = 200
"""Halves of the texts that an interval is made of."""
_WORD = re.compile(r"\w+|[^\w\s]")
_NORMAL = 1.96


@dataclass(frozen=True)
class Measured:
    """A figure with its 95 % interval; None of texts too few or too much alike to have one."""

    value: float
    interval: Interval | None


def repetition(text: str, n: int) -> tuple[int, int]:
    """How many stretches of `n` words stood in the text before, and how many it has."""
    found = _stretches(text, n)
    return len(found) - len(set(found)), len(found)


def repeated(texts: Sequence[str], n: int) -> float:
    """The share of repeated stretches of all texts together; 0 where none is long enough."""
    again, of = np.array([repetition(text, n) for text in texts]).reshape(-1, 2).sum(axis=0)
    return float(again / of) if of else 0.0


def distinct(texts: Sequence[str], n: int, *, seed: int) -> Measured:
    """Different stretches of `n` words by all of them, over all texts; NaN where there are none."""
    return _measured(_counts(texts, n), _share_of_different, seed=seed)


def zipf(texts: Sequence[str], *, seed: int) -> Measured:
    """The s of frequency ~ rank^-s, by least squares of the logarithms; NaN where fewer than two words are used."""
    return _measured(_counts(texts, 1), _steepness, seed=seed)


def _stretches(text: str, n: int) -> list[tuple[str, ...]]:
    words = _WORD.findall(text)
    return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]


def _counts(texts: Sequence[str], n: int) -> Any:
    """How often each stretch stands in each text, sparse [n types]."""
    from scipy.sparse import csr_array

    numbers: dict[tuple[str, ...], int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for stretch in _stretches(text, n):
            rows.append(row)
            columns.append(numbers.setdefault(stretch, len(numbers)))
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(numbers)))


def _share_of_different(sums: np.ndarray) -> float:
    total = sums.sum()
    return float((sums > 0).sum() / total) if total else float("nan")


def _steepness(sums: np.ndarray) -> float:
    frequencies = np.sort(sums[sums > 0])[::-1][:RANKS]
    if len(frequencies) < 2:
        return float("nan")
    ranks = np.log(np.arange(1, len(frequencies) + 1))
    return float(-np.cov(ranks, np.log(frequencies))[0, 1] / np.var(ranks, ddof=1))


def _measured(counts: Any, figure: Callable[[np.ndarray], float], *, seed: int) -> Measured:
    """A bootstrap draws some texts twice, which is repetition of its own making. So the interval is that of a jackknife
    that leaves out half of the texts at a time (Shao and Wu 1989), as if they were independent: somewhat too narrow for
    neighbours in one text."""
    value = figure(counts.sum(axis=0))
    texts = counts.shape[0]
    kept = texts // 2
    if kept < 2 or not np.isfinite(value):
        return Measured(value, None)
    generator = np.random.default_rng(seed)
    halves = [np.sort(generator.permutation(texts)[:kept]) for _ in range(HALVES)]
    found = np.array([figure(counts[rows].sum(axis=0)) for rows in halves])
    found = found[np.isfinite(found)]
    if len(found) < HALVES // 2:
        return Measured(value, None)
    reach = _NORMAL * float(found.std()) * (kept / (texts - kept)) ** 0.5
    return Measured(value, (value - reach, value + reach))
