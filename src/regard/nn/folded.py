"""Attention of a few queries to all tokens, without keys and values of their own for every token.

q·(Kx + k) = (Kᵀq)·x + q·k, and Σ a(Vx + v) = V(Σ ax) + (Σ a)v: two projections of the whole text less. It pays below
as many queries as a head is wide.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F


def attend_folded(
    query: Float[Tensor, "b h g d"],
    states: Float[Tensor, "b t w"],
    key: nn.Linear,
    value: nn.Linear,
    keep: Bool[Tensor, "b t"] | None,
    dropout: float = 0.0,
) -> tuple[Float[Tensor, "b h g d"], Float[Tensor, "b h g t"]]:
    """softmax(q k^T / sqrt(d)) v over the kept tokens, and the weights before dropout."""
    heads, number, width = query.shape[1:]
    query = query * width**-0.5
    folded = torch.einsum("bhgd,hdw->bhgw", query, key.weight.unflatten(0, (heads, width)))
    scores = (folded.flatten(1, 2) @ states.transpose(1, 2)).unflatten(1, (heads, number))
    if key.bias is not None:
        scores = scores + torch.einsum("bhgd,hd->bhg", query, key.bias.unflatten(0, (heads, width)))[..., None]
    if keep is not None:  # not -inf: a text without any token must not spoil the gradients of the others
        scores = scores.masked_fill(~keep[:, None, None], torch.finfo(scores.dtype).min)
    shares = scores.softmax(-1)
    kept = F.dropout(shares, dropout)
    summed = (kept.flatten(1, 2) @ states).unflatten(1, (heads, number))
    mixed = torch.einsum("bhgw,hdw->bhgd", summed, value.weight.unflatten(0, (heads, width)))
    if value.bias is not None:  # dropout leaves weights that do not sum to 1
        mixed = mixed + kept.sum(-1, keepdim=True) * value.bias.unflatten(0, (heads, 1, width))
    return mixed, shares
