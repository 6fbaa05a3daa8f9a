"""Where a model goes wrong: its surest mistakes, the lengths that are hard for it, the outputs it mixes up.

Pure functions on predictions of any task; those without a gold output are left out.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.metrics.bootstrap import intervals, wilson
from regard.records import Label, Prediction

Tally = Callable[[Any], tuple[float, float]]
"""What one prediction counts: how much of it is right, of how much; see `tasks.task.Task.tally`."""


@dataclass(frozen=True)
class LengthBin:
    """Texts of `low` to `high` words, both included, with their figure (the share right, or F1) and its 95 %
    interval."""

    low: int
    high: int
    n: int
    figure: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Confusion:
    """How often `output` was given where `gold` is right, and the share of all that are right so."""

    gold: Label
    output: Label
    count: int
    share: float


def is_right(prediction: Prediction) -> bool:
    return prediction.output == prediction.gold


def surest(predictions: Iterable[Any], n: int = 10, right: Callable[[Any], bool] = is_right) -> list[Any]:
    """The `n` wrong outputs with the highest confidence, the surest first; often errors of the labels themselves."""
    wrong = [item for item in predictions if item.gold is not None and not right(item)]
    return sorted(wrong, key=lambda item: -item.confidence)[:n]


def by_length(predictions: Iterable[Prediction], bins: int = 5) -> list[LengthBin]:
    """Accuracy by the length of the text in words, in at most `bins` bins of about the same number of texts, with
    Wilson's intervals.

    Texts of one length share a bin, so there may be fewer. Multi-label: a text is right when all its labels are.
    """
    rows = sorted((len(item.input.split()), item.output == item.gold) for item in predictions if item.gold is not None)
    return [_length_bin(rows[start:end]) for start, end in _quantiles([length for length, _ in rows], bins)]


def figure_by_length(
    predictions: Iterable[Any], tally: Tally, length: Callable[[Any], int], *, seed: int, bins: int = 5
) -> list[LengthBin]:
    """`by_length` for a figure that is the ratio of what texts count (`tally`), as F1 is, with bootstrap intervals.

    `length` is that of a prediction's text in words. A bin whose texts count nothing has no figure and is left out.
    """
    rows = sorted((length(item), *tally(item)) for item in predictions if item.gold is not None)
    cuts = _quantiles([row[0] for row in rows], bins)
    found = [_ratio_bin(np.array(rows[start:end], dtype=float), seed=seed) for start, end in cuts]
    return [item for item in found if item is not None]


def confused(predictions: Iterable[Prediction], n: int = 10) -> list[Confusion]:
    """The `n` most frequent pairs of a gold label and another one given instead, the most frequent first."""
    return mixed_up(((item.gold, item.output) for item in predictions if item.gold is not None), n)


def mixed_up(pairs: Iterable[tuple[Label, Label]], n: int = 10) -> list[Confusion]:
    """The `n` most frequent of `pairs` of a gold output and the one given whose sides differ."""
    counted = Counter(pairs)
    of_gold: Counter[Label] = Counter()
    for (gold, _), count in counted.items():
        of_gold[gold] += count
    wrong = [(pair, count) for pair, count in counted.items() if pair[0] != pair[1]]
    ranked = sorted(wrong, key=lambda item: (-item[1], str(item[0])))[:n]
    return [Confusion(gold, output, count, count / of_gold[gold]) for (gold, output), count in ranked]


def _length_bin(rows: Sequence[tuple[int, bool]]) -> LengthBin:
    right = sum(correct for _, correct in rows)
    return LengthBin(rows[0][0], rows[-1][0], len(rows), right / len(rows), wilson(right, len(rows)))


def _ratio_bin(rows: np.ndarray, *, seed: int) -> LengthBin | None:
    """Of rows [n 3] of length, right and of how much, in order of their lengths."""
    kinds, times = np.unique(rows[:, 1:], axis=0, return_counts=True)

    def figure(drawn: np.ndarray) -> dict[str, np.ndarray]:
        right, of = drawn @ kinds[:, 0], drawn @ kinds[:, 1]
        return {"figure": np.divide(right, of, out=np.full(of.shape, np.nan), where=of > 0)}

    value = float(figure(times[None])["figure"][0])
    if np.isnan(value):
        return None
    low, high = intervals(times, figure, seed=seed).get("figure", (value, value))
    if high - low <= 1e-9:
        # Texts that all count alike are drawn alike: a bootstrap knows no interval of theirs. Wilson's, as of so many.
        low, high = wilson(round(value * len(rows)), len(rows))
    return LengthBin(int(rows[0, 0]), int(rows[-1, 0]), len(rows), value, (low, high))


def _quantiles(lengths: Sequence[int], bins: int) -> list[tuple[int, int]]:
    """Where bins of sorted `lengths` start and end; a border inside equal lengths moves to their end."""
    borders = [0]
    for index in range(1, bins + 1):
        border = max(round(index * len(lengths) / bins), borders[-1])
        while 0 < border < len(lengths) and lengths[border] == lengths[border - 1]:
            border += 1
        if border > borders[-1]:
            borders.append(border)
    return list(itertools.pairwise(borders))
