"""A band around the diagonal, as pieces: runs of query blocks with the keys around each, all runs sharing one bias."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import torch
from torch import Tensor

from regard.nn.attention.engines.bias import Counter
from regard.nn.attention.engines.kernel import Piece
from regard.nn.attention.engines.selections import Blocks, Picked
from regard.nn.attention.pattern import Band

BLOCK = 128  # queries a block: of a band of 513 keys, 640 are computed; the gradients of a key come in 5 layers
FINE = 32  # queries a block of a forward pass alone, which adds no gradients up: 544 keys are computed
AT_ONCE = 16  # blocks of a piece: their keys' gradients stay in the cache until they are added up


def pieces(layout: Band, counter: Counter, first: int, last: int, block: int) -> Iterator[Piece]:
    """The pairs of the tokens `first` to `last`, each in one piece: the band; besides it, columns; rows, all keys.
    `block`: queries of a block inside the text, a divisor of `BLOCK`."""
    rows = [row for row in layout.rows if first <= row < last]
    columns = [column for column in layout.columns if first <= column < last]
    before, after = min(layout.before, last - first), min(layout.after, last - first)
    special = torch.tensor(sorted({*rows, *columns}))

    def plain(start: int) -> bool:
        """Whether this block's counts depend on distances only: none of its keys is special."""
        low, high = start - before, start + BLOCK + after
        return layout.shifts and counter.keep is None and not bool(((special >= low) & (special < high)).any())

    def inner(start: int) -> bool:
        """Whether the block and all its keys are there."""
        return start - before >= first and start + BLOCK + after <= last

    starts = range(first, last, BLOCK)
    whole = [start for start in starts if inner(start) and plain(start)]
    shared = _shared_bias(counter, whole[0], before, after) if whole else None
    inside = None if shared is None else shared[:, :, :block, : block + before + after].contiguous()
    for alike, group in groupby(starts, lambda start: start in whole):
        run = list(group)
        for index in range(0, len(run), AT_ONCE if alike else 1):
            start, number = run[index], min(AT_ONCE, len(run) - index)
            if alike:
                number *= BLOCK // block
                queries = Blocks(start, number, block, block)
                keys = Blocks(start - before, number, block, block + before + after)
                yield Piece(counter.text, queries, keys, inside)
            elif whole and plain(start):
                yield _cut(layout, counter, start, first, last, shared)
            else:
                yield _alone(layout, counter, start, min(start + BLOCK, last), first, last, rows)
    if columns:
        yield _columns(layout, counter, columns, first, last, rows)
    for low, high in _runs(rows):
        q, k = _grid(counter, low, high, first, last)
        bias = counter.bias(counter.counts(q, k))
        yield Piece(counter.text, _span(low, high), _span(first, last), bias, joins=True)


def pairs(layout: Band, length: int) -> int:
    """How many pairs the pieces compute."""
    band = 0
    for start in range(0, length, BLOCK):
        stop = min(start + BLOCK, length)
        band += (stop - start) * (min(length, stop + layout.after) - max(0, start - layout.before))
    return band + (len(layout.columns) + len(layout.rows)) * length


def cost(layout: Band, length: int) -> float:
    """In pairs of the dense engine; measured (docs/log.md)."""
    edges = -(-min(layout.before, length) // BLOCK) + -(-min(layout.after, length) // BLOCK)
    return 1.05 * pairs(layout, length) + 20_000 * (edges + length / (AT_ONCE * BLOCK))


def _alone(layout: Band, counter: Counter, start: int, stop: int, first: int, last: int, rows: list[int]) -> Piece:
    low, high = max(first, start - layout.before), min(last, stop + layout.after)
    q, k = _grid(counter, start, stop, low, high)
    met = counter.counts(q, k) * _in_band(layout, q, k) * ~_among(q, rows)
    return Piece(counter.text, _span(start, stop), _span(low, high), counter.bias(met))


def _cut(layout: Band, counter: Counter, start: int, first: int, last: int, shared: Tensor | None) -> Piece:
    """A block at an end of the text: what is there of the bias that all share."""
    stop = min(start + BLOCK, last)
    low, high = max(first, start - layout.before), min(last, stop + layout.after)
    place = start - min(layout.before, last - first)  # of the first key, were the text longer
    bias = None if shared is None else shared[:, :, : stop - start, low - place : high - place]
    return Piece(counter.text, _span(start, stop), _span(low, high), bias)


def _shared_bias(counter: Counter, start: int, before: int, after: int) -> Tensor | None:
    q, k = _grid(counter, start, start + BLOCK, start - before, start + BLOCK + after)
    distance = k - q
    return counter.bias(counter.counts(q, k) * ((distance >= -before) & (distance <= after)))


def _columns(layout: Band, counter: Counter, columns: list[int], first: int, last: int, rows: list[int]) -> Piece:
    index = torch.tensor(columns, device=counter.like.device)
    q, _ = _grid(counter, first, last, first, last)
    k = index[None, None]
    met = counter.counts(q, k) * ~_in_band(layout, q, k) * ~_among(q, rows)
    return Piece(counter.text, _span(first, last), Picked(k, 1), counter.bias(met), joins=True)


def _in_band(layout: Band, q: Tensor, k: Tensor) -> Tensor:
    return (k - q >= -layout.before) & (k - q <= layout.after)


def _among(q: Tensor, rows: list[int]) -> Tensor:
    return torch.isin(q, torch.tensor(rows, dtype=q.dtype, device=q.device))


def _grid(counter: Counter, q_first: int, q_last: int, k_first: int, k_last: int) -> tuple[Tensor, Tensor]:
    device = counter.like.device
    return (
        torch.arange(q_first, q_last, device=device)[None, :, None],
        torch.arange(k_first, k_last, device=device)[None, None],
    )


def _span(first: int, last: int) -> Blocks:
    return Blocks(first, 1, last - first, last - first)


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring places as (first, one past the last)."""
    for _, group in groupby(enumerate(sorted(places)), lambda pair: pair[1] - pair[0]):
        run = [place for _, place in group]
        yield run[0], run[-1] + 1
