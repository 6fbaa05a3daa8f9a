"""What a model says of a text, a dataclass a task; all have id, input, output, gold and confidence. No torch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
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
        return _mean(self.confidences)

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


@dataclass(frozen=True)
class Alternative:
    """Another output that the search found, and what it was ranked by: log-probability by length."""

    text: str
    score: float


@dataclass(frozen=True)
class TextPrediction:
    """What a model makes of one text: a translation, a summary. `gold` are the references, None where none were given.

    `log_probability` is the output's (natural logarithm, the end included) and `tokens` how many it was summed over;
    `finished` says that the model ended it, not the limit of its length. `alternatives` are the next best outputs.
    """

    id: str
    input: str
    output: str
    gold: tuple[str, ...] | None
    log_probability: float
    tokens: int
    finished: bool = True
    alternatives: tuple[Alternative, ...] = ()

    @property
    def confidence(self) -> float:
        """The probability of a token, their geometric mean."""
        return _of_a_token(self.log_probability, self.tokens)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "input": self.input,
            "output": self.output,
            "gold": None if self.gold is None else list(self.gold),
            "confidence": self.confidence,
            "log_probability": self.log_probability,
            "tokens": self.tokens,
            "finished": self.finished,
            "alternatives": [asdict(item) for item in self.alternatives],
        }


@dataclass(frozen=True)
class StretchPrediction:
    """How likely a language model holds one stretch of a text, given what stands before it: `input` is the stretch.

    Stretches are cut by the text's own lines and characters, not by tokens, so that models with different tokenizers
    are asked about the same ones. `spans` are the characters of each token in `input`, `log_probabilities` (natural)
    what the model gave it. There is no gold output but the text itself, and no output.
    """

    id: str
    input: str
    spans: tuple[Span, ...]
    log_probabilities: tuple[float, ...]
    output: str = ""
    gold: None = None

    @property
    def log_probability(self) -> float:
        return math.fsum(self.log_probabilities)

    @property
    def tokens(self) -> int:
        return len(self.log_probabilities)

    @property
    def characters(self) -> int:
        return len(self.input)

    @property
    def words(self) -> int:
        """Stretches between white space."""
        return len(self.input.split())

    @property
    def confidence(self) -> float:
        """The probability of a token, their geometric mean."""
        return _of_a_token(self.log_probability, self.tokens)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "input": self.input,
            "output": self.output,
            "gold": self.gold,
            "confidence": self.confidence,
            "log_probability": self.log_probability,
            "spans": [list(span) for span in self.spans],
            "log_probabilities": list(self.log_probabilities),
        }


@dataclass(frozen=True)
class MaskedPrediction:
    """What a masked language model puts where tokens of a text were hidden. `places` are their characters in `input`,
    `output` what it finds likeliest there with its probability in `confidences`, `gold` what stood there.

    `log_probabilities` (natural) are those of `gold`. `follows`, where the model was asked whether the second half of
    the text really follows the first: its probability that it does, and whether it does.
    """

    id: str
    input: str
    places: tuple[Span, ...]
    output: tuple[str, ...]
    gold: tuple[str, ...] | None
    confidences: tuple[float, ...]
    log_probabilities: tuple[float, ...]
    follows: tuple[float, bool] | None = None

    @property
    def confidence(self) -> float:
        return _mean(self.confidences)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "input": self.input,
            "places": [list(span) for span in self.places],
            "output": list(self.output),
            "gold": None if self.gold is None else list(self.gold),
            "confidence": self.confidence,
            "confidences": list(self.confidences),
            "log_probabilities": list(self.log_probabilities),
            "follows": None if self.follows is None else list(self.follows),
        }


def _mean(confidences: tuple[float, ...]) -> float:
    """1 where nothing was asked."""
    return sum(confidences) / len(confidences) if confidences else 1.0


def _of_a_token(log_probability: float, tokens: int) -> float:
    """The geometric mean of the tokens' probabilities; 1 where there are none."""
    return math.exp(log_probability / tokens) if tokens else 1.0
