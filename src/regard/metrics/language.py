"""Scores of a language model: how likely it holds a text, by token, character and word, with intervals. No torch.

By token, loss and perplexity depend on the tokenizer. By character and by word the same log-probability is shared out
over what every model is given alike, so that models with different tokenizers can be compared; bits are per character
of the text as given, blanks included (Graves 2013, section 3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from regard.errors import DataError
from regard.metrics.bootstrap import RESAMPLES, Interval, intervals, run_length, summed_in_runs
from regard.records import Scores, StretchPrediction


def score_language(
    predictions: Sequence[StretchPrediction], *, part: str, seed: int, resamples: int = RESAMPLES
) -> Scores:
    """All scores of one part of the data, with percentile bootstrap intervals (95 %). In all of them less is better.

    `loss` is in nats a token and `perplexity` its exponential; `bits_per_character` and `loss_per_character` (nats)
    are over the characters of the stretches, `perplexity_per_word` over what stands between white space. A figure too
    large to be a number is left out.

    `predictions` are in the order of the text. Neighbours resemble each other, so that stretches drawn one by one would
    promise too narrow an interval: runs of `detail["run"]` consecutive ones are drawn whole (Carlstein 1986). `detail`
    has `tokens`, `characters` and `words` too. Raises `DataError` where there is nothing to score.
    """
    rows = np.array([_row(prediction) for prediction in predictions]).reshape(-1, 4)
    if not rows[:, 1].any():
        raise DataError("there is nothing to score: no text that holds a token")
    length = run_length(len(rows))
    runs = summed_in_runs(rows, length)
    values = _finite(figures(rows.sum(axis=0)))
    drawn = intervals(
        np.ones(len(runs), dtype=np.int64), lambda counts: figures(counts @ runs), seed=seed, resamples=resamples
    )
    _, tokens, characters, words = rows.sum(axis=0)
    return Scores(
        task="generate",
        part=part,
        n=len(predictions),
        labels=[],
        values=values,
        intervals=_told(drawn, values),
        detail={"tokens": int(tokens), "characters": int(characters), "words": int(words), "run": length},
    )


def tally_stretch(prediction: StretchPrediction) -> tuple[float, float]:
    """What one stretch counts for `bits_per_character`: bits, and characters."""
    return -prediction.log_probability / math.log(2), float(prediction.characters)


def figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Every figure of sums [... 4] of log-probability (nats), tokens, characters and words, [...] each; NaN where there
    is nothing to share out over."""
    nats, tokens, characters, words = -sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3]
    loss, by_character, by_word = (_ratio(nats, of) for of in (tokens, characters, words))
    with np.errstate(over="ignore"):
        return {
            "loss": loss,
            "perplexity": np.exp(loss),
            "bits_per_character": by_character / math.log(2),
            "loss_per_character": by_character,
            "perplexity_per_word": np.exp(by_word),
        }


def _row(prediction: StretchPrediction) -> tuple[float, int, int, int]:
    return prediction.log_probability, prediction.tokens, prediction.characters, prediction.words


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0)


def _finite(found: Mapping[str, np.ndarray]) -> dict[str, float]:
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def _told(drawn: Mapping[str, Interval], values: Mapping[str, float]) -> dict[str, Interval]:
    """Intervals that say something: one run, or runs that are all alike, never draw another figure."""
    return {name: (low, high) for name, (low, high) in drawn.items() if name in values and high - low > 1e-9 * high}
