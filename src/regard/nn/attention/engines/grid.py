"""Blocks of queries by blocks of keys, as pieces. Where all queries of a block count alike one line of bias serves all.

The text is padded to whole blocks first (`keep` of the counter hides the padding).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from regard.nn.attention.engines.bias import Counter
from regard.nn.attention.engines.kernel import Piece
from regard.nn.attention.engines.selections import Blocks, Picked
from regard.nn.attention.pattern import Grid

AT_ONCE = 2048  # queries of a piece: what is gathered for them stays in the cache


def pieces(layout: Grid, counter: Counter, blocks: int) -> Iterator[Piece]:
    """The pairs of `blocks` blocks, each in one piece: the band; besides it, columns; besides both, the table."""
    size = layout.block
    for row in layout.rows:
        yield _row(layout, counter, row, blocks)
    edges = sorted({-1, *layout.rows, blocks})
    for low, high in ((left + 1, right) for left, right in pairwise(edges)):
        at_once = max(1, AT_ONCE // size)
        for first in range(low, high, at_once):
            yield from _run(layout, counter, first, min(first + at_once, high), blocks)


def pairs(layout: Grid, length: int) -> int:
    """How many pairs the pieces compute."""
    blocks = layout.before + 1 + layout.after if layout.before >= 0 else 0
    blocks += len(layout.columns) + (0 if layout.table is None else layout.table.shape[-1])
    return length * min(blocks * layout.block, length) + len(layout.rows) * layout.block * length


def cost(layout: Grid, length: int) -> float:
    """In pairs of the dense engine; measured (docs/log.md)."""
    kinds = (layout.before >= 0) * 3 + bool(layout.columns) + (layout.table is not None) + len(layout.rows)
    return 1.05 * pairs(layout, length) + 20_000 * kinds + 100 * length


def _row(layout: Grid, counter: Counter, row: int, blocks: int) -> Piece:
    size, device = layout.block, counter.like.device
    q = _queries(layout, torch.tensor([row], device=device))
    k = torch.arange(blocks * size, device=device)[None, None]
    bias = counter.bias(_alike(counter.counts(q, k)))
    return Piece(counter.text, Blocks(row * size, 1, size, size), Blocks(0, 1, blocks * size, blocks * size), bias)


def _queries(layout: Grid, own: Tensor) -> Tensor:
    """The places `[blocks, m or 1, 1]` at which the blocks `own` are counted."""
    first = own[:, None, None] * layout.block
    return first if layout.alike else first + torch.arange(layout.block, device=own.device)[:, None]


def _alike(met: Tensor) -> Tensor:
    """Counts `[h, blocks, m, s]` with one line a block after all where the edges that cut blocks are elsewhere."""
    first = met[:, :, :1]
    return first if met.shape[2] > 1 and bool((met == first).all()) else met


def _run(layout: Grid, counter: Counter, first: int, last: int, blocks: int) -> Iterator[Piece]:
    """The blocks `first` to `last`, none of them a row."""
    size, device = layout.block, counter.like.device
    queries = Blocks(first * size, last - first, size, size)
    own = torch.arange(first, last, device=device)
    covered = False
    if layout.before >= 0:
        for low, high in _bands(layout, first, last, blocks):
            yield _band(layout, counter, low, high, blocks)
        covered = True
    met: list[Tensor] = []
    if layout.columns:
        for piece in _columns(layout, counter, own, joins=covered):
            yield piece
            covered = True
        met.append(torch.tensor(layout.columns, device=device))
    if layout.table is not None and layout.table.shape[-1]:
        table = layout.table[0, :, first:last].to(device)
        fresh = _fresh(layout, own, table, met)
        if bool(fresh.any()):
            yield _picked(layout, counter, queries, own, table, fresh, joins=covered)


def _bands(layout: Grid, first: int, last: int, blocks: int) -> Iterator[tuple[int, int]]:
    """Runs of blocks: those whose whole band is there together, each of the others alone."""
    inner = range(max(first, layout.before), min(last, blocks - layout.after))
    for block in range(first, last):
        if block not in inner:
            yield block, block + 1
        elif block == inner.start:
            yield inner.start, inner.stop


def _band(layout: Grid, counter: Counter, low: int, high: int, blocks: int) -> Piece:
    size, number = layout.block, high - low
    start, stop = max(0, low - layout.before), min(blocks, high + layout.after)
    width = (stop - start - number + 1) * size
    q = _queries(layout, torch.arange(low, high, device=counter.like.device))
    k = torch.arange(start, start + number, device=counter.like.device)[:, None, None] * size
    k = k + torch.arange(width, device=counter.like.device)
    bias = counter.bias(_alike(counter.counts(q, k)))
    return Piece(counter.text, Blocks(low * size, number, size, size), Blocks(start * size, number, size, width), bias)


def _columns(layout: Grid, counter: Counter, own: Tensor, *, joins: bool) -> Iterator[Piece]:
    """Neighbouring query blocks that take the same columns, and count them alike, are one large block: its keys are
    there once, not once for each of them."""
    size = layout.block
    columns = torch.tensor(layout.columns, device=own.device).expand(1, len(own), -1)
    k = (columns[..., None] * size + torch.arange(size, device=own.device)).flatten(2)[:, :, None]
    fresh = ~_near(layout, own, columns)
    met = _alike(counter.counts(_queries(layout, own), k))
    met = met * fresh[..., None].expand(*fresh.shape, size).flatten(2)[:, :, None]
    changes = (met[:, 1:] != met[:, :-1]).flatten(2).any(-1).any(0).nonzero()[:, 0] + 1
    bounds = [0, *changes.tolist(), len(own)] if met.shape[2] == 1 else list(range(len(own) + 1))
    for low, high in pairwise(bounds):
        taken = fresh[0, low]
        if not bool(taken.any()):
            continue
        rows = (high - low) * size
        bias = met[:, low : low + 1, :, taken.repeat_interleave(size)]
        index = columns[:, :1, taken]
        queries = Blocks(int(own[low]) * size, 1, rows, rows)
        yield Piece(counter.text, queries, Picked(index, size), counter.bias(bias), joins=joins)


def _picked(
    layout: Grid, counter: Counter, queries: Blocks, own: Tensor, picked: Tensor, fresh: Tensor, *, joins: bool
) -> Piece:
    """A piece with picked key blocks `[h or 1, blocks, r]`, of which only the `fresh` ones count."""
    size = layout.block
    index = picked.clamp(min=0)
    k = (index[..., None] * size + torch.arange(size, device=index.device)).flatten(2)[:, :, None]
    met = _alike(counter.counts(_queries(layout, own), k))
    met = met * fresh[..., None].expand(*fresh.shape, size).flatten(2)[:, :, None]
    return Piece(counter.text, queries, Picked(index, size), counter.bias(met), joins=joins)


def _near(layout: Grid, own: Tensor, other: Tensor) -> Tensor:
    distance = other - own[:, None]
    return (distance >= -layout.before) & (distance <= layout.after) & (layout.before >= 0)


def _fresh(layout: Grid, own: Tensor, table: Tensor, columns: list[Tensor]) -> Tensor:
    """Entries of the table that no other piece has, and no earlier entry of the same line."""
    fresh = (table >= 0) & ~_near(layout, own, table)
    for column in columns:
        fresh &= ~torch.isin(table, column)
    again = table[..., :, None] == table[..., None, :]
    return fresh & ~again.tril(-1).any(-1)
