"""Stretches of words that tags mark, gold against output: each paired with at most one of the other side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from regard.records.tags import OUTSIDE, Scheme, Stretch, entities

Kind = Literal["exact", "wrong_type", "wrong_boundary", "wrong_both", "missed", "invented"]
KINDS: tuple[Kind, ...] = ("exact", "wrong_type", "wrong_boundary", "wrong_both", "missed", "invented")
"""Wrong type: the same words. Wrong boundary: other words, but some in common, and the right type. Wrong both: some
words in common, another type. Missed: nothing was given there. Invented: there is nothing."""


class Pair(NamedTuple):
    """A gold stretch with what was given for it; None where there is no counterpart."""

    kind: Kind
    gold: Stretch | None
    output: Stretch | None


def stretches(tags: Sequence[str], scheme: Scheme | None) -> list[Stretch]:
    """The entities that tags mark; without a scheme every word by itself, but for words tagged `O`."""
    if scheme is not None:
        return entities(tags)
    return [(place, place + 1, tag) for place, tag in enumerate(tags) if tag != OUTSIDE]


def pairs(gold: Sequence[Stretch], output: Sequence[Stretch]) -> list[Pair]:
    """Every stretch in one pair, in order of their words.

    Both sides are in order and don't overlap within themselves. Paired are first those that are the same, then those
    of the same words, then those of the same type with the most words in common, then those of other types.
    """
    same = set(gold).intersection(output)
    found = [Pair("exact", one, one) for one in same]
    missed = {one: None for one in gold if one not in same}
    invented = {other: None for other in output if other not in same}
    for _, one, other in sorted(_overlaps(list(missed), list(invented))):
        if one in missed and other in invented:
            del missed[one], invented[other]
            found.append(Pair(_kind(one, other), one, other))
    found += [Pair("missed", one, None) for one in missed]
    found += [Pair("invented", None, other) for other in invented]
    return sorted(found, key=_place)


def _kind(gold: Stretch, output: Stretch) -> Kind:
    if gold[:2] == output[:2]:
        return "wrong_type"
    return "wrong_boundary" if gold[2] == output[2] else "wrong_both"


def _overlaps(gold: Sequence[Stretch], output: Sequence[Stretch]) -> Iterator[tuple[tuple[int, int], Stretch, Stretch]]:
    """Two with a word in common, and their rank: the least is paired first."""
    first, second = 0, 0
    while first < len(gold) and second < len(output):
        one, other = gold[first], output[second]
        common = min(one[1], other[1]) - max(one[0], other[0])
        if common > 0:
            yield (KINDS.index(_kind(one, other)), -common), one, other
        if one[1] <= other[1]:
            first += 1
        else:
            second += 1


def _place(pair: Pair) -> tuple[int, int]:
    starts = [stretch[0] for stretch in (pair.gold, pair.output) if stretch is not None]
    return min(starts), max(starts)
