"""The parts of a `reformer`'s layers (Kitaev et al. 2020): local and hashed attention, and a feed-forward net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn
from transformers.activations import ACT2FN

from regard.encoders.reformer_config import ReformerConfig
from regard.nn import attention
from regard.nn.attention.patterns.lsh import bucket_factors
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear, activated
from regard.nn.reversible import Memo, ReversiblePart

PIECE = 1024  # tokens that the feed-forward net takes at once: its inner states stay in the cache


@dataclass
class Pass:
    """What the layers of one pass share. `local`: made by the first local layer, the same for all."""

    keep: Bool[Tensor, "b t"]
    local: attention.Prepared | None = None
    seen: list[Tensor] | None = None  # the weights of each layer, where they are asked for


class ReformerAttention(ReversiblePart):
    """Norm, heads, one projection back; no biases."""

    def __init__(self, config: ReformerConfig, parts: int, dropout: float) -> None:
        super().__init__()
        self.config, self.heads, self.attention_dropout = config, config.heads, dropout
        inner = config.heads * config.head_size
        self.norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_epsilon)
        self.projection = Linear(config.hidden_size, parts * inner, bias=False)
        self.output = Linear(inner, config.hidden_size, bias=False)
        self.dropout = Dropout(config.dropout)
        self.score: attention.Score = attention.score("scaled")

    def forward(self, states: Float[Tensor, "b t d"], context: Pass, memo: Memo) -> Float[Tensor, "b t d"]:
        texts, tokens, _ = states.shape
        projected = self.projection(self.norm(states)).view(texts, tokens, -1, self.heads, self.config.head_size)
        parts = projected.permute(2, 0, 3, 1, 4).unbind()
        query, key, value = parts[0], parts[-2], parts[-1]  # of two parts the first is query and key
        prepared = self.prepared(query, key, context, memo)
        if context.seen is not None:
            keep = context.keep
            context.seen.append(attention.weights(query, key, prepared.pattern, prepared.plan, keep, self.score))
        dropout = self.attention_dropout if self.training else 0.0
        mixed = attention.attend(query, key, value, prepared, score=self.score, dropout=dropout)
        return self.dropout(self.output(mixed.transpose(1, 2).reshape(texts, tokens, -1)))

    def prepared(self, query: Tensor, key: Tensor, context: Pass, memo: Memo) -> attention.Prepared:
        raise NotImplementedError

    def pattern(self, word: str, **settings: Any) -> attention.Pattern:
        found = attention.pattern(word, **settings)
        return found & attention.pattern("causal") if self.config.causal else found


class LocalAttention(ReformerAttention):
    """Chunks that meet themselves and their neighbours."""

    def __init__(self, config: ReformerConfig) -> None:
        super().__init__(config, 3, config.local_attention_dropout)

    def prepared(self, query: Tensor, key: Tensor, context: Pass, memo: Memo) -> attention.Prepared:
        if context.local is None:
            config = self.config
            pattern = self.pattern(
                "chunk", chunk_length=config.local_chunk_length, before=config.local_before, after=config.local_after
            )
            dropout = self.attention_dropout if self.training else 0.0
            context.local = attention.prepare(pattern, query, key, context.keep, dropout=dropout)
        return context.local


class LshAttention(ReformerAttention):
    """Tokens whose shared query and key vector hashes alike (section 2). Who meets whom is kept for the backward pass:
    rounding must not change it."""

    def __init__(self, config: ReformerConfig) -> None:
        super().__init__(config, 2, config.attention_dropout)
        self.score = attention.score("shared", config.heads, config.head_size)

    def prepared(self, query: Tensor, key: Tensor, context: Pass, memo: Memo) -> attention.Prepared:
        if "prepared" not in memo:
            config, length = self.config, query.shape[2]
            length += -length % config.chunk_length
            pattern = self.pattern(
                "lsh",
                chunk_length=config.chunk_length,
                before=config.before,
                after=config.after,
                rounds=config.rounds,
                buckets=config.buckets or bucket_factors(length, config.chunk_length, config.bucket_limit),
                seed=config.hash_seed,
            )
            dropout = self.attention_dropout if self.training else 0.0
            memo["prepared"] = attention.prepare(pattern, query, key, context.keep, dropout=dropout, score=self.score)
        prepared: attention.Prepared = memo["prepared"]
        return prepared


class ReformerFeedForward(ReversiblePart):
    """Norm, two linear maps; a piece of the tokens at a time (section 3, "Chunking")."""

    piece = PIECE

    def __init__(self, config: ReformerConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_epsilon)
        self.inner = Linear(config.hidden_size, config.feed_forward_size)
        self.activation = ACT2FN[config.activation]
        self.outer = Linear(config.feed_forward_size, config.hidden_size)
        self.dropout = Dropout(config.dropout)

    def forward(self, states: Float[Tensor, "b t d"], context: Pass, memo: Memo) -> Float[Tensor, "b t d"]:
        inner = self.dropout(activated(self.inner, self.norm(states), self.activation))
        return self.dropout(self.outer(inner))


KINDS = {"local": LocalAttention, "lsh": LshAttention}
