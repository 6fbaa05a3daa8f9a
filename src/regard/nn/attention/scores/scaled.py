"""q . k / sqrt(d) (Vaswani et al. 2017, equation 1)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from regard.nn.attention.scores.score import Score


class Scaled(Score):
    """`scale` instead of 1 / sqrt(d) where a checkpoint has its own."""

    def __init__(self, heads: int = 1, head_size: int = 1, scale: float | None = None) -> None:
        super().__init__(heads, head_size)
        self.scale = scale

    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        return query @ key.transpose(-1, -2) * self._scale(query)

    def fold(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor, float]:
        return query, key, self._scale(query)

    def _scale(self, query: Tensor) -> float:
        return float(query.shape[-1] ** -0.5) if self.scale is None else self.scale
