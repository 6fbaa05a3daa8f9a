"""Where a token stands: learned, sinusoidal or axial positions, added to the embeddings."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.errors import UsageError


def sinusoids(length: int, width: int) -> Float[Tensor, "t d"]:
    """sin(t / 10000^(2i/d)) and cos of the same, in turn (Vaswani et al. 2017, section 3.5)."""
    place = torch.arange(length, dtype=torch.float64)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10_000.0) / width))
    table = torch.zeros(length, width, dtype=torch.float64)
    table[:, 0::2] = torch.sin(place * rate)
    table[:, 1::2] = torch.cos(place * rate[: width // 2])
    return table.to(torch.get_default_dtype())


class LearnedPositions(nn.Module):
    """A vector for each of `length` positions; a longer text is an error, not a silent cut."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(length, width)

    def forward(self, states: Float[Tensor, "b t d"], start: int = 0) -> Float[Tensor, "b t d"]:
        """`start`: how many tokens of each text stand before these."""
        tokens = start + states.shape[1]
        if tokens > self.table.num_embeddings:
            raise ValueError(f"{tokens} tokens, but positions were learned for {self.table.num_embeddings}")
        return states + self.table.weight[start:tokens]


class SinusoidalPositions(nn.Module):
    """Computed, not learned: works at any length. Embeddings are scaled by sqrt(d) first (section 3.4)."""

    def forward(self, states: Float[Tensor, "b t d"], start: int = 0) -> Float[Tensor, "b t d"]:
        """`start`: how many tokens of each text stand before these."""
        tokens, width = start + states.shape[1], states.shape[2]
        table = _table(-(-tokens // 256) * 256, width, torch.get_default_dtype(), states.device)
        return states * math.sqrt(width) + table[start:tokens].to(states)


@lru_cache(maxsize=8)  # a decoder that writes token by token asks for one row a step
@torch.inference_mode(False)  # a tensor made in that mode could not be trained with later
def _table(length: int, width: int, dtype: torch.dtype, device: torch.device) -> Float[Tensor, "t d"]:
    return sinusoids(length, width).to(device, dtype)


class AxialPositions(nn.Module):
    """Places as rows and columns of a table, each with vectors of its own, side by side: rows + columns of them instead
    of rows * columns (as the published models of Kitaev et al. 2020, Reformer, have them).

    A text may be of any length up to rows * columns. A longer one raises `UsageError`.
    """

    def __init__(self, rows: int, columns: int, row_width: int, column_width: int) -> None:
        super().__init__()
        self.rows = nn.Embedding(rows, row_width)
        self.columns = nn.Embedding(columns, column_width)

    def forward(self, states: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        tokens, rows, columns = states.shape[1], self.rows.num_embeddings, self.columns.num_embeddings
        if tokens > rows * columns:
            raise UsageError(
                f"a text of {tokens} tokens, but this model's axial positions, {rows} by {columns}, end at "
                f"{rows * columns}",
                mend=f"cut texts to {rows * columns} tokens, or train with a larger tokens.max_length",
            )
        used = -(-tokens // columns)
        of_rows = self.rows.weight[:used, None].expand(-1, columns, -1)
        of_columns = self.columns.weight[None].expand(used, -1, -1)
        return states + torch.cat([of_rows, of_columns], dim=-1).flatten(0, 1)[:tokens]


def axial_shape(length: int) -> tuple[int, int]:
    """Rows and columns for `length` places, near a square."""
    columns = math.ceil(math.sqrt(length))
    return -(-length // columns), columns


def positions(kind: str, length: int, width: int) -> nn.Module:
    return LearnedPositions(length, width) if kind == "learned" else SinusoidalPositions()
