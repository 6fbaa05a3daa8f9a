"""Multi-head attention over all tokens with scaled dot scores (Vaswani et al. 2017, section 3.2.2)."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor, nn

from regard.nn.attention.engine import attend, prepare
from regard.nn.attention.patterns.full import Full
from regard.nn.attention.reference import weights
from regard.nn.linear import Linear


class MultiHeadAttention(nn.Module):
    """Heads side by side, joined by one projection (section 3.2.2)."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} does not divide into {heads} heads")
        self.heads = heads
        self.dropout = dropout
        self.projection = Linear(width, 3 * width)
        self.output = Linear(width, width)

    def forward(
        self, states: Float[Tensor, "b t w"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> tuple[Float[Tensor, "b t w"], Float[Tensor, "b h t t"] | None]:
        """Mixed states, and the weights where they are asked for."""
        batch, tokens, width = states.shape
        query, key, value = (
            part.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
            for part in self.projection(states).chunk(3, dim=-1)
        )
        dropout = self.dropout if self.training else 0.0
        prepared = prepare(Full(), query, key, keep, dropout=dropout)
        shown = weights(query, key, prepared.pattern, prepared.plan, prepared.keep) if need_weights else None
        mixed = attend(query, key, value, prepared, dropout=dropout)
        return self.output(mixed.transpose(1, 2).reshape(batch, tokens, width)), shown
