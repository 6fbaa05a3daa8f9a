"""A decoder without a memory as one of transformers' `PreTrainedModel`s: a language model that its Auto classes load.

One class a configuration, because Auto classes go by it; all of them are `LanguageModel`. The configurations are those
of the encoders: the same word, layers and sizes, read in one direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from regard.decoders.base import Decoder
from regard.decoders.rnn import RnnDecoder
from regard.decoders.transformer import TransformerDecoder
from regard.decoders.transformer_xl import TransformerXLDecoder
from regard.encoders.base import EncoderConfig, initialise
from regard.registry import ARCHITECTURES
from regard.tasks.generate.language_models import RECURRENT

IGNORED = -100
"""The label of a place that no token is asked for, as cross-entropy knows it."""


@dataclass
class LanguageModelOutput(ModelOutput):
    """`logits` `[b t v]`: of each place the scores of the token after it; `loss`, where labels are given, a token's."""

    loss: Tensor | None = None
    logits: Tensor | None = None


class LanguageModel(PreTrainedModel):
    """Embedding, layers that see what stands before, and the map to the vocabulary: one `decoder`, which answers to the
    words of `nn.search`."""

    config_class = EncoderConfig
    base_model_prefix = "decoder"
    main_input_name = "input_ids"

    def __init__(self, config: EncoderConfig) -> None:
        if not hasattr(config, "tie_embeddings"):
            config.tie_embeddings = True
        # Our own modules share the weights; transformers' way of tying them would look for other names.
        config.tie_word_embeddings = False
        super().__init__(config)
        self.decoder = _decoder(config)
        self.get_input_embeddings().weight.requires_grad_(config.train_vectors)
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.decoder.embedding

    def _init_weights(self, module: nn.Module) -> None:
        initialise(module, embedding_std=self.config.embedding_size**-0.5)

    def set_word_vectors(self, matrix: Float[Tensor, "v e"]) -> None:
        """Start the embedding from word vectors; after construction, so that no initialisation runs over them."""
        with torch.no_grad():
            weight = self.get_input_embeddings().weight
            # Recurrent decoders and transformer-xl read them scaled by the root of their width, others say by what.
            weight.copy_(matrix / getattr(self.decoder, "scale", weight.shape[1] ** 0.5))
            weight[self.config.pad_token_id] = 0.0

    def forward(
        self,
        input_ids: Int[Tensor, "b t"],
        attention_mask: Tensor | None = None,
        labels: Int[Tensor, "b t"] | None = None,
        return_dict: bool = True,
    ) -> LanguageModelOutput:
        """`labels` are the ids themselves, as transformers has it: each place is asked for the token after it.

        Padding stands on the right, where no token sees it: `attention_mask` changes nothing.
        """
        logits = self.decoder(input_ids).logits
        loss = None
        if labels is not None:
            total, tokens = token_loss(logits[:, :-1], labels[:, 1:])
            loss = total / max(tokens, 1)
        return LanguageModelOutput(loss=loss, logits=logits)


def _decoder(config: EncoderConfig) -> Decoder:
    common: dict[str, Any] = {
        "vocabulary": config.vocab_size,
        "embedding_size": config.embedding_size,
        "width": config.hidden_size,
        "layers": config.layers,
        "memory_width": None,
        "pad_id": config.pad_token_id,
        "dropout": config.dropout,
        "embedding_dropout": config.embedding_dropout,
        "tie": config.tie_embeddings,
    }
    if config.architecture in RECURRENT:
        return RnnDecoder(cell=config.architecture, **common)
    common.update(
        heads=config.heads,
        feed_forward_size=config.feed_forward_size,
        attention_dropout=config.attention_dropout,
        norm=config.norm,
    )
    if config.architecture == "transformer-xl":
        del common["memory_width"]
        lengths = {"segment_length": config.segment_length, "memory_length": config.memory_length}
        return TransformerXLDecoder(**common, **lengths)
    return TransformerDecoder(max_length=config.max_position_embeddings, positions=config.positions, **common)


def token_loss(
    logits: Float[Tensor, "b t v"], labels: Int[Tensor, "b t"], label_smoothing: float = 0.0
) -> tuple[Tensor, int]:
    """Cross-entropy of the tokens asked for, summed, and their number: a sum, so that accumulation is exact."""
    total = F.cross_entropy(
        logits.flatten(0, 1).float(),
        labels.flatten(),
        ignore_index=IGNORED,
        label_smoothing=label_smoothing,
        reduction="sum",
    )
    return total, int((labels != IGNORED).sum())


@cache
def language_model_class(config_class: type[EncoderConfig]) -> type[LanguageModel]:
    """The `LanguageModel` of one configuration: RnnConfig gives RnnForCausalLM."""
    name = config_class.__name__.removesuffix("Config") + "ForCausalLM"
    return type(name, (LanguageModel,), {"config_class": config_class, "__module__": __name__})


def language_model_classes() -> dict[type[EncoderConfig], type[LanguageModel]]:
    """Every configuration of a network that generates, with its language model."""
    entries = [entry for entry in ARCHITECTURES.values() if entry.kind == "network" and "generate" in entry.tasks]
    configs = dict.fromkeys(entry.load() for entry in entries)
    return {config: language_model_class(config) for config in configs}
