"""What the page of a language model shows: what it wrote, and passages by the probability that it gave each token."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regard.records import StretchPrediction
from regard.report import charts, wording
from regard.report.heat import Warm, warm

SHOWN = 4
"""Passages of each kind: typical ones, those that it expected least, those it expected most."""
FEWEST = 3
"""Points of a curve over the text; of fewer, nothing is to be seen."""


@dataclass(frozen=True)
class Shown:
    """One passage, token by token, with what it is shown for."""

    id: str
    kind: str
    name: str
    bits: float
    tokens: int
    pieces: list[Warm]
    beginning: str

    @property
    def length(self) -> int:
        return sum(len(piece.text) for piece in self.pieces)


@dataclass(frozen=True)
class Sample:
    """What the model wrote after training, token by token, and how it was drawn."""

    prompt: str
    how: str
    pieces: list[Warm]


KINDS = (("typical", "typical"), ("least", "least expected"), ("most", "most expected"))


def stretches(predictions: Sequence[StretchPrediction]) -> list[Shown]:
    """A few passages from the middle of the ranking by bits per character, from its end and from its beginning."""
    ranked = sorted((item for item in predictions if item.tokens), key=_bits)
    count = min(SHOWN, len(ranked) // len(KINDS))
    if not count:
        return [_shown(item, *KINDS[0]) for item in ranked[:SHOWN]]
    middle = (len(ranked) - count) // 2
    chosen = {"typical": ranked[middle : middle + count], "least": ranked[-count:][::-1], "most": ranked[:count]}
    return [_shown(item, kind, name) for kind, name in KINDS for item in chosen[kind]]


def samples(explained: Sequence[dict[str, Any]]) -> list[Sample]:
    """What training left of what the model writes."""
    return [
        Sample(item["prompt"], item["how"], warm(item["text"], item["spans"], item["log_probabilities"]))
        for item in explained
        if item.get("kind") == "sample"
    ]


def along(predictions: Sequence[StretchPrediction]) -> Markup:
    """Bits per character over the text, from its beginning to its end; nothing where it is short."""
    groups = charts.thinned([(float(place), _bits(item)) for place, item in enumerate(predictions, 1)], most=60)
    if len(groups) < FEWEST:
        return Markup("")
    low, high = min(bits for _, bits in groups), max(bits for _, bits in groups)
    return charts.curves(
        [charts.Series(groups, "", "first")],
        title="Bits per character along the text",
        description=f"Neighbouring passages averaged: from {low:.2f} to {high:.2f} bits per character.",
        x_label="passage",
        y_label="bits per character",
    )


def beside_counting(predictions: Sequence[StretchPrediction], bits: float) -> list[str]:
    """What knowing how often each character occurs would need, context or not: what any model has to beat."""
    counts = Counter(character for item in predictions for character in item.input)
    total = sum(counts.values())
    entropy = -sum(n / total * math.log2(n / total) for n in counts.values()) if total else 0.0
    if entropy <= 0:
        return []
    said = f"Knowing only how often each character occurs in this text would need {wording.figure(entropy)}"
    if bits >= entropy:
        return [f"{said}: this model has not been shown to know more."]
    return [f"{said}; the model saves {wording.percent(1 - bits / entropy)} of that."]


def _bits(item: StretchPrediction) -> float:
    """Per character."""
    return -item.log_probability / math.log(2) / max(item.characters, 1)


def _shown(item: StretchPrediction, kind: str, name: str) -> Shown:
    return Shown(
        item.id,
        kind,
        name,
        _bits(item),
        item.tokens,
        warm(item.input, item.spans, item.log_probabilities),
        wording.beginning(item.input, 80),
    )
