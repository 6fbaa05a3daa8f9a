"""Scores of answers: exact match and F1 of words as SQuAD's official scripts define them, with intervals, by kind of
question and by length (Rajpurkar et al. 2016, section 6.1; questions without an answer 2018, section 4). No torch.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from regard.errors import DataError
from regard.metrics.bootstrap import RESAMPLES, Interval, intervals, wilson
from regard.records import AnswerPrediction, Scores

KINDS = ("what", "who", "when", "where", "which", "how many", "how", "why", "other")
"""Kinds of questions, by the first question word in it (English)."""

_KIND = re.compile(r"\b(?:(what|who(?:m|se)?|when|where|which|why)|how(?: (many|much))?)\b", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_LENGTHS = {"answer": (1, 2, 3, 5, 8), "context": (1, 100, 150, 200, 300, 500)}
"""Where the groups begin that answers and contexts are sorted into by their words."""


def normalised(answer: str) -> str:
    """Small letters, then no punctuation, no articles, one blank between words: what the scores compare."""
    bare = answer.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(output: str, gold: Sequence[str]) -> float:
    """1 where the output is one of the answers that count as right, 0 else. Without any, the empty one is right."""
    said = normalised(output)
    return float(any(said == one for one in _right(gold)))


def f1(output: str, gold: Sequence[str]) -> float:
    """The harmonic mean of precision and recall over words, each counted as often as it occurs; the best over the
    answers that count as right. Where one of the two has no words, 1 if the other has none either, else 0."""
    said = normalised(output).split()
    return max(_f1(said, one.split()) for one in _right(gold))


def tally_answer(prediction: AnswerPrediction) -> tuple[float, float]:
    """What one question counts for the mean F1: its F1, of 1. Raises `DataError` without gold answers."""
    return f1(prediction.output, _gold(prediction)), 1.0


def score_answers(
    predictions: Sequence[AnswerPrediction], *, part: str, seed: int, resamples: int = RESAMPLES
) -> Scores:
    """All scores of one part of the data, with percentile bootstrap intervals over its questions (95 %).

    `f1` and `exact_match` are means over the questions. Where some have no answer, `has_answer_f1` is that of the
    others and `no_answer_accuracy` the share of them that got none (as SQuAD 2.0's script tells both apart).
    `per_class` has f1, exact_match and support of each kind of question, `detail` those by the words of the answer
    (`by_answer_length`, of the shortest that counts) and of the context (`by_context_length`), from `at_least` up.
    Raises `DataError` where there is nothing to score or an answer that counts is not given.
    """
    if not predictions:
        raise DataError("there is nothing to score: no question with an answer")
    rows = np.array([_row(prediction) for prediction in predictions])
    values, found = _means(rows, seed=seed, resamples=resamples)
    kinds = [kind_of(prediction.question) for prediction in predictions]
    return Scores(
        task="answer",
        part=part,
        n=len(predictions),
        labels=[],
        values=values,
        intervals=found,
        per_class=_groups(kinds, rows, KINDS),
        detail={
            "by_answer_length": _by_length("answer", predictions, rows),
            "by_context_length": _by_length("context", predictions, rows),
        },
    )


def kind_of(question: str) -> str:
    """One of `KINDS`: by its first question word, `other` where it has none (or is in another language)."""
    match = _KIND.search(question)
    if match is None:
        return "other"
    if word := match[1]:
        return "who" if word.lower().startswith("who") else word.lower()
    return "how many" if match[2] else "how"


def _right(gold: Sequence[str]) -> list[str]:
    """The normalised answers that count; as in the official script, those of no words count only where all are so."""
    return [one for one in map(normalised, gold) if one] or [""]


def _f1(said: list[str], right: list[str]) -> float:
    if not said or not right:
        return float(said == right)
    shared = (Counter(said) & Counter(right)).total()
    return 2 * shared / (len(said) + len(right))


def _gold(prediction: AnswerPrediction) -> tuple[str, ...]:
    if prediction.gold is None:
        mend = "give a file with a column of answers"
        raise DataError(f"the question {prediction.id!r} has no answer to compare with", mend=mend)
    return prediction.gold


def _row(prediction: AnswerPrediction) -> tuple[float, float, float]:
    """F1, exact match, and whether there is an answer."""
    gold = _gold(prediction)
    return f1(prediction.output, gold), exact_match(prediction.output, gold), float(len(gold) > 0)


def _means(rows: np.ndarray, *, seed: int, resamples: int) -> tuple[dict[str, float], dict[str, Interval]]:
    """Each figure and its interval. Questions that count alike are one kind for the bootstrap."""
    kinds, counts = np.unique(rows, axis=0, return_counts=True)

    def figures(drawn: np.ndarray) -> dict[str, np.ndarray]:
        return _figures(kinds, drawn)

    values = {name: float(value) for name, value in figures(counts).items()}
    found = intervals(counts, figures, seed=seed, resamples=resamples)
    # A bootstrap of questions that were all right (or all wrong) never draws another figure; Wilson knows an interval.
    told = {name: (low, high) for name, (low, high) in found.items() if high - low > 1e-9}
    without = int((rows[:, 2] == 0).sum())
    for name, n in (("f1", len(rows)), ("exact_match", len(rows)), ("no_answer_accuracy", without)):
        if name not in told and values.get(name) in (0.0, 1.0):
            told[name] = wilson(round(values[name] * n), n)
    return values, told


def _figures(kinds: np.ndarray, drawn: np.ndarray) -> dict[str, np.ndarray]:
    """Means over `drawn` [... c] questions of each of `kinds` [c 3], as rows of `_row`; NaN where there is none."""
    each_f1, exact, has = kinds.T
    found = {"f1": _ratio(drawn @ each_f1, drawn.sum(-1)), "exact_match": _ratio(drawn @ exact, drawn.sum(-1))}
    if len(set(has)) == 2:
        found["has_answer_f1"] = _ratio(drawn @ (each_f1 * has), drawn @ has)
        found["no_answer_accuracy"] = _ratio(drawn @ (exact * (1 - has)), drawn @ (1 - has))
    return found


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0)


def _groups(names: Sequence[str], rows: np.ndarray, order: Iterable[str]) -> dict[str, dict[str, float]]:
    """Figures of the questions of each name that occurs."""
    of = np.array(names)
    return {name: _figures_of(rows[of == name]) for name in order if name in of}


def _figures_of(rows: np.ndarray) -> dict[str, float]:
    return {"f1": float(rows[:, 0].mean()), "exact_match": float(rows[:, 1].mean()), "support": len(rows)}


def _by_length(
    what: Literal["answer", "context"], predictions: Sequence[AnswerPrediction], rows: np.ndarray
) -> list[dict[str, float]]:
    """Figures by the words of the shortest answer that counts (questions that have one), or of the context."""
    words = [
        len(item.input.split()) if what == "context" else min((len(one.split()) for one in item.gold or ()), default=0)
        for item in predictions
    ]
    edges = np.array(_LENGTHS[what])
    group = np.searchsorted(edges, words, side="right") - 1
    found = [(int(edge), rows[group == place]) for place, edge in enumerate(edges)]
    return [{"at_least": edge, **_figures_of(own)} for edge, own in found if len(own)]
