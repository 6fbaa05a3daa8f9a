"""`transformer`: self-attention layers, trained from scratch (Vaswani et al. 2017)."""

from __future__ import annotations

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from regard.encoders.base import Encoder, EncoderConfig, EncoderOutput
from regard.nn.blocks import TransformerBlock
from regard.nn.linear import Linear
from regard.nn.positions import positions


class TransformerConfig(EncoderConfig):
    model_type = "regard-transformer"
    encoder_class = "regard.encoders.transformer:TransformerEncoder"

    def __init__(
        self,
        architecture: str = "transformer",
        hidden_size: int = 128,
        layers: int = 2,
        heads: int = 4,
        feed_forward_size: int = 512,
        norm: str = "pre",
        positions: str = "learned",
        attention_dropout: float = 0.0,
        **keywords: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.layers = layers
        self.heads = heads
        self.feed_forward_size = feed_forward_size
        self.norm = norm
        self.positions = positions
        self.attention_dropout = attention_dropout
        super().__init__(architecture=architecture, **keywords)


class TransformerEncoder(Encoder):
    """Embeddings (widened where word vectors are narrower than the layers), positions, layers, a last norm if `pre`.

    What goes into the first layer, word and place together, is first multiplied by `scale`.
    """

    scale = 1.0

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        width = self.width = config.hidden_size
        self.widen = nn.Identity() if config.embedding_size == width else Linear(config.embedding_size, width)
        self.positions = positions(config.positions, config.max_position_embeddings, width)
        self.layers = nn.ModuleList(
            TransformerBlock(
                width,
                config.heads,
                config.feed_forward_size,
                config.dropout,
                config.attention_dropout,
                config.norm,
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width) if config.norm == "pre" else nn.Identity()

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        states = self.positions(self.widen(embeddings))
        if self.scale != 1.0:
            states = states * self.scale
        seen = []
        for layer in self.layers:
            states, weights = layer(states, keep, need_weights)
            seen.append(weights)
        return EncoderOutput(self.norm(states), tuple(seen) if need_weights else None)
