"""Where transformers keeps the weights of BERT-like encoders (Longformer, BigBird), and where ours have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from regard.nn.post_norm import LayerSizes

# Ours: theirs.
EMBEDDINGS = {
    "embeddings.tokens": "embeddings.word_embeddings",
    "embeddings.places": "embeddings.position_embeddings",
    "embeddings.types": "embeddings.token_type_embeddings",
    "embeddings.norm": "embeddings.LayerNorm",
}
LAYER = {
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "token_wise.output": "attention.output.dense",
    "token_wise.attention_norm": "attention.output.LayerNorm",
    "token_wise.inner": "intermediate.dense",
    "token_wise.outer": "output.dense",
    "token_wise.feed_forward_norm": "output.LayerNorm",
}


def sizes_of(config: Any, *, bias: bool = True) -> LayerSizes:
    return LayerSizes(
        width=config.hidden_size,
        heads=config.num_attention_heads,
        inner=config.intermediate_size,
        dropout=config.hidden_dropout_prob,
        attention_dropout=config.attention_probs_dropout_prob,
        activation=config.hidden_act,
        epsilon=config.layer_norm_eps,
        bias=bias,
    )


def copy(own: nn.Module, other: nn.Module, names: Mapping[str, str]) -> None:
    """Each part of `own` takes the weights of the part of `other` that `names` pairs it with."""
    for mine, theirs in names.items():
        own.get_submodule(mine).load_state_dict(other.get_submodule(theirs).state_dict())


def copy_all(own: Any, other: Any, layer: Mapping[str, str]) -> None:
    """Embeddings, and each layer by the names in `layer`."""
    copy(own, other, EMBEDDINGS)
    for mine, theirs in zip(own.layers.layers, other.encoder.layer, strict=True):
        copy(mine, theirs, layer)
