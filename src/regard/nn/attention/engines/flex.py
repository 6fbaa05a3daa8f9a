"""torch's FlexAttention with the same definition, compiled: for accelerators.

FlexAttention calls the definition for every pair, so `count` is its mask where it is 0, and its logarithm is added to
the score where a pair is met more than once (Dong et al. 2024).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from regard.nn.attention.pattern import Pattern, Plan
from regard.nn.attention.scores.score import penalty_in


def able(query: Tensor) -> bool:
    """Only where it compiles in both directions: on a CPU its backward pass does not exist."""
    return query.device.type == "cuda" and query.dtype != torch.float64 and query.shape[-1] >= 16


def mask_function(pattern: Pattern, plan: Plan, keep: Bool[Tensor, "b s"] | None) -> Any:
    """FlexAttention's `mask_mod`: whether query q of text b, head h, may meet key k."""

    def mask(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        met = pattern.count(b, h, q + plan.offset, k, plan) > 0
        return met if keep is None else met & keep[b, k]

    return mask


def score_function(pattern: Pattern, plan: Plan, self_penalty: float | None) -> Any:
    """FlexAttention's `score_mod`."""

    def score(value: Tensor, b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        met = pattern.count(b, h, q + plan.offset, k, plan)
        if self_penalty is not None:
            value = torch.where(q + plan.offset == k, penalty_in(value.dtype, self_penalty), value)
        return value + met.clamp(min=1).to(value.dtype).log()

    return score


def attend_flex(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s v"],
    pattern: Pattern,
    plan: Plan,
    keep: Bool[Tensor, "b s"] | None,
    block_mask: Any,
    scale: float,
    self_penalty: float | None,
) -> Float[Tensor, "b h t v"]:
    """Dropout it has none: the choice of engines never sends any here."""
    score = score_function(pattern, plan, self_penalty)
    return _compiled()(query, key, value, score_mod=score, block_mask=block_mask, scale=scale)


def block_mask(pattern: Pattern, plan: Plan, keep: Bool[Tensor, "b s"] | None, query: Tensor) -> Any:
    from torch.nn.attention.flex_attention import create_block_mask

    texts, heads = query.shape[:2]
    mask = mask_function(pattern, plan, keep)
    return create_block_mask(mask, texts, heads, plan.queries, plan.keys, device=query.device, _compile=True)


@cache
def _compiled() -> Any:
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention, dynamic=False)
