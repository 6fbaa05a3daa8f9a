"""`rnn`, `lstm` and `gru`: recurrent layers, one or both directions (Elman 1990; Hochreiter and Schmidhuber 1997;
Cho et al. 2014)."""

from __future__ import annotations

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from regard.encoders.base import Encoder, EncoderConfig, EncoderOutput
from regard.nn.dropout import Dropout
from regard.nn.recurrent import RecurrentLayer


class RnnConfig(EncoderConfig):
    model_type = "regard-rnn"
    encoder_class = "regard.encoders.rnn:RnnEncoder"

    def __init__(
        self,
        architecture: str = "lstm",
        hidden_size: int = 128,
        layers: int = 1,
        bidirectional: bool = True,
        **keywords: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.layers = layers
        self.bidirectional = bidirectional
        super().__init__(architecture=architecture, **keywords)


class RnnEncoder(Encoder):
    """Recurrent layers with dropout between them; the cell is named by `config.architecture`."""

    def __init__(self, config: RnnConfig) -> None:
        super().__init__()
        # `hidden_size` is that of one direction, as the field counts it.
        self.width = config.hidden_size * (2 if config.bidirectional else 1)
        self.bidirectional = config.bidirectional
        inputs = [config.embedding_size] + [self.width] * (config.layers - 1)
        self.layers = nn.ModuleList(
            RecurrentLayer(config.architecture, size, self.width, config.bidirectional) for size in inputs
        )
        self.dropout = Dropout(config.dropout)

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        states = self.layers[0](embeddings, keep)
        for layer in self.layers[1:]:
            states = layer(self.dropout(states), keep)
        return EncoderOutput(states)
