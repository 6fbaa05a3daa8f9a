"""The mistakes of a tagger one by one, for whoever wants to see what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regard.metrics.spans import Kind, pairs, stretches
from regard.records import Entity, TagPrediction
from regard.records.tags import Stretch, scheme_of


@dataclass(frozen=True)
class SpanError:
    """One mistake in the text `predictions[row]`: its kind (`spans.KINDS`), the gold entity (None: invented) and what
    was given for it (None: missed), both as characters of the text.

    `confidence` is the mean of the words' in what was given; where nothing was, in the tags of the missed words.
    """

    row: int
    id: str
    kind: Kind
    gold: Entity | None
    output: Entity | None
    confidence: float

    def to_json(self, text: str) -> dict[str, Any]:
        """With the stretches of `text`, the input of its prediction."""
        return {
            "id": self.id,
            "kind": self.kind,
            "gold": None if self.gold is None else self.gold.to_json(text),
            "output": None if self.output is None else self.output.to_json(text),
            "confidence": self.confidence,
        }


def span_errors(predictions: Sequence[TagPrediction]) -> list[SpanError]:
    """Every mistake in entities, the surest first; in words, where the tags follow no scheme. Texts without gold tags
    are left out."""
    scheme = scheme_of({tag for item in predictions for tags in (item.gold or (), item.output) for tag in tags})
    found: list[SpanError] = []
    for row, prediction in enumerate(predictions):
        if prediction.gold is None or prediction.gold == prediction.output:
            continue
        for pair in pairs(stretches(prediction.gold, scheme), stretches(prediction.output, scheme)):
            if pair.kind != "exact":
                found.append(_error(row, prediction, pair.kind, pair.gold, pair.output))
    return sorted(found, key=lambda error: -error.confidence)


def _error(row: int, prediction: TagPrediction, kind: Kind, gold: Stretch | None, output: Stretch | None) -> SpanError:
    one, other = _entity(prediction, gold), _entity(prediction, output)
    given = other or one
    assert given is not None, "a pair has a side"
    return SpanError(row, prediction.id, kind, one, other, given.confidence)


def _entity(prediction: TagPrediction, stretch: Stretch | None) -> Entity | None:
    if stretch is None:
        return None
    start, end, label = stretch
    confidences = prediction.confidences[start:end]
    return Entity(prediction.words[start][0], prediction.words[end - 1][1], label, sum(confidences) / len(confidences))
