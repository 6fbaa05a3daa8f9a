"""AUROC: the chance that a text with a label is given a higher probability of it than a text without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.metrics.bootstrap import RESAMPLES, Interval, percentile_interval


@dataclass(frozen=True)
class Ranking:
    """Texts in the order of their probability of one label. `groups` starts a run of equal probabilities."""

    has_label: np.ndarray
    order: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, has_label: np.ndarray, probability: np.ndarray) -> Ranking:
        """From bool [n] and float [n]."""
        order = np.argsort(probability, kind="stable")
        ranked = probability[order]
        groups = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        return cls(has_label[order], order, groups)

    def auroc(self, weights: np.ndarray | None = None) -> float:
        """The area under the ROC curve as the Mann-Whitney statistic, ties counting half (Hanley and McNeil
        1982).

        `weights` [n] says how often each text counts. NaN where no text, or every text, has the label.
        """
        counted = np.ones(len(self.order)) if weights is None else weights[self.order]
        positive = np.add.reduceat(counted * self.has_label, self.groups)
        negative = np.add.reduceat(counted * ~self.has_label, self.groups)
        pairs = positive.sum() * negative.sum()
        if pairs == 0:
            return float("nan")
        below = np.cumsum(negative) - negative
        return float((positive * (below + negative / 2)).sum() / pairs)

    def interval(self, *, seed: int, resamples: int = RESAMPLES) -> Interval | None:
        """The bootstrap interval of `auroc`."""
        generator, n = np.random.default_rng(seed), len(self.order)
        draws = (np.bincount(generator.integers(0, n, n), minlength=n) for _ in range(resamples))
        return percentile_interval(np.array([self.auroc(weights) for weights in draws]))


def macro_auroc(has_label: np.ndarray, probabilities: np.ndarray) -> float:
    """One label against the rest, bool and float [n k], averaged over the labels where it is defined; else
    NaN."""
    areas = [Ranking.of(has_label[:, k], probabilities[:, k]).auroc() for k in range(has_label.shape[1])]
    defined = [area for area in areas if not np.isnan(area)]
    return float(np.mean(defined)) if defined else float("nan")
