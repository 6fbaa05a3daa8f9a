"""q . q' / |q'|: queries and keys are one vector, keys at length 1 (Kitaev et al. 2020, section 2)."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from regard.nn.attention.scores.score import Score, penalty_in


class Shared(Score):
    """The key given is the query's own vector and is normalised here, by its root mean square as transformers' Reformer
    does. A token meets itself only where it meets nothing else: hence the penalty in place of its score."""

    self_penalty = -1e5

    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        return self.rows(query, key, key.shape[2] - query.shape[2])

    def rows(
        self, query: Float[Tensor, "b h n d"], key: Float[Tensor, "b h s d"], first: int
    ) -> Float[Tensor, "b h n s"]:
        scores = query @ normalised(key).transpose(-1, -2)
        places = torch.arange(key.shape[2], device=key.device)
        own = places[first : first + query.shape[2], None] == places
        return scores.masked_fill(own, penalty_in(scores.dtype, self.self_penalty))

    def fold(self, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor, float]:
        return query, _Normalised.apply(key), 1.0


def normalised(key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h s d"]:
    return key * (_factor(key) * key.shape[-1] ** -0.5)


def _factor(key: Tensor, epsilon: float = 1e-6) -> Tensor:
    return torch.rsqrt(key.square().mean(-1, keepdim=True) + epsilon)


class _Normalised(torch.autograd.Function):
    """`normalised`, with a backward of half the passes over the tokens: y = c k gives dk = c (g - y (y . g))."""

    @staticmethod
    def forward(ctx: Any, key: Tensor) -> Tensor:
        factor = _factor(key) * key.shape[-1] ** -0.5
        ctx.save_for_backward(key, factor)
        return key * factor

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        key, factor = ctx.saved_tensors
        along = (key * grad).sum(-1, keepdim=True) * factor.square()
        return torch.addcmul(grad, key, along, value=-1).mul_(factor)
