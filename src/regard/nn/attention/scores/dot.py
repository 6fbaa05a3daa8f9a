"""q . k (Luong et al. 2015, section 3.1, "dot")."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from regard.nn.attention.scores.score import Score, StepScores
from regard.nn.shared_product import SharedProduct


class Dot(Score):
    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        return query @ key.transpose(-1, -2)

    def in_steps(self, prepared: Float[Tensor, "b h s d"], steps: int) -> StepScores:
        return SharedProduct(prepared.mT, steps)

    def fold(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor, float]:
        return query, key, 1.0
