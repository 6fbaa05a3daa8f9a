"""What a pattern costs: the pairs that its definition counts, and those that the blocked engine computes for them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from regard.nn.attention.engines import band, grid
from regard.nn.attention.engines.bias import Counter
from regard.nn.attention.engines.kernel import Piece
from regard.nn.attention.engines.selections import Blocks
from regard.nn.attention.pattern import Band, Grid, Pattern, Sorted
from regard.nn.attention.picture import plan_of
from regard.nn.attention.reference import counts

PAIRS_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Cost:
    """Pairs of one text and head. `computed`: by the blocked engine, forward on a CPU; all of them where the pattern
    has no layout."""

    length: int
    met: int
    computed: int

    @property
    def full(self) -> int:
        return self.length**2


def cost(pattern: Pattern, length: int) -> Cost:
    """Counted by the definition, a slice of queries at a time, and by the very pieces that the engine would run."""
    plan = plan_of(pattern, length)
    rows, met = max(1, PAIRS_AT_ONCE // length), 0
    for first in range(0, length, rows):
        last = min(first + rows, length)
        of_rows = counts(pattern, plan, 1, 1, rows=slice(first, last))[0, 0]
        met += int((of_rows > 0).expand(last - first, length).sum())
    layout = pattern.layout(plan)
    if layout is None:
        return Cost(length, met, length**2)
    if isinstance(layout, Sorted):
        around = layout.chunk * (1 + layout.before + layout.after)
        return Cost(length, met, layout.order.shape[2] * layout.order.shape[3] * around)
    kept = torch.ones(length, dtype=torch.bool)
    counter = Counter(pattern, plan, 0, 1, torch.empty(0), None)
    if isinstance(layout, Band):
        pieces = band.pieces(layout, counter, 0, length, band.FINE)
    else:
        assert isinstance(layout, Grid)
        blocks = -(-length // layout.block)
        padded = torch.nn.functional.pad(kept, (0, blocks * layout.block - length))
        pieces = grid.pieces(layout, Counter(pattern, plan, 0, 1, torch.empty(0), padded), blocks)
    return Cost(length, met, sum(map(_pairs, pieces)))


def _pairs(piece: Piece) -> int:
    """Queries by keys, all blocks together."""
    keys = piece.keys.size if isinstance(piece.keys, Blocks) else piece.keys.size * piece.keys.index.shape[-1]
    return piece.queries.number * piece.queries.size * keys
