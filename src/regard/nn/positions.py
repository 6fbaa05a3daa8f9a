"""Where a token stands: learned or sinusoidal positions, added to the embeddings."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


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

    def forward(self, states: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        tokens = states.shape[1]
        if tokens > self.table.num_embeddings:
            raise ValueError(f"{tokens} tokens, but positions were learned for {self.table.num_embeddings}")
        return states + self.table.weight[:tokens]


class SinusoidalPositions(nn.Module):
    """Computed, not learned: works at any length. Embeddings are scaled by sqrt(d) first (section 3.4)."""

    def forward(self, states: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        tokens, width = states.shape[1:]
        return states * math.sqrt(width) + sinusoids(tokens, width).to(states)


def positions(kind: str, length: int, width: int) -> nn.Module:
    return LearnedPositions(length, width) if kind == "learned" else SinusoidalPositions()
