"""Blocks: neighbours, the first and the last, and random ones (Zaheer et al. 2020, BigBird, section 2 and appendix D).

Notable: the draw is the pattern's own seed's, the same in training and in prediction, for every text of a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from regard.nn.attention.options import BigbirdOptions
from regard.nn.attention.pattern import Grid, Pattern, Plan


class Bigbird(Pattern):
    """The first and the last block meet all and are met by all; any other meets its two neighbours and itself, and
    `random_blocks` that it does not meet anyhow (fewer where there are not so many). What a plan says is drawn twice
    counts twice."""

    Options = BigbirdOptions

    def plan(
        self, queries: int, keys: int, *, heads: int = 1, device: torch.device | str = "cpu", **context: Any
    ) -> Plan:
        drawn = draw(-(-keys // self.options.block_size), heads, self.options.random_blocks, self.options.seed)
        return Plan(queries, keys, {"random": drawn[None].to(device)})

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        last = (plan.keys - 1) // self.options.block_size
        own, other = q // self.options.block_size, k // self.options.block_size
        own_edge, other_edge = (own == 0) | (own == last), (other == 0) | (other == last)
        once = ((own - other).abs() <= 1) | own_edge | other_edge
        drawn = (plan.at("random", b, h, own) == other[..., None]).sum(-1)
        return once + drawn * ~own_edge

    def layout(self, plan: Plan, text: int = 0) -> Grid:
        last = (plan.keys - 1) // self.options.block_size
        edges = tuple({0, last})
        return Grid(self.options.block_size, 1, 1, columns=edges, rows=edges, table=plan.tables["random"])


def draw(blocks: int, heads: int, number: int, seed: int) -> Tensor:
    """Random key blocks `[h, blocks, number]` for each block of queries, without what it meets anyhow; -1: no more."""
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
