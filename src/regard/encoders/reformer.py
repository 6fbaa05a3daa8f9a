"""`reformer`: reversible layers with local and hashed attention (Kitaev et al. 2020).

Notable: a text is hashed and cut into chunks as if it stood alone, whatever it is batched with: texts of as many chunks
go through the layers together. transformers takes padding for a part of the text instead, which changes the number of
buckets and who neighbours whom; with `alone=False`, for its checkpoints, so do we.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn
from torch.nn import functional as F

from regard.encoders.base import Encoder, EncoderOutput
from regard.encoders.reformer_config import ReformerConfig
from regard.encoders.reformer_layers import KINDS, Pass, ReformerFeedForward
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear
from regard.nn.positions import AxialPositions, axial_shape, positions
from regard.nn.reversible import run_reversible


class ReformerEncoder(Encoder):
    """Embeddings, positions, reversible layers; the norm of both streams side by side is the states."""

    def __init__(self, config: ReformerConfig) -> None:
        super().__init__()
        self.config, width = config, config.hidden_size
        self.width = 2 * width
        self.widen = nn.Identity() if config.embedding_size == width else Linear(config.embedding_size, width)
        self.positions = _positions(config)
        kinds = [KINDS[config.kinds[layer % len(config.kinds)]] for layer in range(config.layers)]
        self.attentions = nn.ModuleList(kind(config) for kind in kinds)
        self.feed_forwards = nn.ModuleList(ReformerFeedForward(config) for _ in kinds)
        self.norm = nn.LayerNorm(self.width, eps=config.layer_norm_epsilon)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        states = self.positions(self.widen(embeddings))
        tokens, parts = states.shape[1], []
        for texts, length in self._groups(keep):
            parts.append(
                (
                    texts,
                    *self._run(
                        _fitted(_those(states, texts), length), _fitted(_those(keep, texts), length), need_weights
                    ),
                )
            )
        order = torch.cat([texts for texts, *_ in parts]).argsort()
        streams = _together([_fitted(part, tokens) for _, part, _ in parts], order)
        seen = zip(*(layers for *_, layers in parts), strict=True)
        weights = tuple(_together([_square(part, tokens) for part in layer], order) for layer in seen)
        return EncoderOutput(self.dropout(self.norm(streams)), weights if need_weights else None)

    def _groups(self, keep: Bool[Tensor, "b t"]) -> list[tuple[Int[Tensor, " n"], int]]:
        """Texts that go through the layers together, and to how many tokens they are cut or padded."""
        chunks, tokens = self.config.chunk_lengths, keep.shape[1]
        if not self.config.alone:
            whole = math.lcm(*chunks)
            return [
                (torch.arange(len(keep), device=keep.device), tokens + (-tokens % whole if tokens > min(chunks) else 0))
            ]
        last = (keep * torch.arange(1, tokens + 1, device=keep.device)).amax(1).clamp(min=1).tolist()
        groups: dict[tuple[int, ...], list[int]] = {}
        for text, length in enumerate(last):
            groups.setdefault(tuple(-(-length // chunk) for chunk in chunks), []).append(text)
        return [
            (torch.tensor(texts, device=keep.device), max(last[text] for text in texts)) for texts in groups.values()
        ]

    def _run(
        self, states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"], need_weights: bool
    ) -> tuple[Float[Tensor, "b t e"], list[Tensor]]:
        """Both streams side by side, and the weights of each layer."""
        context = Pass(keep, seen=[] if need_weights else None)
        blocks: Any = list(zip(self.attentions, self.feed_forwards, strict=True))
        streams = torch.cat(run_reversible(states, blocks, context), dim=-1)
        seen, context.seen = context.seen or [], None  # what the backward pass computes again is not shown
        return streams, seen


def _those(states: Tensor, texts: Int[Tensor, " n"]) -> Tensor:
    """All of them without a copy: a group lists its texts in their order."""
    return states if len(texts) == len(states) else states[texts]


def _together(parts: list[Tensor], order: Int[Tensor, " b"]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)[order]


def _fitted(states: Shaped[Tensor, "b t *d"], tokens: int) -> Shaped[Tensor, "b n *d"]:
    """Cut, or padded with zeros, to so many tokens."""
    missing = tokens - states.shape[1]
    if missing <= 0:
        return states[:, :tokens]
    return torch.cat([states, states.new_zeros(len(states), missing, *states.shape[2:])], dim=1)


def _square(weights: Float[Tensor, "b h t s"], tokens: int) -> Float[Tensor, "b h n m"]:
    missing = tokens - weights.shape[-1]
    return F.pad(weights, (0, missing, 0, missing)) if missing > 0 else weights[..., :tokens, :tokens]


def _positions(config: ReformerConfig) -> nn.Module:
    if config.positions != "axial":
        return positions(config.positions, config.max_position_embeddings, config.hidden_size)
    quarter = config.hidden_size // 4  # as the published models have it
    widths = config.axial_widths or (quarter, config.hidden_size - quarter)
    return AxialPositions(*(config.axial_shape or axial_shape(config.max_position_embeddings)), *widths)
