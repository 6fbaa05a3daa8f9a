"""v . tanh(W q + U k) (Bahdanau et al. 2015, appendix A.1.2), one set of weights a head."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.nn.attention.scores.score import Score


class Additive(Score):
    folds = False

    def __init__(self, heads: int = 1, head_size: int = 1) -> None:
        super().__init__(heads, head_size)
        self.query_weight = nn.Parameter(torch.empty(heads, head_size, head_size))
        self.key_weight = nn.Parameter(torch.empty(heads, head_size, head_size))
        self.vector = nn.Parameter(torch.empty(heads, head_size))
        for weight in self.parameters():
            nn.init.xavier_uniform_(weight)

    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        met = (query @ self.query_weight)[:, :, :, None] + (key @ self.key_weight)[:, :, None]
        return torch.einsum("bhtsd,hd->bhts", met.tanh(), self.vector)
