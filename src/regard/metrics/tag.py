"""Scores of a tagger: from tags of words to the figures, intervals and tables of `Scores`. No torch.

With a scheme (B-, I-) entities are what counts: one is right where its words and its type are (Tjong Kim Sang and De
Meulder 2003, section 2; the same numbers as seqeval's default mode). Without one every word counts, but for words
tagged `O`; where no tag is `O`, F1 is the accuracy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regard.metrics import calibration, tally
from regard.metrics.bootstrap import RESAMPLES, Interval, intervals, wilson
from regard.metrics.spans import KINDS, stretches
from regard.metrics.tag_counts import NONE, TagCounts, gold_of
from regard.records import Scores, TagPrediction
from regard.records.tags import scheme_of

MOST_TAGS_IN_A_TABLE = 40


def score_tags(
    predictions: Sequence[TagPrediction],
    labels: Sequence[str],
    *,
    part: str,
    seed: int,
    resamples: int = RESAMPLES,
) -> Scores:
    """All scores of one part of the data, with percentile bootstrap intervals over its texts (95 %): the words of a
    text are not independent.

    `labels` are the tags that the model gives. `accuracy` is that of words, `sentence_accuracy` of whole texts;
    `precision`, `recall` and `f1` are over all entities, the `macro_` ones means over types. `span_f1` asks for the
    right words only, `partial_f1` gives half for an entity of the right type with a word in common (MUC-5's rule,
    Chinchor and Sundheim 1993; each entity counts once).

    `labels` of the result are the types and `(none)`, what an entity without a counterpart has in `confusion`; without
    a scheme the tags. `detail` has `scheme`, `words`, `right_words`, `entities` of gold and output, and `pairs`: how
    many of each of `spans.KINDS`. Raises `DataError` for missing or unknown gold tags.
    """
    counts = TagCounts.of(predictions, labels)
    kinds, times = np.unique(counts.rows, axis=0, return_counts=True)
    values = {name: float(value) for name, value in counts.figures(counts.rows.sum(axis=0)).items()}
    found = intervals(times, lambda drawn: counts.figures(drawn @ kinds), seed=seed, resamples=resamples)
    bins = calibration.bins(*_decisions(predictions))
    names = list(labels) if counts.scheme is None else [*counts.names, NONE]
    return Scores(
        task="tag",
        part=part,
        n=len(predictions),
        labels=names,
        values={**values, "ece": calibration.expected_calibration_error(bins)},
        intervals=_told(found, values, len(predictions), any_entity=bool(counts.pairs)),
        per_class=_per_class(counts),
        confusion=_confusion(counts, predictions, names),
        calibration=bins,
        detail=_detail(counts),
    )


def tally_tags(prediction: TagPrediction) -> tuple[float, float]:
    """How much of one text is right, of how much: over any texts the sum of the first by that of the second is `f1`.

    With a scheme twice the right entities, and the gold and output ones together; without one right words, and words.
    A word that only gold, or only the output, has tagged `O` is half a word then, one that both have none.
    """
    gold = gold_of(prediction)
    scheme = scheme_of([*gold, *prediction.output])
    one, other = stretches(gold, scheme), stretches(prediction.output, scheme)
    hits, both = len(set(one).intersection(other)), len(one) + len(other)
    return (float(hits), both / 2) if scheme is None else (2.0 * hits, float(both))


def _decisions(predictions: Sequence[TagPrediction]) -> tuple[np.ndarray, np.ndarray]:
    """The confidence in the tag of each word of all texts, and whether it is right."""
    confidence = [value for prediction in predictions for value in prediction.confidences]
    right = [
        one == other
        for prediction in predictions
        for one, other in zip(gold_of(prediction), prediction.output, strict=True)
    ]
    return np.array(confidence), np.array(right)


def _told(
    found: Mapping[str, Interval], values: Mapping[str, float], texts: int, *, any_entity: bool
) -> dict[str, Interval]:
    """A bootstrap of texts that were all right (or all wrong) never draws another figure: it knows no interval. The
    headlines have Wilson's then, as of so many texts that were all right."""
    told = {name: (low, high) for name, (low, high) in found.items() if high - low > 1e-9}
    for name in ("accuracy", "f1") if any_entity else ("accuracy",):
        if name not in told and values[name] in (0.0, 1.0):
            told[name] = wilson(round(values[name] * texts), texts)
    return told


def _per_class(counts: TagCounts) -> dict[str, dict[str, float]]:
    whole = counts.tally(counts.rows.sum(axis=0))
    columns = (tally.precision(whole), tally.recall(whole), tally.f1(whole))
    return {
        name: {
            "precision": float(columns[0][k]),
            "recall": float(columns[1][k]),
            "f1": float(columns[2][k]),
            "support": int(whole.gold[k]),
        }
        for k, name in enumerate(counts.names)
    }


def _confusion(counts: TagCounts, predictions: Sequence[TagPrediction], names: Sequence[str]) -> list[list[int]] | None:
    """Counts with gold in rows and output in columns: of entities, each with the one it overlaps with, or of words."""
    confused = counts.confused
    if counts.scheme is None:
        if len(names) > MOST_TAGS_IN_A_TABLE:
            return None
        confused = Counter(pair for item in predictions for pair in zip(gold_of(item), item.output, strict=True))
    return [[confused[gold, output] for output in names] for gold in names]


def _detail(counts: TagCounts) -> dict[str, Any]:
    whole = counts.tally(counts.rows.sum(axis=0))
    return {
        "scheme": counts.scheme,
        "words": int(whole.n),
        "right_words": int(whole.exact),
        "entities": {"gold": int(whole.gold.sum()), "output": int(whole.output.sum())},
        "pairs": {kind: counts.pairs[kind] for kind in KINDS},
    }
