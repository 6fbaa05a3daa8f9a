"""From scores of tokens to scores of words: a reader sees words of the text as given, never subwords.

A word is a run of characters without a blank; brackets and quotes before it and punctuation after it stand alone
("(great!)" is three words), and so does a dash between two words. A Chinese or Japanese character is a word of its own,
an HTML tag that no token covers is none. A token is never cut: where one reaches over such a border, the words on both
sides are one.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from regard.records import Highlight

Span = tuple[int, int]
Piece = tuple[int, int, float]
"""Characters `text[start:end]` of the text as given, and their score."""

_TAG = r"</?[A-Za-z][^<>]{0,5000}>"
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_DASH = r"-{2,}|\.{2,}|[–—…]"
_RUN = re.compile(rf"(?P<tag>{_TAG})|[{_CJK}]|{_DASH}|(?:(?!{_TAG}|{_DASH})[^\s{_CJK}])+")
_RUN_IN_TAG = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")
# What may lie between two tokens without having been cut away: blanks, punctuation, markup. Possessive: linear.
_SKIPPED = re.compile(rf"(?:{_TAG}|&\#?[0-9A-Za-z]{{1,31}};|[^\w]|_)*+")
_ENTITY = re.compile(r"&\#?[0-9A-Za-z]{1,31};")
_OPENING = frozenset("\"'*<¿¡")
_TRAILING = frozenset(("Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "So", "Sk"))
_KEPT_AT_THE_END = frozenset("%#&@")
_ABBREVIATION = re.compile(r"(?:\w\.)+\w")


def highlight(text: str, pieces: Iterable[Piece]) -> list[Highlight]:
    """The words of `text` that `pieces` touch, in order, each with the sum of what lies on it.

    A piece over several words is shared among them by its characters in each, so that sums are kept; a piece on
    nothing but blanks falls on no word. Pieces may overlap; highlights never do.
    """
    kept = sorted(piece for piece in pieces if piece[0] < piece[1])
    read = _union((start, end) for start, end, _ in kept)
    units = [unit for stretch in _across(text, read) for unit in _units(text, stretch, read)]
    units = _joined(units, kept)
    scores: dict[Span, float] = {}
    for start, end, score in kept:
        under = list(_touched(units, start, end))
        shares = [min(end, unit[1]) - max(start, unit[0]) for unit in under]
        for unit, share in zip(under, shares, strict=True):
            scores[unit] = scores.get(unit, 0.0) + score * share / sum(shares)
    return [Highlight(start, end, scores[start, end]) for start, end in units if (start, end) in scores]


def seen(text: str, spans: Iterable[Span]) -> list[Span]:
    """The stretches of `text` that were read, given the spans of the tokens.

    Blanks, punctuation and markup that the tokens leave out between them do not end a stretch; skipped words do.
    """
    stretches = _across(text, _union(span for span in spans if span[0] < span[1]))
    if stretches and _skippable(text, 0, stretches[0][0]):
        stretches[0] = (0, stretches[0][1])
    if stretches and _skippable(text, stretches[-1][1], len(text)):
        stretches[-1] = (stretches[-1][0], len(text))
    return stretches


def split(text: str) -> list[Span]:
    """The words of `text` when every character was read."""
    return list(_units(text, (0, len(text)), [(0, len(text))]))


def _union(spans: Iterable[Span]) -> list[Span]:
    """Sorted and disjoint; touching spans are one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _across(text: str, read: Sequence[Span]) -> list[Span]:
    """Disjoint spans joined over gaps that hold nothing to be read."""
    stretches: list[Span] = []
    for start, end in read:
        if stretches and _skippable(text, stretches[-1][1], start):
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def _skippable(text: str, start: int, end: int) -> bool:
    return _SKIPPED.fullmatch(text, start, end) is not None


def _units(text: str, stretch: Span, read: Sequence[Span]) -> Iterator[Span]:
    """The words within one stretch, before tokens that reach over a border join them."""
    for run in _RUN.finditer(text, *stretch):
        if run["tag"] is None:
            yield from _around_entities(text, *run.span())
        elif next(_touched(read, *run.span()), None) is not None:
            for inner in _RUN_IN_TAG.finditer(text, *run.span()):
                yield from _around_entities(text, *inner.span())


def _around_entities(text: str, start: int, end: int) -> Iterator[Span]:
    """The parts of a run; an entity that stands for no letter or digit (&hellip;, &nbsp;) is one of its own."""
    for entity in _ENTITY.finditer(text, start, end):
        if not html.unescape(entity.group()).isalnum():
            yield from _parts(text, start, entity.start())
            yield entity.span()
            start = entity.end()
    yield from _parts(text, start, end)


def _parts(text: str, start: int, end: int) -> Iterator[Span]:
    """A run as opening marks, word, closing marks, those that are there; a run of marks alone stays whole."""
    first, last = start, end
    while first < end and (text[first] in _OPENING or unicodedata.category(text[first]) in ("Ps", "Pi")):
        first += 1
    while last > first and _closes(text, last):
        last -= 1
    if first >= last or not any(character.isalnum() for character in text[first:last]):
        first, last = end, end
    if last < end and text[last] == "." and _ABBREVIATION.fullmatch(text, first, last):
        last += 1
    for part in ((start, first), (first, last), (last, end)):
        if part[0] < part[1]:
            yield part


def _closes(text: str, end: int) -> bool:
    """Whether the character before `end` belongs to the marks after a word. A joiner or an accent goes where the
    character that it joins goes, so that no emoji and no letter is cut."""
    base = end - 1
    while base > 0 and unicodedata.category(text[base]) in ("Mn", "Mc", "Me", "Cf"):
        base -= 1
    return unicodedata.category(text[base]) in _TRAILING and text[base] not in _KEPT_AT_THE_END


def _joined(units: Sequence[Span], pieces: Sequence[Piece]) -> list[Span]:
    """Neighbouring words made one wherever a piece reaches over the border between them."""
    crossed: set[int] = set()
    for start, end, _ in pieces:
        under = list(_touched(units, start, end))
        crossed.update(right[0] for left, right in itertools.pairwise(under) if left[1] == right[0])
    joined: list[Span] = []
    for start, end in units:
        if joined and start in crossed:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _touched(units: Sequence[Span], start: int, end: int) -> Iterator[Span]:
    """The units (sorted, disjoint) that share a character with start:end."""
    index = bisect_right(units, start, key=lambda unit: unit[1])
    while index < len(units) and units[index][0] < end:
        yield units[index]
        index += 1
