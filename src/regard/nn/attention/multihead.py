"""Multi-head attention with scaled dot scores (Vaswani et al. 2017, sections 3.2.1 and 3.2.2).

`reference` is the readable specification; `attend` hands the same to torch's fused kernel, and is tested against it.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F


def weights(
    query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"], keep: Bool[Tensor, "b s"]
) -> Float[Tensor, "b h t s"]:
    """softmax(QK^T / sqrt(d)) over the kept keys (equation 1, its first half); zero where no key is kept."""
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    hidden = ~keep[:, None, None, :]
    scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    return scores.softmax(-1).masked_fill(hidden, 0.0)


def reference(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s d"],
    keep: Bool[Tensor, "b s"],
) -> Float[Tensor, "b h t d"]:
    """Equation 1 as it stands: the oracle."""
    return weights(query, key, keep) @ value


def attend(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s d"],
    keep: Bool[Tensor, "b s"],
    dropout: float = 0.0,
) -> Float[Tensor, "b h t d"]:
    """The same as `reference`, by the fused kernel. Dropout above 0 loses that kernel on a CPU."""
    mask = None if bool(keep.all()) else keep[:, None, None, :]
    mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
    if mask is None:
        return mixed
    # A row without any key is zero, not the NaN or the mean that kernels return.
    return mixed.masked_fill(~keep.any(-1)[:, None, None, None], 0.0)


class MultiHeadAttention(nn.Module):
    """Heads side by side, joined by one projection (section 3.2.2)."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} does not divide into {heads} heads")
        self.heads = heads
        self.dropout = dropout
        self.projection = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(
        self, states: Float[Tensor, "b t w"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> tuple[Float[Tensor, "b t w"], Float[Tensor, "b h t t"] | None]:
        """Mixed states, and the weights where they are asked for (then computed in the open)."""
        batch, tokens, width = states.shape
        query, key, value = (
            part.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
            for part in self.projection(states).chunk(3, dim=-1)
        )
        shown = weights(query, key, keep) if need_weights else None
        dropout = self.dropout if self.training else 0.0
        mixed = shown @ value if shown is not None and not dropout else attend(query, key, value, keep, dropout)
        return self.output(mixed.transpose(1, 2).reshape(batch, tokens, width)), shown
