"""The definition, evaluated where a piece looks: counts as something to add to scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool
from torch import Tensor

from regard.nn.attention.pattern import Pattern, Plan
from regard.nn.attention.reference import four_axes


@dataclass(frozen=True)
class Counter:
    """One text's counts, as biases of one number format."""

    pattern: Pattern
    plan: Plan
    text: int
    heads: int
    like: Tensor
    keep: Bool[Tensor, " s"] | None  # None: all keys are kept

    @cached_property
    def head(self) -> Tensor:
        return torch.arange(self.heads, device=self.like.device)[:, None, None, None]

    def counts(self, q: Tensor, k: Tensor) -> Tensor:
        """`[h or 1, blocks or 1, m, s]` of queries `[blocks, m, 1]` and keys `[blocks, 1, s]`, padding included."""
        met = four_axes(self.pattern.count(self.text, self.head, q, k, self.plan))
        return met if self.keep is None else met * self.keep[k]

    def bias(self, met: Tensor) -> Tensor | None:
        """log(count), or None where everything is met once."""
        return None if bool((met == 1).all()) else log_counts(met, self.like)


def log_counts(met: Tensor, like: Tensor) -> Tensor:
    """log(count) in the number format of `like`; -inf hides."""
    if met.dtype == torch.bool:
        return torch.full(met.shape, float("-inf"), dtype=like.dtype, device=met.device).masked_fill_(met, 0.0)
    return met.to(like.dtype).log_()
