"""BLEU as sacrebleu counts it, in two steps: counts of each text, and the figure of their sums (Papineni et al. 2002).

Cased, tokenised as mteval-v13a does, orders 1 to 4, exponential smoothing, the nearest length of several references:
sacrebleu's defaults (Post 2018). The sums of any texts' counts give the figure over these texts, so that a resample
costs no text a second look. The scale is 0 to 100, as the field has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from typing import Any

import numpy as np

ORDERS = 4
LENGTHS = slice(0, 2)
"""Columns of the counts: tokens of the output, tokens of the nearest reference; then matches and n-grams by order."""
_MATCHES, _GRAMS = slice(2, 2 + ORDERS), slice(2 + ORDERS, 2 + 2 * ORDERS)


def bleu_counts(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Of each text its counts, int [n 10]; `references` are one or several of each text, as many as it has."""
    return counted(_metric(), outputs, references)


def bleu(sums: np.ndarray) -> np.ndarray:
    """BLEU of sums of counts [... 10], float [...] from 0 to 100: the same number as sacrebleu's `corpus_score`."""
    sums = np.asarray(sums, dtype=float)
    with np.errstate(divide="ignore"):
        return np.asarray(brevity_penalty(sums) * np.exp(np.log(precisions(sums)).mean(axis=-1)))


def precisions(sums: np.ndarray) -> np.ndarray:
    """The precision of n-grams of each order in per cent, [... 4]. The k-th order without any match counts as 1 / 2^k
    matches (mteval-v13a's smoothing), one without any n-gram as 0, and so do all where no word is right."""
    matches, grams = np.asarray(sums[..., _MATCHES], dtype=float), np.asarray(sums[..., _GRAMS], dtype=float)
    unmatched = np.cumsum((matches == 0) & (grams > 0), axis=-1)
    smoothed = np.where(matches > 0, matches, 0.5**unmatched) * matches.any(axis=-1, keepdims=True)
    return 100 * np.divide(smoothed, grams, out=np.zeros_like(grams), where=grams > 0)


def brevity_penalty(sums: np.ndarray) -> np.ndarray:
    """What outputs shorter than their references lose, a factor [...] up to 1."""
    output, reference = (np.asarray(part, dtype=float) for part in np.moveaxis(sums[..., LENGTHS], -1, 0))
    ratio = np.divide(reference, output, out=np.full(output.shape, np.inf), where=output > 0)
    return np.where(output < reference, np.exp(1 - np.maximum(ratio, 1)), 1.0)


def length_ratio(sums: np.ndarray) -> np.ndarray:
    """Tokens of the outputs to those of the references, [...]; NaN where the references have none."""
    output, reference = (np.asarray(part, dtype=float) for part in np.moveaxis(sums[..., LENGTHS], -1, 0))
    return np.divide(output, reference, out=np.full(output.shape, np.nan), where=reference > 0)


def signature(references: Sequence[Sequence[str]]) -> str:
    """What a reader needs to compute the same BLEU again, as sacrebleu writes it."""
    return signed(_metric(), references)


def counted(metric: Any, outputs: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """The counts of a sacrebleu metric for each text, int [n c]."""
    # What sacrebleu's own paired tests stand on; a text that has fewer references than another has None in their place.
    found = metric._extract_corpus_statistics(list(outputs), list(zip_longest(*references)))
    return np.array(found, dtype=np.int64)


def signed(metric: Any, references: Sequence[Sequence[str]]) -> str:
    numbers = {len(one) for one in references}
    metric.num_refs = numbers.pop() if len(numbers) == 1 else -1
    return str(metric.get_signature())


@cache
def _metric() -> Any:
    from sacrebleu.metrics import BLEU

    return BLEU()
