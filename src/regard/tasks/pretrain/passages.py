"""Guesses as predictions, one for each passage of the texts as given.

Notable: passages are cut by lines and characters, not by what a model reads at once, so that models with other
tokenizers and windows are asked about the same ones and can be compared. Halves put together from two texts are a
prediction each: there is no one text that they stand in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from regard.records import Corpus, MaskedPrediction, Span
from regard.tasks.pretrain.asked import Asked
from regard.tasks.pretrain.guesses import Guessed

SHORTEST = 1000
"""Characters that a passage has at least, but for the last of a text; a text of less than twice as many is one."""

_ENDS = (re.compile(r"\n\s*"), re.compile(r"[.!?…][\"'”’)]*\s+"), re.compile(r"\s+"))


class Hidden(NamedTuple):
    """One place in a text: its characters, what was found likeliest and what stood there, as they read."""

    span: Span
    output: str
    gold: str
    confidence: float
    log_probability: float


def passages(text: str) -> Iterator[Span]:
    """The text in order: cut behind a line, a sentence or a word, the first of these that ends in time."""
    start = 0
    while len(text) - start >= 2 * SHORTEST:
        place, most = start + SHORTEST, start + 2 * SHORTEST - 1
        ends = (match.end() for end in _ENDS if (match := end.search(text, place, most)))
        stop = next(ends, most)
        yield start, stop
        start = stop
    yield start, len(text)


@dataclass(frozen=True)
class Answering:
    """Makes predictions of guesses; `tokenizer` says how a token reads."""

    tokenizer: Any

    def predictions(
        self, corpus: Corpus, asked: Sequence[Asked], guessed: Sequence[Guessed], filled_in: Sequence[bool]
    ) -> list[MaskedPrediction]:
        """Every passage of every text, in order: of a text that is one passage its id, of others that and a number;
        `filled_in` says of each text whether what stood in its places is unknown. Halves come after the passages of the
        text that the first one is of."""
        by_row: defaultdict[int, list[Hidden]] = defaultdict(list)
        halves: defaultdict[int, list[MaskedPrediction]] = defaultdict(list)
        for item, own in zip(asked, guessed, strict=True):
            if item.sequence.follows is None:
                by_row[item.row] += self._hidden(item, own)
            else:
                name = f"{corpus.ids[item.row]}+{len(halves[item.row]) + 1}"
                halves[item.row].append(self._halves(name, corpus, item, own))
        found: list[MaskedPrediction] = []
        for row, text in enumerate(corpus.texts):
            if by_row[row] or not halves[row]:
                found += _of_text(corpus.ids[row], text, by_row[row], known=not filled_in[row])
            found += halves[row]
        return found

    def _hidden(self, item: Asked, guessed: Guessed, shifts: Sequence[int] = (0, 0)) -> Iterator[Hidden]:
        rows = zip(
            item.chosen.tolist(), guessed.best.tolist(), guessed.confidence, guessed.log_probability, strict=True
        )
        for place, best, confidence, log_probability in rows:
            number, part = item.sequence.part_at(place)
            start, end = part.window.span(place - part.at + part.first)
            output, gold = self._read(best, int(item.sequence.ids[place]))
            span = (start + shifts[number], end + shifts[number])
            yield Hidden(span, output, gold, float(confidence), float(log_probability))

    def _halves(self, name: str, corpus: Corpus, item: Asked, guessed: Guessed) -> MaskedPrediction:
        """Both halves, each on lines of its own."""
        pieces: list[str] = []
        shifts: list[int] = []
        for part in item.sequence.parts:
            start, end = part.window.span(part.first, part.last - 1)
            shifts.append(sum(len(piece) + 1 for piece in pieces) - start)
            pieces.append(corpus.texts[part.window.document[0]][start:end])
        assert guessed.follows is not None
        follows = guessed.follows, bool(item.sequence.follows)
        return _prediction(name, "\n".join(pieces), self._hidden(item, guessed, shifts), known=True, follows=follows)

    def _read(self, best: int, gold: int) -> tuple[str, str]:
        """Both as text. Two tokens that read alike (bytes of a letter) are told by their names, so that what differs
        stays different."""
        said, stood = self._words[best], self._words[gold]
        if said == stood and best != gold:
            said, stood = self.tokenizer.convert_ids_to_tokens([best, gold])
        return said, stood

    @cached_property
    def _words(self) -> _Words:
        return _Words(self.tokenizer)


class _Words(dict[int, str]):
    """Of each token's number how it reads."""

    def __init__(self, tokenizer: Any) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, number: int) -> str:
        self[number] = str(self._tokenizer.decode([number]))
        return self[number]


def _of_text(name: str, text: str, hidden: Sequence[Hidden], *, known: bool) -> Iterator[MaskedPrediction]:
    cuts = list(passages(text))
    own: list[list[Hidden]] = [[] for _ in cuts]
    for place in hidden:
        own[bisect_right(cuts, (place.span[0], len(text))) - 1].append(place)
    for number, ((start, end), places) in enumerate(zip(cuts, own, strict=True), start=1):
        moved = (place._replace(span=(place.span[0] - start, min(place.span[1], end) - start)) for place in places)
        yield _prediction(name if len(cuts) == 1 else f"{name}:{number}", text[start:end], moved, known=known)


def _prediction(
    name: str, text: str, hidden: Iterable[Hidden], *, known: bool, follows: tuple[float, bool] | None = None
) -> MaskedPrediction:
    places = sorted(hidden)
    return MaskedPrediction(
        name,
        text,
        tuple(place.span for place in places),
        tuple(place.output for place in places),
        tuple(place.gold for place in places) if known else None,
        tuple(place.confidence for place in places),
        tuple(place.log_probability for place in places) if known else (),
        follows,
    )
