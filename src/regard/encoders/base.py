"""What our encoders share: their configuration, what they return, and how their weights begin.

An encoder takes embeddings and a keep mask and returns states; the head on top belongs to the task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn
from transformers import PretrainedConfig


@dataclass
class EncoderOutput:
    """States `[b t d]` of each token, and the weights `[b h t t]` of each layer where they were asked for."""

    states: Float[Tensor, "b t d"]
    attentions: tuple[Tensor, ...] | None = None


class EncoderConfig(PretrainedConfig):
    """The part of config.json that every encoder of ours has. `architecture` is the word in the registry."""

    encoder_class: ClassVar[str] = ""

    def __init__(
        self,
        architecture: str = "",
        vocab_size: int = 1000,
        embedding_size: int = 100,
        max_position_embeddings: int = 256,
        pad_token_id: int = 0,
        dropout: float = 0.3,
        embedding_dropout: float = 0.2,
        pooling: str = "max",
        train_vectors: bool = True,
        **keywords: Any,
    ) -> None:
        self.architecture = architecture
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.max_position_embeddings = max_position_embeddings
        self.dropout = dropout
        self.embedding_dropout = embedding_dropout
        self.pooling = pooling
        self.train_vectors = train_vectors
        super().__init__(pad_token_id=pad_token_id, **keywords)


class Encoder(nn.Module):
    """Base: `forward(embeddings, keep)` to `EncoderOutput`; `width` is the last dimension of the states."""

    width: int
    bidirectional = False

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        raise NotImplementedError


def initialise(module: nn.Module, embedding_std: float) -> None:
    """The beginning of one module's own weights; transformers calls it for each module of a new model.

    Linear and convolution: Xavier. Recurrent: Xavier for inputs, orthogonal for states (Saxe et al. 2014), forget gate
    open (Jozefowicz et al. 2015). Embedding: normal, padding zero.
    """
    if isinstance(module, nn.Linear | nn.Conv1d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.LayerNorm):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=embedding_std)
        if module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])
    elif isinstance(module, nn.RNNBase):
        _initialise_recurrent(module)


def _initialise_recurrent(module: nn.RNNBase) -> None:
    for name, weight in module.named_parameters(recurse=False):
        if name.startswith("weight_ih"):
            nn.init.xavier_uniform_(weight)
        elif name.startswith("weight_hh"):
            for gate in weight.chunk(weight.shape[0] // weight.shape[1]):
                nn.init.orthogonal_(gate)
        else:
            nn.init.zeros_(weight)
            if isinstance(module, nn.LSTM) and name.startswith("bias_ih"):
                size = weight.shape[0] // 4
                nn.init.ones_(weight[size : 2 * size])
