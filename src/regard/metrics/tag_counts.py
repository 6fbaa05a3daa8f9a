"""What is counted of tagged texts, one row a text: the sum of any texts (a bootstrap resample) gives its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regard.errors import DataError
from regard.metrics import tally
from regard.metrics.spans import Pair, pairs, stretches
from regard.records import TagPrediction
from regard.records.tags import OUTSIDE, Scheme, parts, scheme_of

NONE = "(none)"
"""What a missed entity was given, and what an invented one is."""

_RIGHT, _WORDS, _WHOLE, _TEXTS, _PARTIAL, _SAME_SPAN = range(6)
_HALF = {"exact": 1.0, "wrong_boundary": 0.5}


@dataclass(frozen=True)
class TagCounts:
    """`rows` are [n 3k+6]: of each text hits, gold and output of each of the `names` (types; without a scheme tags but
    `O`), then right words, words, whether all are right and whether there are any, partial hits and hits of the span.

    `pairs` are how often each kind of pair occurs, `confused` how often each name was given for each other.
    """

    rows: np.ndarray
    names: list[str]
    scheme: Scheme | None
    has_outside: bool
    pairs: Counter[str]
    confused: Counter[tuple[str, str]]

    @classmethod
    def of(cls, predictions: Sequence[TagPrediction], labels: Sequence[str]) -> TagCounts:
        """Raises `DataError` where a text has no gold tags or one that the model does not know, or no text has a
        word."""
        scheme = scheme_of(labels)
        names = list(dict.fromkeys(_name(tag, scheme) for tag in labels if tag != OUTSIDE))
        made = cls(np.empty((0, 0)), names, scheme, OUTSIDE in labels, Counter(), Counter())
        columns = {name: column for column, name in enumerate(names)}
        rows = np.array([made._row(prediction, columns) for prediction in predictions])
        if not rows.size or not rows[:, 3 * len(names) + _WORDS].any():
            raise DataError("there is nothing to score: no text with a tagged word")
        return cls(rows, names, scheme, made.has_outside, made.pairs, made.confused)

    def figures(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Every figure of sums of rows [... 3k+6]."""
        t, rest = self.tally(sums), sums[..., 3 * len(self.names) :]
        found = {"accuracy": tally.accuracy(t), "f1": tally.micro_f1(t)}
        if self.scheme or self.has_outside:
            found |= {"precision": tally.micro_precision(t), "recall": tally.micro_recall(t)}
        found |= {
            "macro_f1": tally.macro(tally.f1(t), t),
            "macro_precision": tally.macro(tally.precision(t), t),
            "macro_recall": tally.macro(tally.recall(t), t),
        }
        if self.scheme:
            found["partial_f1"] = tally.micro_f1(replace(t, hits=rest[..., [_PARTIAL]]))
            found["span_f1"] = tally.micro_f1(replace(t, hits=rest[..., [_SAME_SPAN]]))
        found["sentence_accuracy"] = tally.accuracy(replace(t, exact=rest[..., _WHOLE], n=rest[..., _TEXTS]))
        return found

    def tally(self, sums: np.ndarray) -> tally.Tally:
        """Entities of each name; `exact` and `n` are words."""
        k = len(self.names)
        right, words = sums[..., 3 * k + _RIGHT], sums[..., 3 * k + _WORDS]
        return tally.Tally(sums[..., :k], sums[..., k : 2 * k], sums[..., 2 * k : 3 * k], exact=right, n=words)

    def _row(self, prediction: TagPrediction, columns: dict[str, int]) -> list[float]:
        gold, output = gold_of(prediction), prediction.output
        self._refuse_unknown(prediction, {*gold, *output}, columns)
        k = len(columns)
        row = [0.0] * (3 * k + 6)
        right = sum(one == other for one, other in zip(gold, output, strict=True))
        row[3 * k + _RIGHT], row[3 * k + _WORDS] = right, len(gold)
        row[3 * k + _WHOLE], row[3 * k + _TEXTS] = right == len(gold) > 0, len(gold) > 0
        for pair in pairs(stretches(gold, self.scheme), stretches(output, self.scheme)):
            self._add(pair, row, columns)
        return row

    def _add(self, pair: Pair, row: list[float], columns: dict[str, int]) -> None:
        k = len(columns)
        one, other = (NONE if stretch is None else stretch[2] for stretch in (pair.gold, pair.output))
        self.pairs[pair.kind] += 1
        self.confused[one, other] += 1
        if pair.kind == "exact":
            row[columns[one]] += 1
        if pair.gold is not None:
            row[k + columns[one]] += 1
        if pair.output is not None:
            row[2 * k + columns[other]] += 1
        row[3 * k + _PARTIAL] += _HALF.get(pair.kind, 0.0)
        row[3 * k + _SAME_SPAN] += pair.kind in ("exact", "wrong_type")

    def _refuse_unknown(self, prediction: TagPrediction, tags: set[str], columns: dict[str, int]) -> None:
        """A tag of a type that the model knows is taken, though training may never have seen that tag."""
        for tag in sorted(tags):
            known = tag == OUTSIDE or _name(tag, self.scheme) in columns
            if not known or (self.scheme is not None and not parts(tag)[0]):
                message = f"the text {prediction.id!r} has the tag {tag!r}, which the model does not know"
                mend = f"it knows {', '.join(self.names)}{' with the prefixes of its scheme' if self.scheme else ''}"
                raise DataError(message, mend=mend)


def gold_of(prediction: TagPrediction) -> tuple[str, ...]:
    """The gold tags; raises `DataError` where there are none."""
    if prediction.gold is None:
        raise DataError(f"the text {prediction.id!r} has no gold tags", mend="give a file with tags")
    return prediction.gold


def _name(tag: str, scheme: Scheme | None) -> str:
    return tag if scheme is None else parts(tag)[1]
