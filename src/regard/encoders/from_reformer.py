"""transformers' Reformer as ours, with its weights and the same hidden states."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from regard.encoders.base import EncoderOutput
from regard.encoders.reformer import ReformerEncoder
from regard.encoders.reformer_config import ReformerConfig
from regard.encoders.reformer_layers import ReformerAttention, ReformerFeedForward
from regard.nn.dropout import Dropout


class ReformerModel(nn.Module):
    """Word embeddings and the encoder."""

    def __init__(self, config: ReformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_size)
        self.embedding_dropout = Dropout(config.embedding_dropout)
        self.encoder = ReformerEncoder(config)

    def forward(
        self,
        input_ids: Int[Tensor, "b t"] | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Float[Tensor, "b t d"] | None = None,
        need_weights: bool = False,
    ) -> EncoderOutput:
        """States `[b t 2d]`: both streams. `attention_mask` is 1 or True at real tokens; left out, all are."""
        embeddings = self.embedding(input_ids) if inputs_embeds is None else inputs_embeds
        if attention_mask is None:
            attention_mask = torch.ones(embeddings.shape[:2], device=embeddings.device)
        return self.encoder(self.embedding_dropout(embeddings), attention_mask.bool(), need_weights=need_weights)


def convert_reformer(theirs: Any) -> ReformerModel:
    """Ours with the weights of transformers' `ReformerModel`: the same states within rounding, at any length.

    Theirs draws new rotations at each call unless its configuration has a `hash_seed`; ours takes seed 0 then. Where
    `num_buckets` is not set, theirs keeps for good what it worked out for the first text; ours goes by each batch.
    """
    ours = ReformerModel(_config(theirs.config)).to(next(theirs.parameters()))
    with torch.no_grad():
        for mine, given in zip(_weights(ours), _their_weights(theirs), strict=True):
            mine.copy_(given)
    return ours.train(theirs.training)


def _config(theirs: Any) -> ReformerConfig:
    buckets, root = theirs.num_buckets, int((theirs.max_position_embeddings // theirs.lsh_attn_chunk_length) ** 0.5)
    return ReformerConfig(
        vocab_size=theirs.vocab_size,
        embedding_size=theirs.hidden_size,
        max_position_embeddings=theirs.max_position_embeddings,
        pad_token_id=theirs.pad_token_id,
        hidden_size=theirs.hidden_size,
        layers=len(theirs.attn_layers),
        kinds=tuple(theirs.attn_layers),
        heads=theirs.num_attention_heads,
        head_size=theirs.attention_head_size,
        feed_forward_size=theirs.feed_forward_size,
        activation=theirs.hidden_act,
        chunk_length=theirs.lsh_attn_chunk_length,
        before=theirs.lsh_num_chunks_before,
        after=theirs.lsh_num_chunks_after,
        local_chunk_length=theirs.local_attn_chunk_length,
        local_before=theirs.local_num_chunks_before,
        local_after=theirs.local_num_chunks_after,
        rounds=theirs.num_hashes,
        buckets=(buckets,) if isinstance(buckets, int) else buckets,
        bucket_limit=2 * max(root, theirs.lsh_attn_chunk_length),
        hash_seed=theirs.hash_seed or 0,
        causal=theirs.is_decoder,
        alone=False,
        positions="axial" if theirs.axial_pos_embds else "learned",
        axial_shape=theirs.axial_pos_shape,
        axial_widths=theirs.axial_pos_embds_dim,
        layer_norm_epsilon=theirs.layer_norm_eps,
        dropout=theirs.hidden_dropout_prob,
        embedding_dropout=theirs.hidden_dropout_prob,
        attention_dropout=theirs.lsh_attention_probs_dropout_prob,
        local_attention_dropout=theirs.local_attention_probs_dropout_prob,
    )


def _weights(ours: ReformerModel) -> list[Tensor]:
    """Ours, in the order of `_their_weights`."""
    encoder = ours.encoder
    found = [ours.embedding.weight, *encoder.positions.parameters(), encoder.norm.weight, encoder.norm.bias]
    for attention, feed_forward in zip(encoder.attentions, encoder.feed_forwards, strict=True):
        assert isinstance(attention, ReformerAttention)
        assert isinstance(feed_forward, ReformerFeedForward)
        found += [attention.norm.weight, attention.norm.bias, attention.projection.weight, attention.output.weight]
        for part in (feed_forward.norm, feed_forward.inner, feed_forward.outer):
            found += [part.weight, part.bias]
    return found


def _their_weights(theirs: Any) -> list[Tensor]:
    places = theirs.embeddings.position_embeddings
    tables = (
        [table.flatten(0, -2) for table in places.weights] if hasattr(places, "weights") else [places.embedding.weight]
    )
    norm = theirs.encoder.layer_norm
    found = [theirs.embeddings.word_embeddings.weight, *tables, norm.weight, norm.bias]
    for layer in theirs.encoder.layers:
        norm, own = layer.attention.layer_norm, layer.attention.self_attention
        parts = (own.query_key, own.value) if hasattr(own, "query_key") else (own.query, own.key, own.value)
        joined = torch.cat([part.weight for part in parts])
        found += [norm.weight, norm.bias, joined, layer.attention.output.dense.weight]
        feed_forward = layer.feed_forward
        for part in (feed_forward.layer_norm, feed_forward.dense.dense, feed_forward.output.dense):
            found += [part.weight, part.bias]
    return found
