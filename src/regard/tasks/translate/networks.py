"""An encoder and a decoder as one of transformers' `PreTrainedModel`s, so that its Auto classes can load them
(Sutskever et al. 2014; Bahdanau et al. 2015; Vaswani et al. 2017).

One class an encoder's configuration, because Auto classes go by it; all of them are `Translator`. It answers to the
words of `nn.search` itself: `start` reads the source, `step` and `reorder` are its decoder's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers.utils import ModelOutput

from regard.decoders.base import Decoder
from regard.decoders.rnn import RnnDecoder
from regard.decoders.transformer import TransformerDecoder
from regard.encoders.base import EncoderConfig
from regard.encoders.options import RECURRENT
from regard.nn.dropout import Dropout
from regard.registry import resolve
from regard.tasks.heads import Head, head_class, head_classes, token_loss
from regard.text.batch import IGNORED

SETTINGS: dict[str, Any] = {
    "target_vocab_size": 0,
    "target_positions": 128,
    "decoder_layers": 1,
    "decoder_attention": "additive",
    "tie_target_embedding": True,
    "shared_embedding": True,
    "scaled_source": False,
    "decoder_start_token_id": 2,
    "eos_token_id": 3,
}
"""What a translator's config.json has beside its encoder's settings. `target_positions`: the tokens of the longest
target; `decoder_attention`: how a recurrent decoder attends, or "none"; `shared_embedding`: one for both sides;
`scaled_source`: whether a Transformer's encoder begins as its decoder does (runs before that were trained without)."""


@dataclass
class TranslatorOutput(ModelOutput):
    """`logits` `[b t v]`: of each place the scores of the token after it. `cross_attentions`: of each layer of the
    decoder what it met of the source, `[b h t s]`, where asked for; `loss`, where labels are given, is a token's."""

    loss: Tensor | None = None
    logits: Tensor | None = None
    cross_attentions: tuple[Tensor, ...] | None = None
    encoder_attentions: tuple[Tensor, ...] | None = None


class Translator(Head):
    """Embedding, encoder; decoder with its embedding, its map to the vocabulary, and attention to the encoder."""

    def __init__(self, config: EncoderConfig) -> None:
        for name, value in SETTINGS.items():
            if getattr(config, name, None) is None:
                setattr(config, name, value)
        # Our own modules share the weights; transformers' way of tying them would look for other names.
        config.tie_word_embeddings = False
        super().__init__(config)
        self.embedding_dropout = Dropout(config.embedding_dropout)
        self.encoder = resolve(config.encoder_class)(config)
        self.decoder = _decoder(config, self.encoder.width)
        # What is shared stands in the decoder alone: a file of weights has each of them once.
        own = None if config.shared_embedding else (config.vocab_size, config.embedding_size)
        self.source_embedding = None if own is None else nn.Embedding(*own, padding_idx=config.pad_token_id)
        self.embedding.weight.requires_grad_(config.train_vectors)
        # It begins small, as the map to the vocabulary that it may be too; a first layer would see next to nothing.
        if config.architecture in RECURRENT or (config.scaled_source and config.positions == "learned"):
            self.embedding_scale = config.embedding_size**0.5
        if config.architecture not in RECURRENT:  # words and places together
            self.encoder.scale = self.embedding_scale
        self.post_init()

    @property
    def embedding(self) -> nn.Embedding:
        """That of the source."""
        shared: nn.Embedding = self.decoder.embedding
        return shared if self.source_embedding is None else self.source_embedding

    def get_input_embeddings(self) -> nn.Embedding:
        return self.embedding

    def forward(
        self,
        input_ids: Int[Tensor, "b s"],
        attention_mask: Tensor | None = None,
        decoder_input_ids: Int[Tensor, "b t"] | None = None,
        labels: Int[Tensor, "b t"] | None = None,
        output_attentions: bool = False,
        return_dict: bool = True,
    ) -> TranslatorOutput:
        """Teacher forcing. Without `decoder_input_ids` they are the labels, one to the right, behind the first token.

        Raises `ValueError` where neither is given.
        """
        keep = self._keep(input_ids, attention_mask)
        if decoder_input_ids is None:
            if labels is None:
                raise ValueError("decoder_input_ids or labels are needed; `start` and `step` write without them")
            decoder_input_ids = shifted(labels, self.config.decoder_start_token_id, self.config.pad_token_id)
        encoded = self._encoded(input_ids, keep, output_attentions)
        found = self.decoder(decoder_input_ids, encoded.states, keep, need_weights=output_attentions)
        loss = None
        if labels is not None:
            total, tokens = token_loss(found.logits, labels)
            loss = total / max(tokens, 1)
        return TranslatorOutput(
            loss=loss,
            logits=found.logits,
            cross_attentions=found.attentions,
            encoder_attentions=encoded.attentions,
        )

    def start(self, source: Int[Tensor, "b s"], keep: Bool[Tensor, "b s"] | None = None) -> Any:
        """Read the sources: the state before anything is written."""
        keep = self._keep(source, keep)
        return self.decoder.start(self._encoded(source, keep).states, keep)

    def step(self, ids: Int[Tensor, " b"], state: Any) -> tuple[Float[Tensor, "b v"], Any]:
        return self.decoder.step(ids, state)

    def reorder(self, state: Any, rows: Int[Tensor, " n"]) -> Any:
        return self.decoder.reorder(state, rows)

    def _encoded(self, ids: Tensor, keep: Tensor, need_weights: bool = False) -> Any:
        embedded = self.embedding(ids)
        if self.config.architecture in RECURRENT:
            embedded = embedded * self.embedding_scale
        return self.encoder(self.embedding_dropout(embedded), keep, need_weights=need_weights)

    def _keep(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        return torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()


def _decoder(config: EncoderConfig, memory_width: int) -> Decoder:
    """The decoder that goes with an encoder: recurrent with recurrent, self-attention with self-attention."""
    common: dict[str, Any] = {
        "vocabulary": config.target_vocab_size,
        "embedding_size": config.embedding_size,
        "layers": config.decoder_layers,
        "memory_width": memory_width,
        "pad_id": config.pad_token_id,
        "dropout": config.dropout,
        "embedding_dropout": config.embedding_dropout,
        "tie": config.tie_target_embedding,
    }
    if config.architecture in RECURRENT:
        attention = None if config.decoder_attention == "none" else config.decoder_attention
        return RnnDecoder(cell=config.architecture, width=memory_width, attention=attention, **common)
    return TransformerDecoder(
        width=memory_width,
        heads=config.heads,
        feed_forward_size=config.feed_forward_size,
        max_length=config.target_positions,
        attention_dropout=config.attention_dropout,
        norm=config.norm,
        positions=config.positions,
        **common,
    )


def shifted(labels: Int[Tensor, "b t"], begin: int, pad: int) -> Int[Tensor, "b t"]:
    """What a decoder reads to learn `labels`: the begin token, then each token where the next one is asked for."""
    first = labels.new_full((len(labels), 1), begin)
    return torch.cat([first, labels[:, :-1].masked_fill(labels[:, :-1] == IGNORED, pad)], dim=1)


@cache
def translator_class(config_class: type[EncoderConfig]) -> type[Translator]:
    """The `Translator` of one configuration: RnnConfig gives RnnForSeq2SeqLM."""
    return head_class(Translator, config_class, "ForSeq2SeqLM")


def translator_classes() -> dict[type[EncoderConfig], type[Translator]]:
    """Every configuration of a network that translates, with its class."""
    return head_classes(translator_class, "translate")
