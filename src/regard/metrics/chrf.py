"""chrF2 as sacrebleu counts it: F of character n-grams, recall twice as heavy as precision (Popović 2015, 2016).

Orders 1 to 6, blanks left out; of several references the one that a text is nearest to. As in `metrics.bleu` counts
of each text are one step and the figure of their sums another; the scale is 0 to 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from regard.metrics.bleu import counted, signed

ORDERS = 6
BETA = 2


def chrf_counts(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Of each text its counts, int [n 18]: of each order n-grams of output, of reference, and matches."""
    return counted(_metric(), outputs, references)


def chrf(sums: np.ndarray) -> np.ndarray:
    """chrF2 of sums of counts [... 18], float [...] from 0 to 100: the same number as sacrebleu's `corpus_score`.

    Precision and recall are means over the orders that both sides have n-grams of.
    """
    sums = np.asarray(sums, dtype=float)
    output, reference, matches = np.moveaxis(sums.reshape(*sums.shape[:-1], ORDERS, 3), -1, 0)
    judged = (output > 0) & (reference > 0)
    precision, recall = (_mean(matches, of, judged) for of in (output, reference))
    above, below = (1 + BETA**2) * precision * recall, BETA**2 * precision + recall
    return 100 * np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def signature(references: Sequence[Sequence[str]]) -> str:
    """What a reader needs to compute the same chrF again, as sacrebleu writes it."""
    return signed(_metric(), references)


def _mean(matches: np.ndarray, of: np.ndarray, judged: np.ndarray) -> np.ndarray:
    shares = np.divide(matches, of, out=np.zeros_like(matches), where=judged)
    orders = judged.sum(axis=-1)
    return np.divide(shares.sum(axis=-1), orders, out=np.zeros(orders.shape), where=orders > 0)


@cache
def _metric() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF()
