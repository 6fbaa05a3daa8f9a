"""`transformer-xl`: a text read segment by segment, each with a memory of what came before (Dai et al. 2019).

Notable: one segment costs the same wherever it stands, so that time grows with the length of a text and not with its
square; positions are distances, so that no length is too long. In training no gradient enters the memory (section 3.2,
"SG"): what a far token gives is learned from nearer ones. In evaluation it does, since explanations need all of it.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from regard.encoders.base import Encoder, EncoderConfig, EncoderOutput
from regard.nn.linear import Linear
from regard.nn.segments import Memory, SegmentBlock, visibility


class TransformerXLConfig(EncoderConfig):
    model_type = "regard-transformer-xl"
    encoder_class = "regard.encoders.transformer_xl:TransformerXLEncoder"

    def __init__(
        self,
        architecture: str = "transformer-xl",
        hidden_size: int = 128,
        layers: int = 2,
        heads: int = 4,
        feed_forward_size: int = 512,
        norm: str = "pre",
        segment_length: int = 128,
        memory_length: int = 128,
        attention_dropout: float = 0.0,
        **keywords: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.layers = layers
        self.heads = heads
        self.feed_forward_size = feed_forward_size
        self.norm = norm
        self.segment_length = segment_length
        self.memory_length = memory_length
        self.attention_dropout = attention_dropout
        super().__init__(architecture=architecture, **keywords)


class TransformerXLEncoder(Encoder):
    """Embeddings, scaled by sqrt(d) since no positions are added to them; the segments in turn through all layers."""

    def __init__(self, config: TransformerXLConfig) -> None:
        super().__init__()
        width = self.width = config.hidden_size
        self.segment_length, self.memory_length = config.segment_length, config.memory_length
        self.widen = nn.Identity() if config.embedding_size == width else Linear(config.embedding_size, width)
        sizes = (width, config.heads, config.feed_forward_size, config.dropout, config.attention_dropout, config.norm)
        self.layers = nn.ModuleList(SegmentBlock(*sizes) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width) if config.norm == "pre" else nn.Identity()

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        states, weights = [], []
        memory, length, start = self.empty_memory(embeddings), embeddings.shape[1], 0
        for segment, kept in zip(
            embeddings.split(self.segment_length, 1), keep.split(self.segment_length, 1), strict=True
        ):
            remembered, stop = memory.keep.shape[1], start + segment.shape[1]
            read, memory = self.read(segment, kept, memory, need_weights)
            states.append(read.states)
            weights.append([F.pad(shown, (start - remembered, length - stop)) for shown in read.attentions or ()])
            start = stop
        whole = tuple(torch.cat(of_layer, dim=2) for of_layer in zip(*weights, strict=True))
        return EncoderOutput(torch.cat(states, dim=1), whole if need_weights else None)

    def empty_memory(self, embeddings: Float[Tensor, "b t e"]) -> Memory:
        """What stands before the first segment: nothing."""
        nothing = embeddings.new_zeros(embeddings.shape[0], 0, self.width)
        return Memory((nothing,) * len(self.layers), nothing.new_zeros(nothing.shape[:2], dtype=torch.bool))

    def read(
        self,
        embeddings: Float[Tensor, "b t e"],
        keep: Bool[Tensor, "b t"],
        memory: Memory,
        need_weights: bool = False,
    ) -> tuple[EncoderOutput, Memory]:
        """One segment after what is remembered: its states, weights `[b h t m+t]` a layer where they are asked for,
        and the memory for the segment after it. A text that comes in parts is read by this, part by part."""
        states = self.widen(embeddings) * self.width**0.5
        all_kept = torch.cat([memory.keep, keep], dim=1)
        seen = visibility(states, all_kept.shape[1], all_kept)
        remembered, weights = [], []
        for layer, old in zip(self.layers, memory.states, strict=True):
            fresh = states.detach() if self.training else states
            remembered.append(self._last(torch.cat([old, fresh], dim=1)))
            states, shown = layer(states, old, seen, need_weights)
            weights.append(shown)
        output = EncoderOutput(self.norm(states), tuple(weights) if need_weights else None)
        return output, Memory(tuple(remembered), self._last(all_kept))

    def _last(self, tokens: Tensor) -> Tensor:
        return tokens[:, max(0, tokens.shape[1] - self.memory_length) :]
