"""The readable specification: all pairs scored, counted by the definition, softmax. The oracle of every engine."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from regard.nn.attention.pattern import Pattern, Plan
from regard.nn.attention.scores.scaled import Scaled


def counts(
    pattern: Pattern, plan: Plan, texts: int, heads: int, *, rows: slice = slice(None), device: Any = "cpu"
) -> Tensor:
    """The definition over all pairs of the queries in `rows`: `[b or 1, h or 1, t, s]`."""
    b = torch.arange(texts, device=device)[:, None, None, None]
    h = torch.arange(heads, device=device)[:, None, None]
    q = torch.arange(plan.offset, plan.keys, device=device)[rows, None]
    return four_axes(pattern.count(b, h, q, torch.arange(plan.keys, device=device), plan))


def four_axes(met: Tensor) -> Tensor:
    """Counts with an axis for text, head, query and key, of length 1 where it makes no difference."""
    return met[(None,) * (4 - met.dim())] if met.dim() < 4 else met


def weights(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    pattern: Pattern,
    plan: Plan,
    keep: Bool[Tensor, "b s"] | None = None,
    score: Any = None,
    *,
    rows: slice = slice(None),
) -> Float[Tensor, "b h n s"]:
    """softmax over the kept keys of score + log(count), for the queries in `rows`; one that sees nothing is zero."""
    met = counts(pattern, plan, query.shape[0], query.shape[1], rows=rows, device=query.device)
    if keep is not None:
        met = met * keep[:, None, None, :]
    first = plan.offset + rows.indices(plan.queries)[0]
    scores = (score or Scaled()).rows(query[:, :, rows], key, first) + met.to(query.dtype).log()
    blind = (met == 0).all(-1, keepdim=True)
    return scores.masked_fill(blind, 0.0).softmax(-1).masked_fill(blind, 0.0)


def reference(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s d"],
    pattern: Pattern,
    plan: Plan,
    keep: Bool[Tensor, "b s"] | None = None,
    score: Any = None,
) -> Float[Tensor, "b h t d"]:
    return weights(query, key, pattern, plan, keep, score) @ value
