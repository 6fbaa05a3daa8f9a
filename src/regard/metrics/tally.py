"""Figures that need nothing but counts: for each label the texts that have it, that got it, and both.

Every function takes one tally or a stack of them (bootstrap resamples) and works on the last axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tally:
    """`hits`, `gold` and `output` are [... k]: texts that have and got a label, that have it, that got it.
    `exact` and `n` are [...]: texts whose labels are all right, and all texts."""

    hits: np.ndarray
    gold: np.ndarray
    output: np.ndarray
    exact: np.ndarray
    n: np.ndarray


def tally(gold: np.ndarray, output: np.ndarray, counts: np.ndarray) -> Tally:
    """Count kinds of rows: `gold` and `output` are bool [c k], `counts` int [... c] says how often each kind
    occurs."""
    exact = (gold == output).all(axis=1)
    return Tally(
        hits=counts @ (gold & output),
        gold=counts @ gold.astype(np.int64),
        output=counts @ output.astype(np.int64),
        exact=counts @ exact.astype(np.int64),
        n=counts.sum(axis=-1),
    )


def precision(t: Tally) -> np.ndarray:
    """Of the texts that got a label, the share that have it, [... k]; 0 where no text got it."""
    return _ratio(t.hits, t.output)


def recall(t: Tally) -> np.ndarray:
    """Of the texts that have a label, the share that got it, [... k]; 0 where no text has it."""
    return _ratio(t.hits, t.gold)


def f1(t: Tally) -> np.ndarray:
    """Harmonic mean of precision and recall, [... k]."""
    return _ratio(2 * t.hits, t.gold + t.output)


def macro(values: np.ndarray, t: Tally) -> np.ndarray:
    """The plain mean over the labels that some text has or got; other labels can't be judged."""
    judged = (t.gold + t.output) > 0
    return _ratio((values * judged).sum(axis=-1), judged.sum(axis=-1))


def accuracy(t: Tally) -> np.ndarray:
    """The share of texts whose label (multi-label: whose whole set of labels) is right."""
    return _ratio(t.exact, t.n)


def micro_f1(t: Tally) -> np.ndarray:
    return _ratio(2 * t.hits.sum(axis=-1), (t.gold + t.output).sum(axis=-1))


def micro_precision(t: Tally) -> np.ndarray:
    return _ratio(t.hits.sum(axis=-1), t.output.sum(axis=-1))


def micro_recall(t: Tally) -> np.ndarray:
    return _ratio(t.hits.sum(axis=-1), t.gold.sum(axis=-1))


def mcc(t: Tally) -> np.ndarray:
    """Matthews' correlation for k labels (Gorodkin 2004, equation 8), one label a text; 0 where it is
    undefined."""
    n = t.n.astype(float)
    shared = t.hits.sum(axis=-1) * n - (t.gold * t.output).sum(axis=-1)
    of_gold = n**2 - (t.gold**2).sum(axis=-1)
    of_output = n**2 - (t.output**2).sum(axis=-1)
    return np.clip(_ratio(shared, np.sqrt(of_gold) * np.sqrt(of_output)), -1, 1)


def figures(t: Tally, *, multi_label: bool) -> dict[str, np.ndarray]:
    """Every figure over all labels, [...] each."""
    found = {
        "accuracy": accuracy(t),
        "macro_f1": macro(f1(t), t),
        "macro_precision": macro(precision(t), t),
        "macro_recall": macro(recall(t), t),
        "micro_f1": micro_f1(t),
        "micro_precision": micro_precision(t),
        "micro_recall": micro_recall(t),
    }
    return found if multi_label else {**found, "mcc": mcc(t)}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below, 0 where below is 0."""
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=np.asarray(below) > 0)
