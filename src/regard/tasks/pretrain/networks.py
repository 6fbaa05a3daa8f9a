"""A masked language model's head on our encoders, as transformers' `PreTrainedModel`s, so that its Auto classes can
load them (Devlin et al. 2019, section 3.1 and appendix A.2).

One class an encoder's configuration, because Auto classes go by it; all of them are `MaskedLanguageModel`. Embedding,
encoder and pooling have the names that they have in a classifier, a tagger and a finder of answers: these begin from a
pretrained one's weights by `from_pretrained` alone. Loss and reading take any model: ours, and transformers' own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.utils import ModelOutput

from regard.encoders.base import EncoderConfig
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear, linear
from regard.nn.pooling import Pooling
from regard.registry import resolve
from regard.tasks.heads import Head, head_class, head_classes
from regard.text.batch import IGNORED

SEGMENTS = 2
"""Two halves of a sequence."""


@dataclass
class MaskedOutput(ModelOutput):
    """`logits` `[b t v]`, or `[n v]` of the places that were chosen; `seq_relationship_logits` `[b 2]` where two halves
    are judged: the first says that the second follows, as transformers has it. `loss` is a place's on average."""

    loss: Tensor | None = None
    logits: Tensor | None = None
    seq_relationship_logits: Tensor | None = None
    attentions: tuple[Tensor, ...] | None = None


class Vocabulary(nn.Module):
    """Linear map, GELU, layer norm, then the embedding's own weights as the map to the vocabulary, with a bias."""

    def __init__(self, width: int, embedding_size: int, vocabulary_size: int) -> None:
        super().__init__()
        self.dense = Linear(width, embedding_size)
        self.norm = nn.LayerNorm(embedding_size)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def forward(self, states: Float[Tensor, "*n d"], embedding: Float[Tensor, "v e"]) -> Float[Tensor, "*n v"]:
        return linear(self.norm(F.gelu(self.dense(states))), embedding, self.bias)


class MaskedLanguageModel(Head):
    """Embedding of tokens (and halves), encoder, `Vocabulary`; with `config.next_sentence` also pooling and one linear
    map that says whether the second half follows the first."""

    _input_embed_layer = "embedding"

    def __init__(self, config: EncoderConfig) -> None:
        config.next_sentence = getattr(config, "next_sentence", False)
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.embedding.weight.requires_grad_(config.train_vectors)
        self.segment = nn.Embedding(SEGMENTS, config.embedding_size) if config.next_sentence else None
        self.embedding_dropout = Dropout(config.embedding_dropout)
        self.encoder = resolve(config.encoder_class)(config)
        self.vocabulary = Vocabulary(self.encoder.width, config.embedding_size, config.vocab_size)
        self.pooling = self.follows = None
        if config.next_sentence:
            self.pooling = Pooling(config.pooling, self.encoder.width, self.encoder.bidirectional)
            self.dropout = Dropout(config.dropout)
            self.follows = nn.Linear(self.encoder.width, 2)
        self.post_init()

    def forward(
        self,
        input_ids: Int[Tensor, "b t"] | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Int[Tensor, "b t"] | None = None,
        inputs_embeds: Float[Tensor, "b t e"] | None = None,
        labels: Int[Tensor, "b t"] | None = None,
        chosen: Bool[Tensor, "b t"] | None = None,
        output_attentions: bool = False,
        return_dict: bool = True,
    ) -> MaskedOutput:
        """`chosen`: the places whose logits are computed, row by row, all where it is None; `labels`: what stood at
        each place of all, -100 where nothing is asked; `token_type_ids`: which half a token is of."""
        embeddings = self.embedding(input_ids) if inputs_embeds is None else inputs_embeds
        if attention_mask is None:
            attention_mask = torch.ones(embeddings.shape[:2], device=embeddings.device)
        if self.segment is not None:
            halves = torch.zeros_like(attention_mask, dtype=torch.long) if token_type_ids is None else token_type_ids
            embeddings = embeddings + self.segment(halves)
        keep = attention_mask.bool()
        encoded = self.encoder(self.embedding_dropout(embeddings), keep, need_weights=output_attentions)
        states = encoded.states if chosen is None else encoded.states[chosen]
        logits = self.vocabulary(states, self.embedding.weight)
        judged = None
        if self.pooling is not None and self.follows is not None:
            judged = self.follows(self.dropout(self.pooling(encoded.states, keep)[0]))
        loss = None
        if labels is not None:
            wanted = labels if chosen is None else labels[chosen]
            loss = F.cross_entropy(logits.flatten(0, -2), wanted.flatten(), ignore_index=IGNORED)
        return MaskedOutput(loss=loss, logits=logits, seq_relationship_logits=judged, attentions=encoded.attentions)


def read_chosen(model: Any, batch: Mapping[str, Tensor]) -> tuple[Float[Tensor, "n v"], Float[Tensor, "b 2"] | None]:
    """Logits of the places `batch["chosen"]` `[b t]`, row by row, and of whether the second half follows the first,
    where the model judges that. The map to the vocabulary, the dearest part, is computed there only."""
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in batch}
    if isinstance(model, MaskedLanguageModel):
        output = model(**inputs, chosen=batch["chosen"])
        return output.logits, output.seq_relationship_logits
    with _only(model.base_model, batch["chosen"]):
        output = model(**inputs)
    logits = output.logits if "logits" in output else output.prediction_logits
    return logits[0], output.get("seq_relationship_logits")


@contextmanager
def _only(encoder: nn.Module, chosen: Bool[Tensor, "b t"]) -> Iterator[None]:
    """Heads of transformers' masked language models read the encoder's states token by token: inside, they are handed
    those of the places chosen, as one row."""

    def pick(module: nn.Module, arguments: Any, output: Any) -> Any:
        output.last_hidden_state = output.last_hidden_state[chosen][None]
        return output

    hook = encoder.register_forward_hook(pick)
    try:
        yield
    finally:
        hook.remove()


def masked_loss(
    logits: Float[Tensor, "n v"],
    labels: Int[Tensor, " n"],
    judged: Float[Tensor, "b 2"] | None = None,
    follows: Int[Tensor, " b"] | None = None,
) -> tuple[Tensor, int]:
    """Cross-entropy summed over the places, and their number: a sum, so that accumulation is exact. `follows`: 0 where
    the second half of a sequence follows the first, 1 where it does not, -100 where there is one half. Both losses are
    means that are added up (appendix A.2): that of the halves therefore counts once a place."""
    total, places = F.cross_entropy(_exact(logits), labels, reduction="sum"), len(labels)
    if judged is not None and follows is not None and bool((follows != IGNORED).any()):
        total = total + places * F.cross_entropy(_exact(judged), follows, ignore_index=IGNORED)
    return total, places


def _exact(logits: Tensor) -> Tensor:
    """Single precision at least: a softmax over thousands of tokens is no matter for half."""
    return logits if logits.dtype == torch.float64 else logits.float()


@cache
def masked_class(config_class: type[EncoderConfig]) -> type[MaskedLanguageModel]:
    """The `MaskedLanguageModel` of one configuration: RnnConfig gives RnnForMaskedLM."""
    return head_class(MaskedLanguageModel, config_class, "ForMaskedLM")


def masked_classes() -> dict[type[EncoderConfig], type[MaskedLanguageModel]]:
    """Every configuration of a network that can be pretrained, with its masked language model."""
    return head_classes(masked_class, "pretrain")
