"""Which words of a source text a model looked at as it wrote each word of its output. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from regard.records.corpus import Span
from regard.records.explanation import Explanation, Highlight

Weights = tuple[tuple[float, ...], ...]
"""`[o s]`: of each word of the output, what each word of the source got of its attention."""

METHOD = "cross_attention"
DIGITS = 4
"""Of a weight that is written down: less than a reader of a picture can tell apart."""


@dataclass(frozen=True)
class View:
    """The weights of one layer, or of one head of it."""

    name: str
    weights: Weights

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "weights": _rounded(self.weights)}


@dataclass(frozen=True)
class Alignment(Explanation):
    """An output of text with the attention that it was written by. `text` is the source; `highlights` are its words,
    each with its share of all attention that went to words.

    `written` are the characters of each word in `output`. A row of `weights` sums to at most 1: what is missing went to
    special tokens, such as the end of the source. `views` are single layers and heads, the same way round;
    `detail["view"]` says what `weights` are the mean of.
    """

    written: tuple[Span, ...] = ()
    weights: Weights = ()
    views: tuple[View, ...] = ()

    @property
    def source_words(self) -> list[str]:
        return [word for word, _ in self.words()]

    @property
    def output_words(self) -> list[str]:
        return [str(self.output)[start:end] for start, end in self.written]

    @property
    def coverage(self) -> list[float]:
        """What each word of the source got in all, in words of the output: 1 where one word looked at nothing else."""
        return [sum(column) for column in zip(*self.weights, strict=True)] or [0.0] * len(self.highlights)

    def to_json(self) -> dict[str, Any]:
        return {
            **super().to_json(),
            "written": [list(span) for span in self.written],
            "weights": _rounded(self.weights),
            "views": [view.to_json() for view in self.views],
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """What `to_json` wrote, its weights to four digits."""
        return cls(
            text=document["text"],
            output=document["output"],
            target=document["target"],
            confidence=document["confidence"],
            method=document["method"],
            signed=document["signed"],
            highlights=[Highlight(item["start"], item["end"], item["score"]) for item in document["highlights"]],
            seen=[(start, end) for start, end in document["seen"]],
            detail=document["detail"],
            written=tuple((start, end) for start, end in document["written"]),
            weights=_weights(document["weights"]),
            views=tuple(View(item["name"], _weights(item["weights"])) for item in document["views"]),
        )


def _rounded(weights: Weights) -> list[list[float]]:
    return [[round(weight, DIGITS) for weight in row] for row in weights]


def _weights(rows: list[list[float]]) -> Weights:
    return tuple(tuple(row) for row in rows)
