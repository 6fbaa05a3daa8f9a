"""What the page of a masked language model shows of its predictions: kinds of tokens, passages with hidden words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from regard.records import MaskedPrediction
from regard.report import marked, wording

MOST_SHOWN = 8
MOST_CONFUSED = 12
PIECE = "##"
"""What a piece that continues a word begins with, in a vocabulary of BERT's kind."""


@dataclass(frozen=True)
class Kind:
    """A row of scores: of hidden tokens of one kind."""

    name: str
    accuracy: float
    loss: float
    tokens: int


@dataclass(frozen=True)
class Guess:
    """One hidden place: what the model found, what stood there, and how probable it held both."""

    given: str
    right: str
    confidence: float
    probability: float

    @property
    def is_right(self) -> bool:
        return self.given == self.right


@dataclass(frozen=True)
class Passage:
    """One passage with what was hidden in it."""

    id: str
    parts: list[marked.Part]
    guesses: list[Guess]
    found: int
    follows: tuple[float, bool] | None


def commonest(predictions: Sequence[MaskedPrediction]) -> tuple[str, float]:
    """The token that was hidden most often, and its share of all: what a model has to beat to know anything."""
    counts = Counter(token for item in predictions for token in item.gold or ())
    token, times = counts.most_common(1)[0]
    return token, times / counts.total()


def kinds(predictions: Sequence[MaskedPrediction]) -> list[Kind]:
    """Words, pieces that go on a word, numbers and signs, those that there are, in this order."""
    found: defaultdict[str, list[Guess]] = defaultdict(list)
    for item in predictions:
        for guess in _guesses(item):
            found[_kind(guess.right)].append(guess)
    return [
        Kind(
            name,
            sum(guess.is_right for guess in own) / len(own),
            -sum(math.log(max(guess.probability, 1e-300)) for guess in own) / len(own),
            len(own),
        )
        for name in ("words and beginnings of words", "further pieces of words", "numbers", "signs")
        if (own := found.get(name))
    ]


def shown(predictions: Sequence[MaskedPrediction]) -> dict[str, Any]:
    """Passages from all over the data, and what was taken for what most often."""
    known = [item for item in predictions if item.gold]
    step = max(1, len(known) // MOST_SHOWN)
    confused = Counter((guess.right, guess.given) for item in known for guess in _guesses(item) if not guess.is_right)
    return {
        "passages": [_passage(item) for item in known[::step][:MOST_SHOWN]],
        "confused": [(right, given, times) for (right, given), times in confused.most_common(MOST_CONFUSED)],
    }


def _kind(token: str) -> str:
    own = token.strip().removeprefix(PIECE)
    if not any(character.isalnum() for character in own):
        return "signs"
    if any(character.isdigit() for character in own):
        return "numbers"
    return "further pieces of words" if token.startswith(PIECE) else "words and beginnings of words"


def _guesses(item: MaskedPrediction) -> Iterator[Guess]:
    rows = zip(item.output, item.gold or (), item.confidences, item.log_probabilities, strict=False)
    return (Guess(*row[:3], probability=math.exp(row[3])) for row in rows)


def _passage(item: MaskedPrediction) -> Passage:
    guesses = list(_guesses(item))
    marks = [
        marked.Mark(span, span, _told(guess), right=guess.is_right, looked_at=True)
        if guess.is_right
        else marked.Mark(span, None, _told(guess), looked_at=True)
        for span, guess in zip(item.places, guesses, strict=True)
    ]
    found = sum(guess.is_right for guess in guesses)
    return Passage(item.id, marked.parts(item.input, marks), guesses, found, item.follows)


def _told(guess: Guess) -> str:
    if guess.is_right:
        return wording.percent(guess.confidence, 0)
    given = guess.given.strip() or repr(guess.given)
    return f"{given} {wording.percent(guess.confidence, 0)}, this {wording.percent(guess.probability, 0)}"
