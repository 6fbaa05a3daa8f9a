"""What a masked language model reads: a window between its special tokens, or two halves of which the second may come
from elsewhere (next-sentence prediction, Devlin et al. 2019, section 3.1, task 2)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from regard.text.document_encoder import NO_WORD, DocumentEncoder, Window


class Special(NamedTuple):
    """Special tokens and the segment of each."""

    ids: list[int]
    segments: list[int]


class Part(NamedTuple):
    """A run of a window's tokens, `[first, last)`, and its place in the sequence."""

    window: Window
    first: int
    last: int
    at: int


@dataclass(frozen=True, eq=False)
class Sequence:
    """`ids`, `segments` and `words` `[t]`, special tokens among them (`NO_WORD`); `follows` says of two halves whether
    the second follows the first, None where there is one."""

    ids: np.ndarray
    segments: np.ndarray
    words: np.ndarray
    parts: tuple[Part, ...]
    follows: bool | None = None

    def part_at(self, place: int) -> tuple[int, Part]:
        """The number of the part that a place is in, and the part."""
        number = bisect_right([part.at for part in self.parts], place) - 1
        return number, self.parts[number]


def of_window(encoder: DocumentEncoder, window: Window) -> Sequence:
    """One window as it is."""
    before, after = encoder.single
    part = Part(window, 0, len(window.ids), len(before))
    return _joined([Special(before, [0] * len(before)), part, Special(after, [0] * len(after))], None)


def of_pair(
    encoder: DocumentEncoder, window: Window, others: Several[Window], generator: np.random.Generator
) -> Sequence:
    """Two halves: the window cut where a sentence begins, or, every other time, its first half with a stretch of
    another document among `others`. A window of one sentence is read as it is."""
    if not window.sentences:
        return of_window(encoder, window)
    border = int(generator.choice(window.sentences))
    second = (window, border, len(window.ids))
    follows = bool(generator.random() < 0.5)
    elsewhere = None if follows else _elsewhere(window, others, generator)
    if elsewhere is not None:
        start = int(generator.choice((0, *elsewhere.sentences)))
        second = (elsewhere, start, min(len(elsewhere.ids), start + encoder.room - border))
    template = encoder.template
    first = Part(window, 0, border, len(template.before[0]))
    behind = Part(*second, first.at + border + len(template.between[0]))
    before, between, after = (Special(*own) for own in template[:3])
    pieces: list[Part | Special] = [before, first, between, behind, after]
    return _joined(pieces, elsewhere is None, template.segments)


def _elsewhere(window: Window, others: Several[Window], generator: np.random.Generator) -> Window | None:
    """A window of another document; None where a few draws find none, as where there is but one document."""
    for _ in range(10):
        other = others[int(generator.integers(len(others)))]
        if other.document != window.document and len(other.ids):
            return other
    return None


def _joined(pieces: Several[Part | Special], follows: bool | None, segments: tuple[int, int] = (0, 0)) -> Sequence:
    """Special tokens and parts in order; `segments` are those of the parts."""
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    parts: list[Part] = []
    words = 0
    for piece in pieces:
        if isinstance(piece, Part):
            own = piece.window.words[piece.first : piece.last].astype(np.int64)
            ids = piece.window.ids[piece.first : piece.last].astype(np.int64)
            rows.append((ids, np.full(len(ids), segments[len(parts)]), np.where(own == NO_WORD, NO_WORD, own + words)))
            words += int(own.max(initial=0)) + 1
            parts.append(piece)
        else:
            ids, of = np.array(piece.ids, dtype=np.int64), np.array(piece.segments, dtype=np.int64)
            rows.append((ids, of, np.full(len(ids), NO_WORD)))
    ids, of, own = (np.concatenate(columns) for columns in zip(*rows, strict=True))
    return Sequence(ids, of, own, tuple(parts), follows)
