"""A head that finds an answer's first and last token on our encoders, as transformers' `PreTrainedModel`s, so that its
Auto classes can load them (the head of Devlin et al. 2019, section 4.2).

One class an encoder's configuration, because Auto classes go by it; all of them are `SpanFinder`. The loss takes any
model with scores of first and last tokens: ours, and transformers' ...ForQuestionAnswering.
"""

from __future__ import annotations

from functools import cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.modeling_outputs import QuestionAnsweringModelOutput

from regard.encoders.base import EncoderConfig
from regard.nn.dropout import Dropout
from regard.registry import resolve
from regard.tasks.heads import Head, head_class, head_classes

SEGMENTS = 2
"""Question and context."""


def span_loss(
    start_logits: Float[Tensor, "b t"],
    end_logits: Float[Tensor, "b t"],
    starts: Int[Tensor, " b"],
    ends: Int[Tensor, " b"],
    keep: Bool[Tensor, "b t"],
) -> tuple[Tensor, int]:
    """Cross-entropy of the first and of the last token over the tokens that are kept, their mean, summed over the
    windows; and the number of windows: a sum, so that accumulation is exact. A window without the answer has [CLS]
    for both (section 4.3)."""
    # Single precision at least: a softmax over hundreds of tokens is no matter for half.
    exact = [logits if logits.dtype == torch.float64 else logits.float() for logits in (start_logits, end_logits)]
    first, last = (
        F.cross_entropy(logits.masked_fill(~keep, -torch.inf), places, reduction="sum")
        for logits, places in zip(exact, (starts, ends), strict=True)
    )
    return (first + last) / 2, len(starts)


class SpanFinder(Head):
    """Embedding of token and segment, encoder, dropout, one linear map to two scores a token: an answer's first, its
    last."""

    _input_embed_layer = "embedding"

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.embedding.weight.requires_grad_(config.train_vectors)
        self.segment = nn.Embedding(SEGMENTS, config.embedding_size)
        self.embedding_dropout = Dropout(config.embedding_dropout)
        self.encoder = resolve(config.encoder_class)(config)
        self.dropout = Dropout(config.dropout)
        # No bias: it would raise all tokens alike, and no softmax over them, nor any comparison of spans, would see it.
        self.head = nn.Linear(self.encoder.width, 2, bias=False)
        self.post_init()

    def forward(
        self,
        input_ids: Int[Tensor, "b t"] | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Int[Tensor, "b t"] | None = None,
        inputs_embeds: Float[Tensor, "b t e"] | None = None,
        start_positions: Int[Tensor, " b"] | None = None,
        end_positions: Int[Tensor, " b"] | None = None,
        output_attentions: bool = False,
        return_dict: bool = True,
    ) -> QuestionAnsweringModelOutput:
        """`token_type_ids`: 0 for the question, 1 for the context (0 for all where they are left out); `inputs_embeds`:
        the tokens' vectors, to which those of the segments are added. `loss`, where positions are given, is a window's
        on average; padding is scored too, for the caller to leave out."""
        embeddings = self.embedding(input_ids) if inputs_embeds is None else inputs_embeds
        if attention_mask is None:
            attention_mask = torch.ones(embeddings.shape[:2], device=embeddings.device)
        if token_type_ids is None:
            token_type_ids = torch.zeros(embeddings.shape[:2], dtype=torch.long, device=embeddings.device)
        keep = attention_mask.bool()
        embeddings = self.embedding_dropout(embeddings + self.segment(token_type_ids))
        encoded = self.encoder(embeddings, keep, need_weights=output_attentions)
        start_logits, end_logits = self.head(self.dropout(encoded.states)).unbind(-1)
        loss = None
        if start_positions is not None and end_positions is not None:
            total, windows = span_loss(start_logits, end_logits, start_positions, end_positions, keep)
            loss = total / max(windows, 1)
        return QuestionAnsweringModelOutput(
            loss=loss, start_logits=start_logits, end_logits=end_logits, attentions=encoded.attentions
        )


@cache
def finder_class(config_class: type[EncoderConfig]) -> type[SpanFinder]:
    """The `SpanFinder` of one configuration: RnnConfig gives RnnForQuestionAnswering."""
    return head_class(SpanFinder, config_class, "ForQuestionAnswering")


def finder_classes() -> dict[type[EncoderConfig], type[SpanFinder]]:
    """Every configuration that the registry's networks name, with its span finder."""
    return head_classes(finder_class)
