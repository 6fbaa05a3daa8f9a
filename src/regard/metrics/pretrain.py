"""Scores of a masked language model: what it puts where tokens were hidden, with intervals over texts. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.errors import DataError
from regard.metrics import calibration
from regard.metrics.bootstrap import RESAMPLES, Interval, intervals, wilson
from regard.records import MaskedPrediction, Scores


def score_masked(
    predictions: Sequence[MaskedPrediction], *, part: str, seed: int, resamples: int = RESAMPLES
) -> Scores:
    """All scores of one part of the data, with percentile bootstrap intervals over its texts (95 %): the hidden tokens
    of a text are not independent.

    `accuracy` is the share of hidden tokens that the model finds likeliest, `loss` the mean of what stood there in nats
    a hidden token, `pseudo_perplexity` its exponential: that of Salazar et al. 2020 (section 2) but for hiding many
    tokens at once. `next_sentence_accuracy` is there where the model was asked whether the second half follows the
    first (Devlin et al. 2019, section 3.1). `detail` has how many `tokens` were hidden and how many `pairs` judged.
    Raises `DataError` where there is nothing to score or what stood there is not given.
    """
    rows = np.array([_row(prediction) for prediction in predictions]).reshape(-1, 5)
    if not rows[:, 1].any():
        raise DataError("there is nothing to score: no text with a hidden token")
    values = {name: float(value) for name, value in figures(rows.sum(axis=0)).items() if np.isfinite(value)}
    bins = calibration.bins(*_decisions(predictions))
    return Scores(
        task="pretrain",
        part=part,
        n=len(predictions),
        labels=[],
        values={**values, "ece": calibration.expected_calibration_error(bins)},
        intervals=_intervals(rows, values, seed=seed, resamples=resamples),
        calibration=bins,
        detail={"tokens": int(rows[:, 1].sum()), "pairs": int(rows[:, 4].sum())},
    )


def tally_masked(prediction: MaskedPrediction) -> tuple[float, float]:
    """What one text counts for `accuracy`: hidden tokens that are right, and all. Raises `DataError` without gold."""
    right, hidden, *_ = _row(prediction)
    return right, hidden


def figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Every figure of sums [... 5] of what `_row` counts, [...] each; NaN where there is nothing of its kind."""
    right, hidden, log_probability, follows, pairs = np.moveaxis(sums, -1, 0)
    loss = _ratio(-log_probability, hidden)
    with np.errstate(over="ignore"):
        return {
            "accuracy": _ratio(right, hidden),
            "loss": loss,
            "pseudo_perplexity": np.exp(loss),
            "next_sentence_accuracy": _ratio(follows, pairs),
        }


def _row(prediction: MaskedPrediction) -> tuple[float, float, float, float, float]:
    """Tokens that are right, that were hidden, their log-probability; pairs judged rightly, and pairs (0 or 1)."""
    gold = _gold(prediction)
    right = sum(one == other for one, other in zip(prediction.output, gold, strict=True))
    if prediction.follows is None:
        judged = (0.0, 0.0)
    else:
        probability, does = prediction.follows
        judged = (float((probability >= 0.5) == does), 1.0)
    return float(right), float(len(gold)), float(sum(prediction.log_probabilities)), *judged


def _gold(prediction: MaskedPrediction) -> tuple[str, ...]:
    if prediction.gold is None:
        mend = "hide tokens of a text that is known"
        raise DataError(f"of the text {prediction.id!r} what stood in the hidden places is not known", mend=mend)
    return prediction.gold


def _decisions(predictions: Sequence[MaskedPrediction]) -> tuple[np.ndarray, np.ndarray]:
    """The confidence in each token put in, and whether it is right."""
    confidence = [value for prediction in predictions for value in prediction.confidences]
    right = [
        one == other
        for prediction in predictions
        for one, other in zip(prediction.output, _gold(prediction), strict=True)
    ]
    return np.array(confidence), np.array(right)


def _intervals(rows: np.ndarray, values: dict[str, float], *, seed: int, resamples: int) -> dict[str, Interval]:
    """Texts that are all alike never draw another figure and know no interval; shares have Wilson's then."""
    ones = np.ones(len(rows), dtype=np.int64)
    drawn = intervals(ones, lambda counts: figures(counts @ rows), seed=seed, resamples=resamples)
    found = {name: (low, high) for name, (low, high) in drawn.items() if name in values and high - low > 1e-9}
    judged = {"accuracy": rows[:, 1], "next_sentence_accuracy": rows[:, 4]}
    for name, of in judged.items():
        if name not in found and values.get(name) in (0.0, 1.0):
            texts = int((of > 0).sum())
            found[name] = wilson(round(values[name] * texts), texts)
    return found


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0)
