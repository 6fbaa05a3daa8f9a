"""Blocks: neighbours, the first and the last, and random ones (Zaheer et al. 2020, BigBird, section 2 and appendix D).

Notable: the draw is the pattern's own seed's, the same in training and in prediction. The last block is that of the
text, and blocks are drawn for its own length, so that a text meets the same keys in whatever batch it stands.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from regard.nn.attention.options import BigbirdOptions
from regard.nn.attention.pattern import Grid, Pattern, Plan


class Bigbird(Pattern):
    """The first and the last block meet all and are met by all; any other meets its two neighbours and itself, and
    `random_blocks` that it does not meet anyhow (fewer where there are not so many). What a plan says is drawn twice
    counts twice."""

    Options = BigbirdOptions
    extends = False  # the last block meets all, and of more blocks others are drawn

    def plan(
        self,
        queries: int,
        keys: int,
        *,
        heads: int = 1,
        keep: Bool[Tensor, "b s"] | None = None,
        device: torch.device | str = "cpu",
        **context: Any,
    ) -> Plan:
        """Tables: `random` `[b or 1, h, blocks, r]`, blocks of keys drawn for each block of queries (-1: none); `last`
        `[b or 1, 1]`, the last block of each text."""
        size = self.options.block_size
        most = max(1, -(-keys // size))
        blocks = [most] if keep is None else _blocks(keep, size)
        blocks = blocks[:1] if len(set(blocks)) == 1 else blocks
        drawn = torch.full((len(blocks), heads, most, self.options.random_blocks), -1)
        for text, number in enumerate(blocks):
            drawn[text, :, :number] = draw(number, heads, self.options.random_blocks, self.options.seed)
        last = torch.tensor(blocks)[:, None] - 1
        return Plan(queries, keys, {"random": drawn.to(device), "last": last.to(device)})

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        last = plan.at("last", b, h)
        own, other = q // self.options.block_size, k // self.options.block_size
        own_edge, other_edge = (own == 0) | (own == last), (other == 0) | (other == last)
        once = ((own - other).abs() <= 1) | own_edge | other_edge
        drawn = (plan.at("random", b, h, own) == other[..., None]).sum(-1)
        return once + drawn * ~own_edge

    def layout(self, plan: Plan, text: int = 0) -> Grid:
        edges = tuple({0, int(plan.at("last", text, 0))})
        table = plan.tables["random"]
        own = table[text : text + 1] if table.shape[0] > 1 else table
        return Grid(self.options.block_size, 1, 1, columns=edges, rows=edges, table=own)


def _blocks(keep: Bool[Tensor, "b s"], size: int) -> list[int]:
    """How many blocks the text of each row fills up to its last token: one at least."""
    reach = (keep * torch.arange(1, keep.shape[1] + 1, device=keep.device)).amax(1)
    return (-(-reach // size)).clamp(min=1).tolist()


@lru_cache(maxsize=256)
def draw(blocks: int, heads: int, number: int, seed: int) -> Tensor:
    """Random key blocks `[h, blocks, number]` for each block of queries, without what it meets anyhow; -1: no more.
    Kept, since every batch asks for it; nobody may change it."""
    generator = np.random.default_rng([seed, blocks, heads])
    drawn = np.full((heads, blocks, number), -1)
    rank = generator.random((heads, blocks, blocks))
    own = np.arange(blocks)
    near = np.abs(own[:, None] - own) <= 1
    near[:, [0, -1]] = True
    rank[:, near] = 2.0  # those come last in the order, and are cut off
    order = np.argsort(rank, axis=-1)[..., :number]
    free = np.take_along_axis(rank, order, -1) < 2.0
    drawn[..., : order.shape[-1]] = np.where(free, order, -1)
    return torch.from_numpy(drawn)
