"""Tags of words as entities and back: BIO (Ramshaw and Marcus 1995) and BIOES (Ratinov and Roth 2009). No torch.

A scheme's tags are `O` and a prefix with a type: `B-person` begins one, `I-person` goes on with it; in BIOES `E-` ends
one of several words and `S-` is one of a single word. BILOU's `L-` and `U-` are read as `E-` and `S-`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

Scheme = Literal["bio", "bioes"]
Stretch = tuple[int, int, str]
"""Words `start:end` (the end excluded) and their type."""

OUTSIDE = "O"
_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S"}


def parts(tag: str) -> tuple[str, str]:
    """A tag's prefix (B, I, E, S or O) and its type; a tag without a prefix is one by itself: ("", tag)."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, dash, kind = tag.partition("-")
    return (_PREFIXES[prefix], kind) if dash and kind and prefix in _PREFIXES else ("", tag)


def scheme_of(tags: Iterable[str]) -> Scheme | None:
    """The scheme that these tags follow: None where one of them is neither `O` nor has a prefix, as parts of speech
    have none, and where all are `O`."""
    prefixes = {parts(tag)[0] for tag in tags}
    if "" in prefixes or prefixes <= {OUTSIDE}:
        return None
    return "bioes" if prefixes & {"E", "S"} else "bio"


def entities(tags: Sequence[str]) -> list[Stretch]:
    """The entities that tags mark, in order; as CoNLL's scorer reads them, so that no tag is lost.

    An `I-` or `E-` that does not go on with an entity of its type begins one.
    """
    found: list[Stretch] = []
    start, kind = 0, ""
    for place, tag in enumerate([*tags, OUTSIDE]):
        prefix, own = parts(tag)
        goes_on = bool(kind) and prefix in ("I", "E") and own == kind
        if kind and not goes_on:
            found.append((start, place, kind))
            kind = ""
        if prefix in ("B", "I", "E", "S") and not goes_on:
            start, kind = place, own
        if kind and prefix in ("E", "S"):
            found.append((start, place + 1, kind))
            kind = ""
    return found


def follows(before: str | None, tag: str | None, scheme: Scheme) -> bool:
    """Whether `tag` may stand after `before`; None is the text's beginning (before) or end (tag)."""
    first, of_first = parts(before) if before is not None else (OUTSIDE, "")
    second, of_second = parts(tag) if tag is not None else (OUTSIDE, "")
    goes_on = second in ("I", "E")
    if scheme == "bio":
        return not goes_on or (first in ("B", "I") and of_first == of_second)
    must_go_on = first in ("B", "I")
    return goes_on == must_go_on and (not goes_on or of_first == of_second)


def spelled(stretches: Iterable[Stretch], length: int, scheme: Scheme) -> list[str]:
    """The tags of `length` words that mark these stretches, none of which overlap."""
    tags = [OUTSIDE] * length
    for start, end, kind in stretches:
        tags[start:end] = [f"I-{kind}"] * (end - start)
        tags[start] = f"B-{kind}"
        if scheme == "bioes":
            tags[end - 1] = f"E-{kind}" if end - start > 1 else f"S-{kind}"
    return tags
