"""A decoder without a memory as one of transformers' `PreTrainedModel`s: a language model that its Auto classes load.

One class a configuration, because Auto classes go by it; all of them are `LanguageModel`. The configurations are those
of the encoders: the same word, layers and sizes, read in one direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from jaxtyping import Int
from torch import Tensor, nn
from transformers.utils import ModelOutput

from regard.decoders.base import Decoder
from regard.decoders.rnn import RnnDecoder
from regard.decoders.transformer import TransformerDecoder
from regard.decoders.transformer_xl import TransformerXLDecoder
from regard.encoders.base import EncoderConfig
from regard.encoders.options import RECURRENT
from regard.tasks.heads import Head, head_class, head_classes, token_loss


@dataclass
class LanguageModelOutput(ModelOutput):
    """`logits` `[b t v]`: of each place the scores of the token after it; `loss`, where labels are given, a token's."""

    loss: Tensor | None = None
    logits: Tensor | None = None


class LanguageModel(Head):
    """Embedding, layers that see what stands before, and the map to the vocabulary: one `decoder`, which answers to the
    words of `nn.search`."""

    base_model_prefix = "decoder"

    def __init__(self, config: EncoderConfig) -> None:
        if not hasattr(config, "tie_embeddings"):
            config.tie_embeddings = True
        # Our own modules share the weights; transformers' way of tying them would look for other names.
        config.tie_word_embeddings = False
        super().__init__(config)
        self.decoder = _decoder(config)
        embedding = self.get_input_embeddings()
        embedding.weight.requires_grad_(config.train_vectors)
        # Recurrent decoders and transformer-xl read it scaled by the root of its width, others say by what.
        self.embedding_scale = getattr(self.decoder, "scale", embedding.embedding_dim**0.5)
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.decoder.embedding

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


@cache
def language_model_class(config_class: type[EncoderConfig]) -> type[LanguageModel]:
    """The `LanguageModel` of one configuration: RnnConfig gives RnnForCausalLM."""
    return head_class(LanguageModel, config_class, "ForCausalLM")


def language_model_classes() -> dict[type[EncoderConfig], type[LanguageModel]]:
    """Every configuration of a network that generates, with its language model."""
    return head_classes(language_model_class, "generate")
