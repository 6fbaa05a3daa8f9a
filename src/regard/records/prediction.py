"""What a model says of a text, a dataclass a task; all have id, input, output, gold and confidence. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regard.records.corpus import Label, Span
from regard.records.tags import parts


@dataclass(frozen=True)
class Prediction:
    """What a model says of one text. `gold` is None where no label was given."""

    id: str
    input: str
    output: Label
    gold: Label | None
    confidence: float
    probabilities: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "input": self.input,
            "output": self.output,
            "gold": self.gold,
            "confidence": self.confidence,
            "probabilities": self.probabilities,
        }


@dataclass(frozen=True)
class Entity:
    """A stretch of a text with its type, `text[start:end]`; `confidence` is the mean of its words'."""

    start: int
    end: int
    label: str
    confidence: float

    def to_json(self, text: str) -> dict[str, Any]:
        return {
            "start": self.start,
            "end": self.end,
            "label": self.label,
            "text": text[self.start : self.end],
            "confidence": self.confidence,
        }


@dataclass(frozen=True)
class TagPrediction:
    """The tag of each word of one text. `words` are their characters in `input`, `confidences` the probability of each
    tag given; `entities` what the tags mark, where they follow a scheme (B-, I-), else nothing.

    `confidence` is the mean over the words, 1 for a text without any. `gold` is None where no tags were given.
    """

    id: str
    input: str
    words: tuple[Span, ...]
    output: tuple[str, ...]
    gold: tuple[str, ...] | None
    confidences: tuple[float, ...]
    entities: tuple[Entity, ...] = ()

    @property
    def marks(self) -> bool:
        """Whether the tags are of a scheme, so that they mark entities (or that there are none)."""
        return all(parts(tag)[0] for tag in self.output)

    @property
    def confidence(self) -> float:
        return sum(self.confidences) / len(self.confidences) if self.confidences else 1.0

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "input": self.input,
            "words": [list(span) for span in self.words],
            "output": list(self.output),
            "gold": None if self.gold is None else list(self.gold),
            "confidence": self.confidence,
            "confidences": list(self.confidences),
            "entities": [entity.to_json(self.input) for entity in self.entities],
        }


@dataclass(frozen=True)
class AnswerPrediction:
    """The answer to one question: `output` is `input[start:end]`, empty where the text has none.

    `gold` are the answers that count as right (empty: there is none), None where none were given. `alternatives` are
    the next best answers with their probabilities, the best first; `no_answer` is the probability that there is none.
    """

    id: str
    input: str
    question: str
    output: str
    start: int
    end: int
    gold: tuple[str, ...] | None
    confidence: float
    no_answer: float = 0.0
    alternatives: tuple[Entity, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "input": self.input,
            "question": self.question,
            "output": self.output,
            "start": self.start,
            "end": self.end,
            "gold": None if self.gold is None else list(self.gold),
            "confidence": self.confidence,
            "no_answer": self.no_answer,
            "alternatives": [entity.to_json(self.input) for entity in self.alternatives],
        }
