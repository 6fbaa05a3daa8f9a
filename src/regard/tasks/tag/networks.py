"""A tagging head on our encoders, as transformers' `PreTrainedModel`s, so that its Auto classes can load them
(Lample et al. 2016; Ma and Hovy 2016, where the encoder is an LSTM).

One class an encoder's configuration, because Auto classes go by it; all of them are `TextTagger`. Loss and decoding
take any model with scores for each word: ours with a CRF or without, and transformers' ...ForTokenClassification.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.utils import ModelOutput

from regard.encoders.base import EncoderConfig, initialise
from regard.errors import UsageError
from regard.nn.characters import CharacterCnn
from regard.nn.crf import Chain, LinearChainCrf, allowed_by
from regard.nn.dropout import Dropout
from regard.records.tags import scheme_of
from regard.registry import resolve
from regard.tasks.heads import Head, head_class, head_classes
from regard.text.batch import IGNORED

SETTINGS: dict[str, Any] = {
    "crf": False,
    "character_vocab_size": 0,
    "character_size": 30,
    "character_channels": 0,
    "character_dropout": 0.0,
    "word_dropout": 0.0,
    "unk_token_id": None,
}
"""What a tagger's config.json has beside its encoder's settings. `character_channels`: 0 where no characters are read.
`word_dropout`: the share of words that training reads as `unk_token_id`, so that there is something to know of it."""


@dataclass
class TaggerOutput(ModelOutput):
    """`logits` `[b t k]`: scores of each tag of each token, a CRF's emissions. `attentions` a layer `[b h t t]` where
    they are asked for; `loss`, where labels are given, is a word's on average."""

    loss: Tensor | None = None
    logits: Tensor | None = None
    attentions: tuple[Tensor, ...] | None = None


class TextTagger(Head):
    """Word embedding with features of the word's characters beside it, encoder, dropout, one linear map to the tags,
    and a CRF over them where `config.crf` says so. `config.embedding_size` is the width of the words' own vectors."""

    _input_embed_layer = "embedding"

    def __init__(self, config: EncoderConfig) -> None:
        for name, value in SETTINGS.items():
            if not hasattr(config, name):
                setattr(config, name, value)
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.embedding.weight.requires_grad_(config.train_vectors)
        self.characters = _characters(config)
        self.embedding_dropout = Dropout(config.embedding_dropout)
        widened = copy(config)
        widened.embedding_size += config.character_channels
        self.encoder = resolve(config.encoder_class)(widened)
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(self.encoder.width, config.num_labels)
        self.crf = LinearChainCrf(config.num_labels, _allowed(tuple(tags_of(config)))) if config.crf else None
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, LinearChainCrf):
            module.begin()
        else:
            initialise(module, module.embedding_dim**-0.5 if isinstance(module, nn.Embedding) else 1.0)

    def forward(
        self,
        input_ids: Int[Tensor, "b t"] | None = None,
        attention_mask: Tensor | None = None,
        characters: Int[Tensor, "b t c"] | None = None,
        inputs_embeds: Float[Tensor, "b t e"] | None = None,
        labels: Int[Tensor, "b t"] | None = None,
        output_attentions: bool = False,
        return_dict: bool = True,
    ) -> TaggerOutput:
        """`characters`: ids of each token's characters, 0 for padding; `inputs_embeds`: the words' vectors themselves.

        Raises `UsageError` where this tagger reads characters and is given none.
        """
        embeddings = self.embedding(self._some_unknown(input_ids)) if inputs_embeds is None else inputs_embeds
        if attention_mask is None:
            attention_mask = torch.ones(embeddings.shape[:2], device=embeddings.device)
        keep = attention_mask.bool()
        if self.characters is not None:
            if characters is None:
                raise UsageError("this tagger reads characters, and was given none", mend="hand `characters` in")
            embeddings = torch.cat([embeddings, self.characters(characters)], dim=-1)
        encoded = self.encoder(self.embedding_dropout(embeddings), keep, need_weights=output_attentions)
        logits = self.head(self.dropout(encoded.states))
        loss = None
        if labels is not None:
            total, words = tag_loss(self, logits, labels, keep)
            loss = total / max(words, 1)
        return TaggerOutput(loss=loss, logits=logits, attentions=encoded.attentions)

    def _some_unknown(self, ids: Int[Tensor, "b t"] | None) -> Int[Tensor, "b t"] | None:
        share, unknown = self.config.word_dropout, self.config.unk_token_id
        if ids is None or not self.training or not share or unknown is None:
            return ids
        return ids.masked_fill(torch.rand(ids.shape, device=ids.device) < share, unknown)


def _characters(config: EncoderConfig) -> CharacterCnn | None:
    if not config.character_channels:
        return None
    return CharacterCnn(
        config.character_vocab_size,
        config.character_size,
        config.character_channels,
        dropout=config.character_dropout,
    )


def tag_loss(
    model: Any, logits: Float[Tensor, "b t k"], labels: Int[Tensor, "b t"], keep: Bool[Tensor, "b t"]
) -> tuple[Tensor, int]:
    """The loss of all tagged words, summed, and their number: a sum, so that accumulation is exact.

    With a CRF it is the negative log-likelihood of each text's tags as a whole, summed over the texts; divided by the
    number of words it is as large as cross-entropy, so that one learning rate does for both. Places that are not kept,
    or labelled -100, are no part of a text: the words around them follow each other.
    """
    tagged = keep & (labels != IGNORED)
    logits = _exact(logits)
    crf = getattr(model, "crf", None)
    if crf is None:
        target = labels.masked_fill(~tagged, IGNORED)
        return F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum"), int(tagged.sum())
    order = (~tagged).byte().argsort(dim=1, stable=True)
    chosen = logits.gather(1, order[..., None].expand_as(logits))
    return -crf.log_likelihood(chosen, labels.gather(1, order), tagged.gather(1, order)).sum(), int(tagged.sum())


def decode(
    model: Any, logits: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]
) -> tuple[list[list[int]], list[list[float]]]:
    """The tag of each word and its probability; `keep` marks the words, from the left and without a gap.

    With a CRF, tags are those of the likeliest reading of the whole text, and their probabilities the marginals.
    Without one each word speaks for itself, but where the tags follow a scheme (B-, I-) only readings that keep to it
    count, so that no broken entity is given.
    """
    with torch.no_grad():
        logits, chain = _exact(logits), chain_of(model, logits.device)
        if chain is None:
            probabilities, lengths = logits.softmax(-1), keep.sum(1).tolist()
            tags = [row[:length] for row, length in zip(logits.argmax(-1).tolist(), lengths, strict=True)]
        else:
            probabilities, tags = chain.marginals(logits, keep), chain.viterbi(logits, keep)
        rows = zip(probabilities.double().cpu().numpy(), tags, strict=True)
        return tags, [row[np.arange(len(own)), own].tolist() for row, own in rows]


def _exact(logits: Float[Tensor, "b t k"]) -> Float[Tensor, "b t k"]:
    """Single precision at least: what is summed over a text is no matter for half."""
    return logits if logits.dtype == torch.float64 else logits.float()


def chain_of(model: Any, device: torch.device) -> Chain | None:
    """What chooses the tags of a text together: the model's CRF, else the rules of its tags' scheme; None: neither."""
    if (crf := getattr(model, "crf", None)) is not None:
        own: Chain = crf.chain()
        return own
    allowed = _allowed(tuple(tags_of(model.config)))
    return None if allowed is None else Chain.constrained(allowed.to(device))


def tags_of(config: Any) -> list[str]:
    """The tags of a model by their numbers."""
    return [config.id2label[number] for number in range(config.num_labels)]


@cache
def _allowed(tags: tuple[str, ...]) -> Tensor | None:
    scheme = scheme_of(tags)
    return None if scheme is None else allowed_by(scheme, tags)


@cache
def tagger_class(config_class: type[EncoderConfig]) -> type[TextTagger]:
    """The `TextTagger` of one configuration: RnnConfig gives RnnForTokenClassification."""
    return head_class(TextTagger, config_class, "ForTokenClassification")


def tagger_classes() -> dict[type[EncoderConfig], type[TextTagger]]:
    """Every configuration that the registry's networks name, with its tagger."""
    return head_classes(tagger_class)
