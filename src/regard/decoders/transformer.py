"""`transformer`: a decoder of self-attention layers (Vaswani et al. 2017), with a memory or, without one, as GPT
(Radford et al. 2018).

Notable: one map gives queries, keys and values of all heads; nothing is masked that needs no mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.decoders.attention import CrossAttention, SelfAttention, added, real_tokens
from regard.decoders.base import DecoderOutput
from regard.decoders.cache import Cache, TransformerState
from regard.decoders.lean import LeanDecoder
from regard.decoders.tied import TiedDecoder
from regard.errors import UsageError
from regard.nn.blocks import FeedForward
from regard.nn.dropout import Dropout
from regard.nn.positions import LearnedPositions
from regard.nn.positions import positions as positions_of


class DecoderBlock(nn.Module):
    """One layer. `post` norms after each residual (Vaswani et al. 2017), `pre` before each part (Xiong et al. 2020)."""

    def __init__(
        self,
        width: int,
        heads: int,
        inner: int,
        memory_width: int | None,
        dropout: float,
        attention_dropout: float,
        norm: str = "pre",
    ) -> None:
        super().__init__()
        self.pre = norm == "pre"
        self.attention = SelfAttention(width, heads, attention_dropout)
        self.attention_norm = nn.LayerNorm(width)
        if memory_width is not None:
            self.memory_attention = CrossAttention(width, heads, memory_width, attention_dropout)
            self.memory_norm = nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, inner, dropout)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)

    def forward(
        self,
        states: Float[Tensor, "b t d"],
        look_back: Callable[[Tensor], Tensor],
        look_up: Callable[[Tensor], Tensor] | None = None,
    ) -> Float[Tensor, "b t d"]:
        """`look_back`: attention to the text, `look_up`: to the memory, where there is one."""
        states = self._beside(states, self.attention_norm, look_back)
        if look_up is not None:
            states = self._beside(states, self.memory_norm, look_up)
        return self._beside(states, self.feed_forward_norm, self.feed_forward)

    def _beside(self, states: Tensor, norm: nn.Module, part: Callable[[Tensor], Tensor]) -> Tensor:
        if self.pre:
            return states + self.dropout(part(norm(states)))
        return norm(states + self.dropout(part(states)))


class TransformerDecoder(TiedDecoder):
    """Embeddings (widened where they are narrower than the layers), positions, layers, a last norm if `pre`, scores.

    Learned positions are scaled with the embedding and should begin as it does. `embedding`: one that is shared with
    the source. `memory_width` None: a language model. `tie`: the embedding is the map to the vocabulary too.

    Raises `UsageError` for a width that does not divide into heads and, with learned positions, for a text longer than
    `max_length`.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        width: int,
        layers: int,
        heads: int,
        feed_forward_size: int,
        memory_width: int | None,
        max_length: int,
        pad_id: int,
        dropout: float,
        embedding_dropout: float,
        attention_dropout: float = 0.0,
        embedding_size: int | None = None,
        norm: str = "pre",
        positions: str = "learned",
        embedding: nn.Embedding | None = None,
        tie: bool = True,
    ) -> None:
        super().__init__(vocabulary, width, heads, pad_id, embedding_size, embedding, embedding_dropout, norm, tie)
        self.positions = positions_of(positions, max_length, width)
        # Sinusoidal ones scale the embedding themselves.
        self.scale = self.embedding.embedding_dim**0.5 if positions == "learned" else 1.0
        if isinstance(self.positions, LearnedPositions):
            nn.init.normal_(self.positions.table.weight, std=1 / self.scale)
        sizes = (width, heads, feed_forward_size, memory_width, dropout, attention_dropout, norm)
        self.layers = nn.ModuleList(DecoderBlock(*sizes) for _ in range(layers))

    @property
    def blocks(self) -> list[DecoderBlock]:
        return cast(list[DecoderBlock], list(self.layers))

    def forward(
        self,
        ids: Int[Tensor, "b t"],
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        need_weights: bool = False,
    ) -> DecoderOutput:
        states, seen = self._embedded(ids), real_tokens(keep)
        shown: list[Tensor] = []
        for layer in self.blocks:
            look_up = None if memory is None else _look_up(layer, memory, seen, shown if need_weights else None)
            states = layer(states, layer.attention, look_up)
        return DecoderOutput(self.scores(states), tuple(shown) if shown else None)

    def _embedded(self, ids: Int[Tensor, "b t"], start: int = 0) -> Float[Tensor, "b t d"]:
        if isinstance(self.positions, LearnedPositions) and start + ids.shape[1] > self.positions.table.num_embeddings:
            most = self.positions.table.num_embeddings
            raise UsageError(
                f"a text of {start + ids.shape[1]} tokens, but this decoder's learned positions end at {most}",
                mend=f"cut texts to {most} tokens, train with a larger max_length, or with positions = 'sinusoidal'",
            )
        states = self.positions(self.widen(self.embedding(ids)), start)
        return self.embedding_dropout(states * self.scale if self.scale != 1.0 else states)

    def start(
        self,
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        rows: int | None = None,
    ) -> TransformerState:
        rows = rows if memory is None else len(memory)
        if rows is None:
            raise ValueError("without a memory, rows says how many texts are to be written")
        cache = Cache.empty(rows, self.heads, self.head_size, self.embedding.weight)
        begun = TransformerState(rows, rows, (cache,) * len(self.layers), lean=LeanDecoder.of(self))
        if memory is None:
            return begun
        kept = tuple(layer.memory_attention.project(memory).contiguous() for layer in self.blocks)
        return replace(begun, memory=kept, hidden=added(real_tokens(keep), memory))

    def extend(
        self, ids: Int[Tensor, "b t"], state: TransformerState
    ) -> tuple[Float[Tensor, "b t v"], TransformerState]:
        states = self._embedded(ids, state.length)
        seen = added(state.visible(ids.shape[1]), states)
        if state.lean is not None and not torch.is_grad_enabled():
            logits, caches = state.lean(states, state, seen)
            return logits, state.read(caches, ids.shape[1])
        caches = []
        for number, layer in enumerate(self.blocks):
            look_up = None
            if state.memory:
                look_up = partial(layer.memory_attention, memory=state.memory[number], seen=state.hidden)
            states = layer(states, _look_back(layer, state, seen, caches), look_up)
        return self.scores(states), state.read(caches, ids.shape[1])

    def reorder(self, state: TransformerState, rows: Int[Tensor, " n"]) -> TransformerState:
        return state.reorder(rows)


def _look_back(
    layer: DecoderBlock, state: TransformerState, seen: Tensor | None, caches: list[Cache]
) -> Callable[[Tensor], Tensor]:
    """The next layer's attention to what was read; what it keeps is added to `caches`."""
    before = state.caches[len(caches)]

    def look(states: Tensor) -> Tensor:
        mixed, cache = layer.attention.extend(states, before, state, seen)
        caches.append(cache)
        return mixed

    return look


def _look_up(
    layer: DecoderBlock,
    memory: Float[Tensor, "b s m"],
    seen: Bool[Tensor, "b 1 1 s"] | None,
    shown: list[Tensor] | None,
) -> Callable[[Tensor], Tensor]:
    """The layer's attention to `memory`; its weights are added to `shown` where that is given."""
    pairs = layer.memory_attention.project(memory)

    def look(states: Tensor) -> Tensor:
        if shown is not None:
            shown.append(layer.memory_attention.weights(states, pairs, seen))
        return layer.memory_attention(states, pairs, seen)

    return look
