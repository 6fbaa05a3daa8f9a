"""Where a classifier goes wrong: its surest mistakes, the lengths that are hard for it, the labels it mixes up.

Pure functions on predictions; those without a gold label are left out.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from regard.metrics.bootstrap import wilson
from regard.records import Label, Prediction


@dataclass(frozen=True)
class LengthBin:
    """Texts of `low` to `high` words, both included, and the 95 % Wilson interval of their accuracy."""

    low: int
    high: int
    n: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Confusion:
    """How many texts of label `gold` were given `output`, and their share of all texts of `gold`."""

    gold: Label
    output: Label
    count: int
    share: float


def surest(predictions: Iterable[Prediction], n: int = 10) -> list[Prediction]:
    """The `n` wrong outputs with the highest confidence, the surest first; often errors of the labels themselves."""
    wrong = [item for item in predictions if item.gold is not None and item.output != item.gold]
    return sorted(wrong, key=lambda item: -item.confidence)[:n]


def by_length(predictions: Iterable[Prediction], bins: int = 5) -> list[LengthBin]:
    """Accuracy by the length of the text in words, in at most `bins` bins of about the same number of texts.

    Texts of one length share a bin, so there may be fewer. Multi-label: a text is right when all its labels are.
    """
    rows = sorted((len(item.input.split()), item.output == item.gold) for item in predictions if item.gold is not None)
    return [_length_bin(rows[start:end]) for start, end in _quantiles([length for length, _ in rows], bins)]


def confused(predictions: Iterable[Prediction], n: int = 10) -> list[Confusion]:
    """The `n` most frequent pairs of a gold label and another one given instead, the most frequent first."""
    labelled = [(item.gold, item.output) for item in predictions if item.gold is not None]
    of_gold = Counter(gold for gold, _ in labelled)
    wrong = Counter(pair for pair in labelled if pair[0] != pair[1])
    ranked = sorted(wrong.items(), key=lambda item: (-item[1], str(item[0])))[:n]
    return [Confusion(gold, output, count, count / of_gold[gold]) for (gold, output), count in ranked]


def _length_bin(rows: Sequence[tuple[int, bool]]) -> LengthBin:
    right = sum(correct for _, correct in rows)
    return LengthBin(rows[0][0], rows[-1][0], len(rows), right / len(rows), wilson(right, len(rows)))


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
