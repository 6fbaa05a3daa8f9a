"""q W k (Luong et al. 2015, section 3.1, "general"), one W a head."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.nn.attention.scores.score import Score, StepScores, xavier_per_head
from regard.nn.shared_product import SharedProduct


class General(Score):
    def __init__(self, heads: int = 1, head_size: int = 1) -> None:
        super().__init__(heads, head_size)
        self.weight = nn.Parameter(torch.empty(heads, head_size, head_size))
        xavier_per_head(self.weight)

    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        return query @ self.weight @ key.transpose(-1, -2)

    def prepare(self, key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h s d"]:
        return key @ self.weight.transpose(-1, -2)

    def in_steps(self, prepared: Float[Tensor, "b h s d"], steps: int) -> StepScores:
        return SharedProduct(prepared.mT, steps)

    def fold(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor, float]:
        return query @ self.weight, key, 1.0
