"""What of the sources was looked at while outputs were written, and how often: too little hints at what was left out,
too much at what was said twice (Tu et al. 2016, section 1). No torch.

The coverage of a source word is the sum over the output's words of what each gave it, in words of the output.
Punctuation doesn't count: it is often left alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from regard.records.alignment import Alignment

LOOKED_AT = 0.2
"""A source word with less was hardly looked at."""
TOO_MUCH = 2.0
"""A source word with more was looked at by more than two words of the output."""
EDGES = (0.0, LOOKED_AT, 0.5, 1.0, 1.5, TOO_MUCH, float("inf"))


@dataclass(frozen=True)
class Coverage:
    """Of all source words together. `hardly` and `too_much` are shares; `bins` are how many words lie between two
    `EDGES`; `worst` the texts with the largest share of both, with their alignments, the worst first."""

    texts: int
    words: int
    mean: float
    hardly: float
    too_much: float
    bins: list[int]
    worst: list[tuple[str, Alignment]] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        bins = [
            {"from": low, "to": high, "words": count}
            for low, high, count in zip(EDGES[:-1], [*EDGES[1:-1], None], self.bins, strict=True)
        ]
        return {
            "texts": self.texts,
            "words": self.words,
            "mean": self.mean,
            "hardly_looked_at": self.hardly,
            "looked_at_too_much": self.too_much,
            "bins": bins,
        }


def coverage(alignments: Sequence[tuple[str, Alignment]], most: int = 6) -> Coverage:
    """Of alignments with the ids of their texts; `most` of the worst are kept."""
    totals = [[alignment.coverage[place] for place in counted(alignment)] for _, alignment in alignments]
    every = [total for own in totals for total in own]
    few, many = (sum(map(test, every)) for test in (is_hardly, is_too_much))
    order = sorted(range(len(totals)), key=lambda row: (-_odd(totals[row]), row))
    return Coverage(
        texts=len(alignments),
        words=len(every),
        mean=sum(every) / max(len(every), 1),
        hardly=few / max(len(every), 1),
        too_much=many / max(len(every), 1),
        bins=[sum(low <= total < high for total in every) for low, high in itertools.pairwise(EDGES)],
        worst=[alignments[row] for row in order[:most] if _odd(totals[row])],
    )


def counted(alignment: Alignment) -> list[int]:
    """The numbers of the source words that have a letter or a digit."""
    words = alignment.source_words
    return [place for place, word in enumerate(words) if any(one.isalnum() for one in word)]


def is_hardly(total: float) -> bool:
    return total < LOOKED_AT


def is_too_much(total: float) -> bool:
    return total > TOO_MUCH


def _odd(totals: Sequence[float]) -> float:
    """The share of words with too little or too much."""
    return sum(is_hardly(total) or is_too_much(total) for total in totals) / max(len(totals), 1)
