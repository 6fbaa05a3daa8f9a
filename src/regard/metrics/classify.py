"""Scores of a classifier: from predictions to the figures, intervals and tables of `Scores`. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regard.errors import DataError
from regard.metrics import calibration, tally
from regard.metrics.bootstrap import RESAMPLES, Interval, intervals, wilson
from regard.metrics.ranking import Ranking, macro_auroc
from regard.records import Label, Prediction, Scores

SMALLEST_PROBABILITY = 1e-15
"""A probability of 0 for what is true would make the log loss infinite."""


@dataclass(frozen=True)
class Table:
    """Predictions as arrays: `gold` and `output` bool [n k], `probabilities` and `confidence` float [n k],
    [n]."""

    gold: np.ndarray
    output: np.ndarray
    probabilities: np.ndarray
    confidence: np.ndarray
    multi_label: bool

    @classmethod
    def of(cls, predictions: Sequence[Prediction], labels: Sequence[str], *, multi_label: bool) -> Table:
        """Raises `DataError` where a text has no gold label, or one that the model does not know."""
        if not predictions:
            raise DataError("there is nothing to score: no text with a label")
        position = {label: column for column, label in enumerate(labels)}
        return cls(
            gold=_indicators([(p.id, p.gold) for p in predictions], position),
            output=_indicators([(p.id, p.output) for p in predictions], position),
            probabilities=np.array([[p.probabilities[label] for label in labels] for p in predictions]),
            confidence=np.array([p.confidence for p in predictions]),
            multi_label=multi_label,
        )

    @property
    def is_binary(self) -> bool:
        return self.gold.shape[1] == 2 and not self.multi_label


def score(
    predictions: Sequence[Prediction],
    labels: Sequence[str],
    *,
    part: str,
    multi_label: bool,
    seed: int,
    resamples: int = RESAMPLES,
) -> Scores:
    """All scores of one part of the data, with percentile bootstrap intervals over its texts (95 %).

    `auroc` is that of the second of two labels, else the mean of one label against the rest; it is left out
    where no label has texts with and without it. With `multi_label`, accuracy asks for the whole set of
    labels, and calibration, Brier score and log loss look at each label's yes or no. The Brier score is half
    the squared distance between the probabilities and the truth, 0 to 1. Raises `DataError` for a missing or
    unknown gold label.
    """
    table = Table.of(predictions, labels, multi_label=multi_label)
    kinds, counts = _kinds(table)
    whole = tally.tally(*kinds, counts)
    values = {name: float(value) for name, value in tally.figures(whole, multi_label=multi_label).items()}
    found = intervals(
        counts,
        lambda drawn: tally.figures(tally.tally(*kinds, drawn), multi_label=multi_label),
        seed=seed,
        resamples=resamples,
    )
    # A bootstrap of texts that were all right (or all wrong) never draws another figure: it knows no interval.
    drawn = found
    found = {name: (low, high) for name, (low, high) in drawn.items() if high - low > 1e-9}
    if "accuracy" in drawn and "accuracy" not in found:
        found["accuracy"] = wilson(round(values["accuracy"] * len(predictions)), len(predictions))
    if not multi_label and len({prediction.gold for prediction in predictions}) < 2:
        values.pop("mcc", None)
        found.pop("mcc", None)
    area, area_interval = _auroc(table, seed=seed, resamples=resamples)
    if not np.isnan(area):
        values["auroc"] = area
    if area_interval is not None:
        found["auroc"] = area_interval
    bins = calibration.bins(*_decisions(table))
    values["ece"] = calibration.expected_calibration_error(bins)
    values["brier"], values["log_loss"] = _brier(table), _log_loss(table)
    return Scores(
        task="classify",
        part=part,
        n=len(predictions),
        labels=list(labels),
        values=values,
        intervals=found,
        per_class=_per_class(whole, labels),
        confusion=None if multi_label else _confusion(table),
        calibration=bins,
    )


def _indicators(rows: list[tuple[str, Label | None]], position: dict[str, int]) -> np.ndarray:
    """Which labels each row has, bool [n k]."""
    indicators = np.zeros((len(rows), len(position)), dtype=bool)
    for row, (name, label) in enumerate(rows):
        if label is None:
            raise DataError(f"the text {name!r} has no gold label", mend="give a file with a label column")
        for one in (label,) if isinstance(label, str) else label:
            if one not in position:
                raise DataError(
                    f"the text {name!r} has the label {one!r}, which the model does not know",
                    mend=f"its labels are {', '.join(position)}",
                )
            indicators[row, position[one]] = True
    return indicators


def _kinds(table: Table) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Rows with the same gold and output are one kind: their indicators, bool [c k] twice, and counts [c]."""
    both, counts = np.unique(np.hstack([table.gold, table.output]), axis=0, return_counts=True)
    k = table.gold.shape[1]
    return (both[:, :k], both[:, k:]), counts


def _auroc(table: Table, *, seed: int, resamples: int) -> tuple[float, Interval | None]:
    """For two labels with its interval; for more the mean alone, as its interval would take k times as
    long."""
    if not table.is_binary:
        return macro_auroc(table.gold, table.probabilities), None
    ranking = Ranking.of(table.gold[:, 1], table.probabilities[:, 1])
    area = ranking.auroc()
    return area, None if np.isnan(area) else ranking.interval(seed=seed, resamples=resamples)


def _decisions(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Confidence in each decision and whether it was right: one for a text, multi-label one for a text and
    label."""
    if not table.multi_label:
        return table.confidence, (table.gold == table.output).all(axis=1)
    confidence = np.where(table.output, table.probabilities, 1 - table.probabilities)
    return confidence.ravel(), (table.gold == table.output).ravel()


def _brier(table: Table) -> float:
    squares = (table.probabilities - table.gold) ** 2
    return float(squares.mean() if table.multi_label else squares.sum(axis=1).mean() / 2)


def _log_loss(table: Table) -> float:
    if table.multi_label:
        of_truth = np.where(table.gold, table.probabilities, 1 - table.probabilities)
    else:
        of_truth = table.probabilities[table.gold]
    return float(-np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1)).mean())


def _per_class(whole: tally.Tally, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    columns = (tally.precision(whole), tally.recall(whole), tally.f1(whole))
    return {
        label: {
            "precision": float(columns[0][k]),
            "recall": float(columns[1][k]),
            "f1": float(columns[2][k]),
            "support": int(whole.gold[k]),
        }
        for k, label in enumerate(labels)
    }


def _confusion(table: Table) -> list[list[int]]:
    """Counts with gold in rows and output in columns."""
    counts: list[list[int]] = (table.gold.T.astype(np.int64) @ table.output).tolist()
    return counts
