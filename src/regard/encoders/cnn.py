"""`cnn`: convolutions of several widths over word vectors, the strongest answer of each filter kept (Kim 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from regard.encoders.base import Encoder, EncoderConfig, EncoderOutput


class CnnConfig(EncoderConfig):
    model_type = "regard-cnn"
    encoder_class = "regard.encoders.cnn:CnnEncoder"

    def __init__(
        self,
        architecture: str = "cnn",
        widths: Sequence[int] = (3, 4, 5),
        channels: int = 100,
        **keywords: Any,
    ) -> None:
        self.widths = list(widths)
        self.channels = channels
        keywords.setdefault("pooling", "max")
        super().__init__(architecture=architecture, **keywords)


class CnnEncoder(Encoder):
    """ReLU(W x[i:i+h] + b) for each width h (equation 2), zeros beyond both ends so that every token starts a window.

    Max pooling over the states is Kim's max over time (section 2). Padding is zeroed first: a text has the same states
    alone and in a batch.
    """

    def __init__(self, config: CnnConfig) -> None:
        super().__init__()
        self.widths = config.widths
        self.width = config.channels * len(config.widths)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(config.embedding_size, config.channels, width) for width in config.widths
        )

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        signal = embeddings.masked_fill(~keep[..., None], 0.0).transpose(1, 2)
        features = [
            F.relu(convolution(F.pad(signal, ((width - 1) // 2, width // 2))))
            for convolution, width in zip(self.convolutions, self.widths, strict=True)
        ]
        return EncoderOutput(torch.cat(features, dim=1).transpose(1, 2))
