"""A classifying head on our encoders, as transformers' `PreTrainedModel`s, so that its Auto classes can load them.

One class an encoder's configuration, because Auto classes go by it; all of them are `TextClassifier`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.utils import ModelOutput

from regard.encoders.base import EncoderConfig
from regard.nn.dropout import Dropout
from regard.nn.pooling import Pooling
from regard.registry import resolve
from regard.tasks.heads import Head, head_class, head_classes


@dataclass
class ClassifierOutput(ModelOutput):
    """`logits` `[b k]`; `attentions` a layer `[b h t t]` and `pooling_weights` `[b t]` where the model has them."""

    loss: Tensor | None = None
    logits: Tensor | None = None
    attentions: tuple[Tensor, ...] | None = None
    pooling_weights: Tensor | None = None


def classification_loss(
    logits: Float[Tensor, "b k"],
    labels: Tensor,
    *,
    multi_label: bool,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy for one label `[b]`; for several `[b k]` binary cross-entropy, averaged over the labels."""
    if not multi_label:
        return F.cross_entropy(logits, labels, label_smoothing=label_smoothing, reduction=reduction)
    target = labels.to(logits.dtype) * (1 - label_smoothing) + label_smoothing / 2
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(1)
    return loss.sum() if reduction == "sum" else loss.mean()


class TextClassifier(Head):
    """Embedding, encoder, pooling, dropout, one linear map to the labels."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.embedding.weight.requires_grad_(config.train_vectors)
        self.embedding_dropout = Dropout(config.embedding_dropout)
        self.encoder = resolve(config.encoder_class)(config)
        self.pooling = Pooling(config.pooling, self.encoder.width, self.encoder.bidirectional)
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(self.encoder.width, config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.embedding

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.embedding = value

    def forward(
        self,
        input_ids: Int[Tensor, "b t"] | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Float[Tensor, "b t e"] | None = None,
        labels: Tensor | None = None,
        output_attentions: bool = False,
        return_dict: bool = True,
    ) -> ClassifierOutput:
        embeddings = self.embedding(input_ids) if inputs_embeds is None else inputs_embeds
        if attention_mask is None:
            attention_mask = torch.ones(embeddings.shape[:2], device=embeddings.device)
        keep = attention_mask.bool()
        encoded = self.encoder(self.embedding_dropout(embeddings), keep, need_weights=output_attentions)
        pooled, weights = self.pooling(encoded.states, keep)
        logits = self.head(self.dropout(pooled))
        loss = None
        if labels is not None:
            multi_label = self.config.problem_type == "multi_label_classification"
            loss = classification_loss(logits, labels, multi_label=multi_label)
        return ClassifierOutput(loss=loss, logits=logits, attentions=encoded.attentions, pooling_weights=weights)


@cache
def classifier_class(config_class: type[EncoderConfig]) -> type[TextClassifier]:
    """The `TextClassifier` of one configuration: RnnConfig gives RnnForSequenceClassification."""
    return head_class(TextClassifier, config_class, "ForSequenceClassification")


def classifier_classes() -> dict[type[EncoderConfig], type[TextClassifier]]:
    """Every configuration that the registry's networks name, with its classifier."""
    return head_classes(classifier_class)
