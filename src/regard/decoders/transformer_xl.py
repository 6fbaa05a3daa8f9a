"""`transformer-xl`: a language model that reads segment by segment, each with a memory of what came before (Dai et al.
2019, sections 3.2 and 3.3).

Notable: what a token sees depends on where in its segment it stands, and on nothing else: text that is written token by
token has the scores of the same text read at once. No text is too long, and one more token costs the same wherever it
stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.decoders.base import DecoderOutput
from regard.decoders.cache import Cache
from regard.decoders.tied import TiedDecoder
from regard.errors import UsageError
from regard.nn.segments import SegmentBlock, visibility


@dataclass(frozen=True)
class TransformerXLState:
    """Keys and values of each layer of the `filled` tokens that the next one sees: the memory, and `place` tokens of a
    segment. `tables`: what each layer's score has for each distance, `[h memory+segment d]`."""

    rows: int
    caches: tuple[Cache, ...]
    tables: tuple[Float[Tensor, "h r d"], ...]
    length: int = 0
    filled: int = 0
    place: int = 0


class TransformerXLDecoder(TiedDecoder):
    """Embeddings, scaled by sqrt(d) since no positions are added to them; the segments in turn through all layers.

    A token of a segment sees what stands before it in the segment and the last `memory_length` tokens before the
    segment; 0: no memory. In training no gradient enters the memory (section 3.2, "SG"). Raises `UsageError` for a
    width that does not divide into heads, a segment without a token, and a source: it is a language model.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        width: int,
        layers: int,
        heads: int,
        feed_forward_size: int,
        segment_length: int,
        memory_length: int,
        pad_id: int,
        dropout: float,
        embedding_dropout: float,
        attention_dropout: float = 0.0,
        norm: str = "pre",
        embedding_size: int | None = None,
        tie: bool = True,
    ) -> None:
        super().__init__(vocabulary, width, heads, pad_id, embedding_size, None, embedding_dropout, norm, tie)
        if segment_length < 1 or memory_length < 0:
            raise UsageError(
                f"segments of {segment_length} tokens with a memory of {memory_length}",
                mend="segment_length: at least 1; memory_length: at least 0",
            )
        self.segment_length, self.memory_length = segment_length, memory_length
        sizes = (width, heads, feed_forward_size, dropout, attention_dropout, norm)
        self.layers = nn.ModuleList(SegmentBlock(*sizes) for _ in range(layers))

    @property
    def blocks(self) -> list[SegmentBlock]:
        return cast(list[SegmentBlock], list(self.layers))

    def forward(
        self,
        ids: Int[Tensor, "b t"],
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        need_weights: bool = False,
    ) -> DecoderOutput:
        self._check_alone(memory)
        return DecoderOutput(self.forward_from(ids)[0])

    def forward_from(
        self, ids: Int[Tensor, "b t"], memory: tuple[Float[Tensor, "b m d"], ...] | None = None
    ) -> tuple[Float[Tensor, "b t v"], tuple[Float[Tensor, "b n d"], ...]]:
        """The logits of a text that goes on from `memory`, and the memory behind it: what each layer was given for the
        last tokens. Both are for learning from a text in stretches (section 3.2): no gradient of one stretch enters
        those before it.

        A stretch begins a segment: stretches of whole segments are as the text at once. `memory` None: nothing before.
        """
        if memory is None:
            nothing = self.embedding.weight.new_empty(len(ids), 0, self.width)
            memory = (nothing,) * len(self.layers)
        read = []
        for segment in ids.split(self.segment_length, 1):
            states, memory = self._segment(segment, memory)
            read.append(states)
        return self.scores(torch.cat(read, dim=1)), memory

    def _segment(
        self, ids: Int[Tensor, "b t"], memory: tuple[Float[Tensor, "b m d"], ...]
    ) -> tuple[Float[Tensor, "b t d"], tuple[Float[Tensor, "b n d"], ...]]:
        states = self._embedded(ids)
        seen = visibility(states, memory[0].shape[1] + ids.shape[1])
        remembered = []
        for layer, old in zip(self.blocks, memory, strict=True):
            known = torch.cat([old, states.detach() if self.training else states], dim=1)
            remembered.append(known[:, max(0, known.shape[1] - self.memory_length) :])
            states, _ = layer(states, old, seen)
        return states, tuple(remembered)

    def _embedded(self, ids: Int[Tensor, "b t"]) -> Float[Tensor, "b t d"]:
        return self.embedding_dropout(self.widen(self.embedding(ids)) * self.width**0.5)

    def start(
        self,
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        rows: int | None = None,
    ) -> TransformerXLState:
        self._check_alone(memory)
        if rows is None:
            raise ValueError("rows says how many texts are to be written")
        cache = Cache.empty(rows, self.heads, self.head_size, self.embedding.weight)
        furthest = self.memory_length + self.segment_length - 1
        tables = tuple(layer.attention.score.distances(furthest, -1)[:, :-1] for layer in self.blocks)
        return TransformerXLState(rows, (cache,) * len(self.layers), tables)

    def extend(
        self, ids: Int[Tensor, "b t"], state: TransformerXLState
    ) -> tuple[Float[Tensor, "b t v"], TransformerXLState]:
        read, done = [], 0
        while done < ids.shape[1]:
            if state.place == self.segment_length:
                kept = min(self.memory_length, state.filled)
                caches = tuple(cache.last(kept, state.filled) for cache in state.caches)
                state = replace(state, caches=caches, filled=kept, place=0)
            piece = ids[:, done : done + self.segment_length - state.place]
            states, state = self._piece(piece, state)
            read.append(states)
            done += piece.shape[1]
        return self.scores(torch.cat(read, dim=1) if len(read) > 1 else read[0]), state

    def _piece(
        self, ids: Int[Tensor, "b t"], state: TransformerXLState
    ) -> tuple[Float[Tensor, "b t d"], TransformerXLState]:
        """Tokens of one segment."""
        states, caches, tokens = self._embedded(ids), [], ids.shape[1]
        for layer, before, table in zip(self.blocks, state.caches, state.tables, strict=True):
            normed = layer.attention_norm(states) if layer.pre else states
            cache = before.add(layer.attention.project(normed), state.filled)
            caches.append(cache)
            mixed = layer.attention.mix(layer.attention.ask(normed), cache.pairs[:, :, :, : cache.filled], table)
            states = layer.after(states, mixed)
        counts = {name: getattr(state, name) + tokens for name in ("length", "filled", "place")}
        return states, replace(state, caches=tuple(caches), **counts)

    def reorder(self, state: TransformerXLState, rows: Int[Tensor, " n"]) -> TransformerXLState:
        if rows.tolist() == list(range(state.rows)):
            return state
        caches = tuple(cache.of_groups(rows, state.filled) for cache in state.caches)
        return replace(state, rows=len(rows), caches=caches)

    def _check_alone(self, memory: Tensor | None) -> None:
        if memory is not None:
            raise UsageError(
                "a transformer-xl decoder is a language model: it does not attend to a source",
                mend="translate with the decoder transformer, lstm or gru",
            )
