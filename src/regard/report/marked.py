"""A text as given with stretches of it marked: what is right, and what a model gave for it.

Both stay visible where they overlap: a line below the words is what is right, a line above them what was given.

Notable: of a long text only the surroundings of what is looked at are shown, and what is left out is counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from regard.records import Span

AROUND = 400
"""Characters on each side of what is looked at."""
WORTH = 120
"""Characters that are shown rather than counted: a note on them would be about as long."""
LONGEST = 2000
"""Characters of a text in which nothing is looked at, before its end is left out; of one stretch, its middle."""


@dataclass(frozen=True)
class Mark:
    """A stretch that is right (`gold`), what was given for it (`given`), and what is written beside them.

    One of the two may be None; `right` where they agree in every way. `looked_at` is what a text is shown for.
    """

    gold: Span | None
    given: Span | None
    told: str
    right: bool = False
    looked_at: bool = False

    @property
    def span(self) -> Span:
        """From the first character of either to the last."""
        both = [span for span in (self.gold, self.given) if span is not None]
        return min(start for start, _ in both), max(end for _, end in both)


@dataclass(frozen=True)
class Piece:
    """Characters that stand alike: within what is right, within what was given, in both, or in neither; `right` where
    both agree."""

    text: str
    gold: bool = False
    given: bool = False
    right: bool = False


@dataclass(frozen=True)
class Part:
    """A stretch of the text: plain, marked (then `told` is what is written beside it), or only how long it is."""

    pieces: tuple[Piece, ...] = ()
    told: tuple[str, ...] = ()
    looked_at: bool = False
    left_out: int = 0


class _Group(NamedTuple):
    """Marks that overlap, from the first character of any to the last."""

    start: int
    end: int
    marks: list[Mark]

    @property
    def looked_at(self) -> bool:
        return any(mark.looked_at for mark in self.marks)


def parts(text: str, marks: Iterable[Mark]) -> list[Part]:
    """The text in order, marked: where marks are `looked_at` their surroundings only, without one its beginning.

    Marks that overlap become one part, so that nothing is shown twice; a mark of no characters is left out.
    """
    groups = list(_groups([mark for mark in marks if mark.span[0] < mark.span[1]]))
    found: list[Part] = []
    position = 0
    for start, end in _kept(text, groups):
        if start > position:
            found.append(Part(left_out=start - position))
        found += _within(text, start, end, groups)
        position = end
    return [*found, Part(left_out=len(text) - position)] if position < len(text) else found


def excerpt(text: str, span: Span, *, around: int = 60) -> str:
    """A stretch of a text with what stands around it, on one line."""
    first, last = _words_around(text, span, around)
    line = " ".join(_short(text[first:last], 4 * around).split())
    return f"{'… ' if first else ''}{line}{' …' if last < len(text) else ''}"


def _groups(marks: Sequence[Mark]) -> Iterator[_Group]:
    """Marks in order, those that overlap together."""
    group: _Group | None = None
    for (start, end), mark in sorted(((mark.span, mark) for mark in marks), key=lambda pair: pair[0]):
        if group is not None and start < group.end:
            group = _Group(group.start, max(end, group.end), [*group.marks, mark])
            continue
        if group is not None:
            yield group
        group = _Group(start, end, [mark])
    if group is not None:
        yield group


def _kept(text: str, groups: Sequence[_Group]) -> list[Span]:
    """The stretches of the text that are shown, none of which cuts a group of marks."""
    looked_at = [(group.start, group.end) for group in groups if group.looked_at]
    kept: list[Span] = []
    for span in looked_at or [(0, LONGEST - AROUND)]:
        start, end = _words_around(text, span, AROUND)
        cut = [group for group in groups if group.start < end and start < group.end]
        start, end = min([start, *(group.start for group in cut)]), max([end, *(group.end for group in cut)])
        if kept and start - kept[-1][1] < WORTH:
            start, end = kept[-1][0], max(end, kept.pop()[1])
        kept.append((start, end))
    if kept[0][0] < WORTH:
        kept[0] = 0, kept[0][1]
    if len(text) - kept[-1][1] < WORTH:
        kept[-1] = kept[-1][0], len(text)
    return kept


def _words_around(text: str, span: Span, around: int) -> Span:
    """A stretch with about `around` characters on each side, cut between words where there is a blank."""
    start, end = span
    first, last = max(0, start - around), min(len(text), end + around)
    if first:
        first = text.find(" ", first, start) + 1 or first
    if last < len(text):
        blank = text.rfind(" ", end, last)
        last = blank if blank >= 0 else last
    return first, last


def _within(text: str, start: int, end: int, groups: Sequence[_Group]) -> Iterator[Part]:
    position = start
    for group in groups:
        if group.start < start or group.end > end:
            continue
        if group.start > position:
            yield Part((Piece(text[position : group.start]),))
        told = tuple(dict.fromkeys(mark.told for mark in group.marks))
        yield Part(tuple(_pieces(text, group.marks)), told, group.looked_at)
        position = group.end
    if position < end:
        yield Part((Piece(text[position:end]),))


def _pieces(text: str, marks: Sequence[Mark]) -> Iterator[Piece]:
    """The characters of a group, cut wherever a stretch of either side begins or ends."""
    borders = sorted({place for mark in marks for span in (mark.gold, mark.given) if span for place in span})
    for start, end in itertools.pairwise(borders):
        gold = [mark for mark in marks if mark.gold and mark.gold[0] <= start and end <= mark.gold[1]]
        given = any(mark.given and mark.given[0] <= start and end <= mark.given[1] for mark in marks)
        yield Piece(_short(text[start:end], LONGEST), bool(gold), given, any(mark.right for mark in gold))


def _short(text: str, most: int) -> str:
    """Without its middle where it is longer than `most`."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} […{len(text) - 2 * (most // 2):,} characters…] {text[-(most // 2) :]}"
