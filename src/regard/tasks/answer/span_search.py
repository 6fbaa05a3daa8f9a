"""The best answers to a question, from scores of each token as an answer's first and last (Devlin et al. 2019, section
4.2), and whether there is one at all (section 4.3). NumPy only.

Notable: all pairs of all windows are scored at once, as a band: `score[w, i, k] = start[w, i] + end[w, i + k]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regard.metrics.answer import f1
from regard.records import AnswerPrediction, Entity
from regard.text.pair_encoder import EncodedPair

ALWAYS = 1.0
"""The threshold with which an answer is always given."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The best answers to one question, the best first: characters `[n 2]` of its context, each another stretch, and
    `probabilities` `[n]`; `no_answer` is the probability that there is none, and they sum to 1 together."""

    spans: np.ndarray
    probabilities: np.ndarray
    no_answer: float


def best_spans(
    start: np.ndarray, end: np.ndarray, pair: EncodedPair, *, max_answer_tokens: int = 30, most: int = 5
) -> Candidates:
    """The `most` best answers of at most `max_answer_tokens`, each wholly in a window's context.

    `start` and `end` `[w t]` score the tokens of the pair's windows; columns behind a window's tokens are padding and
    not looked at. A stretch in several windows counts by its best score; no answer counts by its lowest over the
    windows, as in the code of Devlin et al. for SQuAD 2.0: there is none only where no window has one. Probabilities
    are a softmax over these answers and no answer.
    """
    windows, start, end = pair.windows, np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    inside = np.zeros(np.shape(start), dtype=bool)
    for row, window in enumerate(windows):
        inside[row, slice(*window.context)] = True
    places = np.array([window.no_answer for window in windows])
    rows = np.arange(len(windows))
    none = float((start[rows, places] + end[rows, places]).min())
    scores = _band(np.where(inside, start, -np.inf), np.where(inside, end, -np.inf), max_answer_tokens)
    spans, found = _distinct(scores, *_characters(windows, scores.shape), most)
    weights = np.exp(np.append(found, none) - max([none, *found[:1]]))
    weights /= weights.sum()
    return Candidates(spans, weights[:-1], float(weights[-1]))


def as_answer(
    found: Candidates,
    *,
    identity: str,
    context: str,
    question: str,
    gold: tuple[str, ...] | None,
    no_answer_threshold: float = ALWAYS,
) -> AnswerPrediction:
    """The prediction for one question: its best answer, unless the probability of none is above the threshold."""
    entities = [
        Entity(int(first), int(last), label="answer", confidence=float(probability))
        for (first, last), probability in zip(found.spans, found.probabilities, strict=True)
    ]
    given = bool(entities) and found.no_answer <= no_answer_threshold
    best, others = (entities[0], entities[1:]) if given else (Entity(0, 0, "", found.no_answer), entities)
    return AnswerPrediction(
        id=identity,
        input=context,
        question=question,
        output=context[best.start : best.end],
        start=best.start,
        end=best.end,
        gold=gold,
        confidence=best.confidence,
        no_answer=found.no_answer,
        alternatives=tuple(others),
    )


def choose_threshold(predictions: Sequence[AnswerPrediction]) -> tuple[float, float]:
    """The threshold on the probability of no answer that gives the best mean F1, and that F1; `ALWAYS` where it is best
    to answer everything. Predictions may come from any threshold: the best answer of each is judged again.

    As `find_best_thresh` of SQuAD 2.0's script, but questions of the same probability are decided alike, and the
    threshold lies half-way to the next one. A question without gold answers (None) is left out.
    """
    judged = [item for item in predictions if item.gold is not None]
    if not judged:
        return ALWAYS, 0.0
    probability = np.array([item.no_answer for item in judged])
    if_given = np.array([f1(_best(item), item.gold or ()) for item in judged])
    if_none = np.array([f1("", item.gold or ()) for item in judged])
    order = np.argsort(probability, kind="stable")
    probability, gains = probability[order], (if_given - if_none)[order]
    # After the k surest questions are answered the sum of F1 is sums[k]; only between different probabilities is a cut.
    sums = if_none.sum() + np.concatenate([[0.0], np.cumsum(gains)])
    cuts = np.concatenate([[probability[0] > 0], probability[1:] > probability[:-1], [True]])
    best = int(np.flatnonzero(cuts & (sums >= sums[cuts].max() - 1e-9))[-1])
    if best == len(judged):
        return ALWAYS, float(sums[best] / len(judged))
    below = probability[best - 1] if best else 0.0
    middle = (below + probability[best]) / 2
    return float(middle if middle < probability[best] else below), float(sums[best] / len(judged))


def _band(start: np.ndarray, end: np.ndarray, width: int) -> np.ndarray:
    """`[w t k]`: the score of a first token and the one `k` behind it, -inf where there is no such pair."""
    width = min(width, start.shape[1])
    padded = np.pad(end, ((0, 0), (0, width - 1)), constant_values=-np.inf)
    return start[:, :, None] + np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)


def _characters(windows: Sequence[EncodedPair], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where each token begins and ends in the context as given, `[w t + k]` each; 0 outside the context."""
    first, last = np.zeros((2, shape[0], shape[1] + shape[2]), dtype=np.int64)
    for row, window in enumerate(windows):
        own = slice(*window.context)
        first[row, own], last[row, own] = window.offsets.T
    return first, last


def _distinct(scores: np.ndarray, first: np.ndarray, last: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The best stretches of characters `[n 2]`, each once, with their scores `[n]`; of equal scores the earlier and
    shorter one first.

    A stretch has as many scores as windows hold it (and more where several tokens are one character), so more of the
    best are looked through until `most` are found.
    """
    flat = scores.ravel()
    possible = int(np.isfinite(flat).sum())
    looked_through = min(possible, 4 * most * len(scores))
    while possible:
        least = np.partition(flat, -looked_through)[-looked_through]
        row, begin, further = np.unravel_index(np.flatnonzero(flat >= least), scores.shape)
        own, a, b = scores[row, begin, further], first[row, begin], last[row, begin + further]
        order = np.lexsort((b, a, -own))
        order = order[(b > a)[order]]
        _, kept = np.unique(np.stack([a, b], axis=1)[order], axis=0, return_index=True)
        best = order[np.sort(kept)[:most]]
        if len(best) == most or looked_through == possible:
            return np.stack([a, b], axis=1)[best], own[best]
        looked_through = min(possible, 8 * looked_through)
    return np.zeros((0, 2), dtype=np.int64), np.zeros(0)


def _best(prediction: AnswerPrediction) -> str:
    """The best answer, whether or not it was given."""
    if prediction.output or not prediction.alternatives:
        return prediction.output
    best = prediction.alternatives[0]
    return prediction.input[best.start : best.end]
