"""torch's fused attention, in the number format in which it is fast.

Notable: on a CPU its backward pass in bfloat16 takes up to eight times that in float32 below 512 tokens (docs/log.md,
2026-11-26); everything else of a layer is twice as fast in bfloat16. So short texts are attended to in float32 there.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

BFLOAT16_FROM = 512
"""Queries from which on a CPU's backward pass in bfloat16 is as fast as that in float32."""


def better_in_float32(query: Float[Tensor, "b h t d"]) -> bool:
    """Whether a CPU attends to these queries, in bfloat16, faster in float32: forward and backward together."""
    return query.device.type == "cpu" and query.dtype == torch.bfloat16 and query.shape[2] < BFLOAT16_FROM


def fused_attention(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s v"],
    mask: Tensor | None = None,
    *,
    dropout: float = 0.0,
    causal: bool = False,
    scale: float | None = None,
) -> Float[Tensor, "b h t v"]:
    """`softmax(q k^T scale + mask) v` in the format of `query`. `mask`: what each query meets, or numbers that are
    added to scores."""
    if not better_in_float32(query):
        return F.scaled_dot_product_attention(query, key, value, mask, dropout, causal, scale=scale)
    wide_query, wide_key, wide_value, wide_mask = in_float32(query, key, value, mask)
    with torch.autocast("cpu", enabled=False):  # it would go back to bfloat16
        mixed = F.scaled_dot_product_attention(
            wide_query, wide_key, wide_value, wide_mask, dropout, causal, scale=scale
        )
    return mixed.to(query.dtype)


def in_float32(*tensors: Tensor | None) -> tuple[Any, ...]:
    """What is given, in float32; masks of truths as they are."""
    return tuple(tensor if tensor is None or tensor.dtype == torch.bool else tensor.float() for tensor in tensors)
