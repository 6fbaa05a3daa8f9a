"""The random blocks that transformers' BigBird draws, as a plan of the pattern `bigbird`, in each of its two modes.

In evaluation it draws none: block 0 stands in all places of the table, and so counts once more for each. In training
each layer draws from NumPy's generator, seeded with the layer's number; here from a generator of that seed apart.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.nn.attention import Plan

# For these lengths the paper's own draw is kept, from among the blocks of the first 1,024 tokens.
OF_THE_PAPER, FIRST_TOKENS = (1024, 3072, 4096), 1024


def plan_of(length: int, block: int, number: int, table: Tensor | None = None, device: Any = "cpu") -> Plan:
    """The plan of `length` tokens from `table` `[h, blocks, number]`; without it, that of evaluation."""
    blocks = -(-length // block)
    random = torch.zeros(1, blocks, number, dtype=torch.long) if table is None else table
    last = torch.tensor([[blocks - 1]], device=device)
    return Plan(length, length, {"random": random[None].to(device), "last": last})


@lru_cache(maxsize=64)
def draw_training(length: int, block: int, number: int, heads: int, longest: int, seed: int) -> Tensor:
    """`[heads, blocks, number]` for a text of `length` tokens, padded to whole blocks; what stands in the first and the
    last line is never used. `longest`: the model's most positions. Nobody may change what is returned."""
    blocks = -(-length // block)
    generator = np.random.RandomState(seed)
    table = np.zeros((heads, blocks, number), dtype=np.int64)
    if not number:
        return torch.from_numpy(table)
    if blocks * block in OF_THE_PAPER:
        for head in range(heads):
            drawn = _of_the_paper(longest // block, block, number, generator)
            table[head, 1:-1] = drawn[1 : blocks - 1]
    else:
        for own in range(1, blocks):
            for head in range(heads):
                table[head, own] = _among_the_first(own, number, generator)
    return torch.from_numpy(table)


def _of_the_paper(blocks: int, block: int, number: int, generator: np.random.RandomState) -> np.ndarray:
    """One head's `[blocks, number]`: drawn for the longest text that the model reads, whatever the text's length."""
    inner = np.arange(1, blocks - 1, dtype=np.int32)
    last = FIRST_TOKENS // block - 1 if 2 * block < FIRST_TOKENS else blocks - 1
    table = np.zeros((blocks, number), dtype=np.int64)
    for own in range(1, blocks - 1):
        table[own] = generator.permutation(_pool(own, inner, last, blocks))[:number]
    return table


def _pool(own: int, inner: np.ndarray, last: int, blocks: int) -> np.ndarray:
    """The blocks that one may draw: `inner` without its neighbours, cut at `last` unless that is near."""
    if own <= 2:
        return inner[own + 1 : last]
    if own >= blocks - 3 or own - 2 > last:
        return inner[:last]
    before, after = inner[: own - 2], inner[own + 1 : last]
    return before if own + 1 == last else np.concatenate((before, after))


def _among_the_first(own: int, number: int, generator: np.random.RandomState) -> np.ndarray:
    """`number` of the first 2 * number + 5 blocks, as many as a text must exceed for attention to be sparse."""
    reach = 2 * number + 5
    near = {own - 1, own, own + 1, 0, reach - 1}
    near |= {reach - 2} if own == 1 else set()
    near |= {1} if own == reach - 2 else set()
    mixed = generator.permutation(np.arange(reach, dtype=np.int32))
    return np.array([block for block in mixed if block not in near][:number])
