"""What reads a text segment by segment, each with a memory of what came before (Dai et al. 2019, Transformer-XL,
sections 3.2 and 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn import attention
from regard.nn.attention.scores.relative import Relative, shifted
from regard.nn.blocks import FeedForward
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear


@dataclass
class Memory:
    """What each layer was given for the last tokens before a segment, `[b m d]` a layer, and which of them are real."""

    states: tuple[Float[Tensor, "b m d"], ...]
    keep: Bool[Tensor, "b m"]


class MemoryAttention(nn.Module):
    """Queries of a segment, keys and values of memory and segment, scores by relative position (section 3.3). All
    projections are without biases, as in the paper; the score has its own u and v in their place."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query = Linear(width, width, bias=False)
        self.key_value = Linear(width, 2 * width, bias=False)
        self.score = Relative(heads, width // heads)
        self.output = Linear(width, width, bias=False)

    def forward(
        self,
        states: Float[Tensor, "b t w"],
        context: Float[Tensor, "b s w"],
        seen: attention.Prepared,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "b t w"], Float[Tensor, "b h t s"] | None]:
        """Mixed states of the segment, and the weights where they are asked for. `context` ends with the segment."""
        query = self.ask(states)
        key, value = (self._heads(part) for part in self.key_value(context).chunk(2, dim=-1))
        dropout = self.dropout if self.training else 0.0
        mixed = attention.attend(query, key, value, seen, score=self.score, dropout=dropout)
        shown = attention.weights(query, key, seen.pattern, seen.plan, seen.keep, self.score) if need_weights else None
        return self.output(mixed.transpose(1, 2).flatten(2)), shown

    def ask(self, states: Float[Tensor, "b t w"]) -> Float[Tensor, "b h t d"]:
        """Queries."""
        return self._heads(self.query(states))

    def project(self, states: Float[Tensor, "b t w"]) -> Float[Tensor, "2 b h t d"]:
        """Keys and values."""
        return self.key_value(states).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)

    def mix(
        self,
        query: Float[Tensor, "b h t d"],
        pairs: Float[Tensor, "2 b h s d"],
        table: Float[Tensor, "h r d"],
    ) -> Float[Tensor, "b t w"]:
        """What `forward` gives without dropout, from queries, keys and values; the queries stand behind all keys but
        the last t. `table`: the score's `distances` down to 0, made once for many calls; at least s of them."""
        (key, value), (tokens, keys) = pairs, (query.shape[2], pairs.shape[3])
        content = (query + self.score.content_bias[:, None]) @ key.transpose(-1, -2)
        place = (query + self.score.position_bias[:, None]) @ table[:, -keys:].transpose(-1, -2)
        # Below 0 are the distances of later tokens, which no query meets.
        scores = (content + shifted(F.pad(place, (0, tokens)), keys)) * query.shape[-1] ** -0.5
        if tokens > 1:
            later = torch.ones(tokens, keys, dtype=torch.bool, device=scores.device).triu(keys - tokens + 1)
            scores = scores.masked_fill(later, float("-inf"))
        return self.output((scores.softmax(-1) @ value).transpose(1, 2).flatten(2))

    def _heads(self, states: Float[Tensor, "b t w"]) -> Float[Tensor, "b h t d"]:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class SegmentBlock(nn.Module):
    """One layer. `post` norms after each residual, as the paper does; `pre` before each part, memory included."""

    def __init__(
        self, width: int, heads: int, inner: int, dropout: float, attention_dropout: float, norm: str = "pre"
    ) -> None:
        super().__init__()
        self.pre = norm == "pre"
        self.attention = MemoryAttention(width, heads, attention_dropout)
        self.feed_forward = FeedForward(width, inner, dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)

    def forward(
        self,
        states: Float[Tensor, "b t d"],
        memory: Float[Tensor, "b m d"],
        seen: attention.Prepared,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "b t d"], Float[Tensor, "b h t s"] | None]:
        context = torch.cat([memory, states], dim=1)
        if self.pre:
            context = self.attention_norm(context)
            mixed, shown = self.attention(context[:, memory.shape[1] :], context, seen, need_weights)
        else:
            mixed, shown = self.attention(states, context, seen, need_weights)
        return self.after(states, mixed), shown

    def after(self, states: Float[Tensor, "b t d"], mixed: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        """The rest of the layer, from its input and what its attention gave for it."""
        states = states + self.dropout(mixed)
        if self.pre:
            return states + self.dropout(self.feed_forward(self.feed_forward_norm(states)))
        states = self.attention_norm(states)
        return self.feed_forward_norm(states + self.dropout(self.feed_forward(states)))


def visibility(
    states: Float[Tensor, "b t d"], keys: int, keep: Bool[Tensor, "b s"] | None = None
) -> attention.Prepared:
    """All that is remembered, and of the segment what stands before a token: `causal`, the queries at the end of
    `keys`."""
    like = states.new_empty(states.shape[0], 1, keys, states.shape[2])
    return attention.prepare(attention.pattern("causal"), states[:, None], like, keep, engine="dense")
