"""The Transformer's layer: attention and a feed-forward net, each with a residual and a layer norm."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor, nn

from regard.nn.attention.multihead import MultiHeadAttention
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear, activated


class FeedForward(nn.Module):
    """Two linear maps with a GELU between them, position by position (Vaswani et al. 2017, equation 2, with GELU)."""

    def __init__(self, width: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Linear(width, inner), nn.GELU(), Dropout(dropout), Linear(inner, width)])

    def forward(self, states: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        inner, activation, dropout, outer = self.layers
        return outer(dropout(activated(inner, states, activation)))


class TransformerBlock(nn.Module):
    """One encoder layer. `post` norms after each residual (Vaswani et al. 2017), `pre` before each part (Xiong et al.
    2020, figure 1), which learns without a long warm-up."""

    def __init__(
        self, width: int, heads: int, inner: int, dropout: float, attention_dropout: float, norm: str = "pre"
    ) -> None:
        super().__init__()
        self.pre = norm == "pre"
        self.attention = MultiHeadAttention(width, heads, attention_dropout)
        self.feed_forward = FeedForward(width, inner, dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)

    def forward(
        self, states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> tuple[Float[Tensor, "b t d"], Float[Tensor, "b h t t"] | None]:
        if self.pre:
            mixed, shown = self.attention(self.attention_norm(states), keep, need_weights)
            states = states + self.dropout(mixed)
            return states + self.dropout(self.feed_forward(self.feed_forward_norm(states))), shown
        mixed, shown = self.attention(states, keep, need_weights)
        states = self.attention_norm(states + self.dropout(mixed))
        return self.feed_forward_norm(states + self.dropout(self.feed_forward(states))), shown
