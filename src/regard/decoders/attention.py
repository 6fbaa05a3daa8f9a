"""The two attentions of a Transformer's decoder: of what was written to what stands before it, and to the memory.

Notable: rows that go on from one sentence (its beams) are one group. What they have in common is kept once a group, and
the queries of a group meet it together.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from regard.decoders.cache import Cache, TransformerState
from regard.nn.fused_attention import fused_attention
from regard.nn.linear import Linear


class SelfAttention(nn.Module):
    """Each token meets itself and what stands before it (Vaswani et al. 2017, sections 3.2.2 and 3.2.3)."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.projection = Linear(width, 3 * width)
        self.output = Linear(width, width)

    def forward(self, states: Float[Tensor, "b t w"]) -> Float[Tensor, "b t w"]:
        """Whole texts at once."""
        query, key, value = self._project(states, len(states)).transpose(1, 3).unbind(2)
        dropout = self.dropout if self.training else 0.0
        mixed = fused_attention(query, key, value, dropout=dropout, causal=True)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def extend(
        self, states: Float[Tensor, "b t w"], cache: Cache, state: TransformerState, seen: Tensor | None
    ) -> tuple[Float[Tensor, "b t w"], Cache]:
        """Further tokens of each row, behind what `state` says was read, and the cache that has them. `seen`: what each
        meets, as a mask or as numbers that are added to scores; all, where it is None."""
        projected = self._project(states, state.groups)
        cache = cache.add(projected[:, :, 1:].permute(2, 0, 3, 1, 4), state.filled)
        key, value = cache.pairs[:, :, :, : cache.filled]
        mixed = F.scaled_dot_product_attention(projected[:, :, 0].transpose(1, 2), key, value, attn_mask=seen)
        return self.output(mixed.transpose(1, 2).reshape(states.shape)), cache

    def _project(self, states: Float[Tensor, "b t w"], groups: int) -> Float[Tensor, "g n 3 h d"]:
        """Queries, keys and values, all rows of a group in one."""
        return self.projection(states).view(groups, -1, 3, self.heads, states.shape[-1] // self.heads)


class CrossAttention(nn.Module):
    """Each token meets the whole memory (section 3.2.3, "encoder-decoder attention")."""

    def __init__(self, width: int, heads: int, memory_width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query = Linear(width, width)
        self.key_value = Linear(memory_width, 2 * width)
        self.output = Linear(width, width)

    def forward(
        self, states: Float[Tensor, "b t w"], memory: Float[Tensor, "2 g h s d"], seen: Tensor | None = None
    ) -> Float[Tensor, "b t w"]:
        """`memory`: keys and values by `project`, of as many texts as rows or of fewer, each then met by rows that
        stand side by side. `seen`: its real tokens, as a mask or as numbers that are added to scores; None: all."""
        key, value = memory
        dropout = self.dropout if self.training else 0.0
        mixed = fused_attention(self._ask(states, len(key)), key, value, seen, dropout=dropout)
        return self.output(mixed.transpose(1, 2).reshape(states.shape))

    def weights(
        self, states: Float[Tensor, "b t w"], memory: Float[Tensor, "2 b h s d"], seen: Bool[Tensor, "b 1 1 s"] | None
    ) -> Float[Tensor, "b h t s"]:
        """How much of each token of the memory each token takes."""
        query = self._ask(states, len(states))
        scores = query @ memory[0].transpose(-1, -2) * query.shape[-1] ** -0.5
        return (scores if seen is None else scores.masked_fill(~seen, float("-inf"))).softmax(-1)

    def _ask(self, states: Float[Tensor, "b t w"], groups: int) -> Float[Tensor, "g h n d"]:
        """Queries, all rows of a group in one."""
        return self.query(states).view(groups, -1, self.heads, states.shape[-1] // self.heads).transpose(1, 2)

    def project(self, memory: Float[Tensor, "b s m"]) -> Float[Tensor, "2 b h s d"]:
        """Keys and values."""
        return self.key_value(memory).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)


def added(seen: Bool[Tensor, "*mask"] | None, like: Tensor) -> Float[Tensor, "*mask"] | None:
    """A mask as numbers that are added to scores: made once for all layers."""
    return (
        None
        if seen is None
        else torch.zeros(seen.shape, dtype=like.dtype, device=like.device).masked_fill_(~seen, float("-inf"))
    )


def real_tokens(keep: Bool[Tensor, "b s"] | None) -> Bool[Tensor, "b 1 1 s"] | None:
    """As a mask, None where all are real. Of a text without a token all are seen: its states then are finite, and do
    not spoil the gradients of the others."""
    if keep is None or bool(keep.all()):
        return None
    return (keep | ~keep.any(-1, keepdim=True))[:, None, None]
