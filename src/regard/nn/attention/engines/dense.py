"""All pairs, for short texts and for patterns that leave few pairs out: torch's fused attention, or the score itself.

Notable: a CPU's fused kernel has no dropout, and torch then keeps all probabilities; ours runs in the open instead.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from regard.nn.attention.engines.bias import log_counts
from regard.nn.attention.engines.kernel import Piece, attend_pieces
from regard.nn.attention.engines.selections import Blocks
from regard.nn.attention.pattern import Grid, Pattern, Plan
from regard.nn.attention.reference import counts, four_axes
from regard.nn.fused_attention import fused_attention


def bias_of(
    pattern: Pattern, plan: Plan, keep: Bool[Tensor, "b s"] | None, texts: int, heads: int, like: Tensor
) -> tuple[Tensor | None, Tensor | None]:
    """The logarithm of the counts `[b or 1, h or 1, t or 1, s]`, and which rows see nothing; None where nothing is
    hidden and nothing counted twice."""
    hidden = None if keep is None or bool(keep.all()) else ~keep[:, None, None, :]
    met, block = _met(pattern, plan, texts, heads, like)
    if bool((met == 1).all()):
        if hidden is None:
            return None, None
        met, block = met.new_ones(1, 1, 1, 1), 1
    bias = _spread(log_counts(met, like), block, plan.keys)
    if hidden is not None:
        bias = bias.masked_fill(hidden, float("-inf"))
    elif bool(met.any(-1).all()):
        return bias, None
    blind = (bias == float("-inf")).all(-1, keepdim=True)
    return bias, blind if bool(blind.any()) else None


def _met(pattern: Pattern, plan: Plan, texts: int, heads: int, like: Tensor) -> tuple[Tensor, int]:
    """The counts of all pairs, or of a grid those of one query and one key a block, and how long a block is."""
    layout = pattern.layout(plan) if plan.queries == plan.keys else None
    if not isinstance(layout, Grid) or not layout.alike:
        return counts(pattern, plan, texts, heads, device=like.device), 1
    firsts = torch.arange(0, plan.keys, layout.block, device=like.device)
    text = torch.arange(texts, device=like.device)[:, None, None, None]
    head = torch.arange(heads, device=like.device)[:, None, None]
    return four_axes(pattern.count(text, head, firsts[:, None], firsts, plan)), layout.block


def _spread(bias: Tensor, block: int, length: int) -> Tensor:
    """The bias of every pair from that of every pair of blocks."""
    if block == 1:
        return bias
    texts, heads, rows, columns = bias.shape
    whole = bias[:, :, :, None, :, None].expand(texts, heads, rows, block, columns, block)
    return whole.reshape(texts, heads, rows * block, columns * block)[:, :, :length, :length]


def attend_dense(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s v"],
    bias: Tensor | None,
    blind: Tensor | None,
    scale: float,
    dropout: float,
) -> Float[Tensor, "b h t v"]:
    """For scores that are inner products."""
    if dropout and query.device.type == "cpu":
        return _dropped(query, key, value, bias, scale, dropout)
    mixed = fused_attention(query, key, value, bias, dropout=dropout, scale=scale)
    return mixed if blind is None else mixed.masked_fill(blind, 0.0)


def attend_open(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, blind: Tensor | None, score: Any, dropout: float
) -> Tensor:
    """For any score."""
    scores = score(query, key)
    if bias is not None:
        scores = scores + bias
    if blind is not None:
        scores = scores.masked_fill(blind, 0.0)
    shares = scores.softmax(-1)
    if blind is not None:
        shares = shares.masked_fill(blind, 0.0)
    return F.dropout(shares, dropout) @ value


def _dropped(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, scale: float, dropout: float) -> Tensor:
    """One piece a text."""
    queries, keys = Blocks(0, 1, query.shape[2], query.shape[2]), Blocks(0, 1, key.shape[2], key.shape[2])
    pieces = []
    for text in range(query.shape[0]):
        of_text = None if bias is None else bias[text if bias.shape[0] > 1 else 0][:, None]
        pieces.append(Piece(text, queries, keys, of_text))
    return attend_pieces(query, key, value, pieces, scale, dropout)
