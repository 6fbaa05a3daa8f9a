"""v . tanh(q + k) of each pair, what additive and concat come to once each side has met its weights."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def tanh_scores(
    query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"], vector: Float[Tensor, "h d"]
) -> Float[Tensor, "b h t s"]:
    met = query[:, :, :, None] + key[:, :, None]
    return torch.einsum("bhtsd,hd->bhts", met.tanh(), vector)
