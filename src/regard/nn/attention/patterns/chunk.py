"""Chunks that meet themselves and their neighbours (Kitaev et al. 2020, Reformer, its local layers)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from regard.nn.attention.options import ChunkOptions, LshOptions
from regard.nn.attention.pattern import Grid, Pattern, Plan


class Chunk(Pattern):
    """With `wrap` the chunks form a ring; in a short ring a neighbour on both sides is met twice. A text of one chunk
    meets itself once."""

    Options = ChunkOptions

    @property
    def extends(self) -> bool:
        """A ring closes elsewhere when it grows: only the look back from the first chunk, at what comes, is lost."""
        return not self.options.wrap or (self.options.before <= 1 and self.options.after == 0)

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        chunks = -(-plan.keys // self.options.chunk_length)
        if chunks == 1:
            return torch.ones_like(q + k, dtype=torch.bool)
        own, other = q // self.options.chunk_length, k // self.options.chunk_length
        met = torch.zeros_like(own + other)
        for step in steps(self.options, chunks if self.options.wrap else None):
            met = met + ((own + step) % chunks == other if self.options.wrap else own + step == other)
        return met

    def layout(self, plan: Plan, text: int = 0) -> Grid:
        chunks = -(-plan.keys // self.options.chunk_length)
        table = torch.arange(chunks)[:, None] + torch.tensor(steps(self.options, chunks if self.options.wrap else None))
        table = table % chunks if self.options.wrap else table.masked_fill((table < 0) | (table >= chunks), -1)
        return Grid(self.options.chunk_length, table=table[None, None])


def steps(options: ChunkOptions | LshOptions, ring: int | None) -> list[int]:
    """From its own chunk to those that a token meets. In a ring of fewer chunks than a step it does not go round, it
    comes to its own chunk once more, as in transformers."""
    reach = range(-options.before, options.after + 1)
    return [step if ring is None or abs(step) < ring else 0 for step in reach]
