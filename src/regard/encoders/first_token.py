"""The last layer of BERT and its kin, for the first token only: its state is all that their classifying head reads.

Notable: the same logits and gradients for a layer's work less. The feed-forward runs on one token, and one query needs
neither keys nor values of its own for every token: q·(Kx + k) = (Kᵀq)·x + q·k, and Σ a(Vx + v) = V(Σ ax) + (Σ a)v.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.nn.linear import PLAIN

ASKED = "first_token_only"  # travels from the classifier to its last layer among the keyword arguments


def read_first_token_only(model: Any) -> None:
    """Let a ...ForSequenceClassification of a family named below compute no more of its last layer than it reads.

    All of the layer is computed where attentions or hidden states are asked for, and where the encoder is called by
    itself. Parameters, their names and the configuration stay. Other families, and decoders, are left alone.
    """
    family = FAMILIES.get(model.config.model_type)
    if family is None or getattr(model.config, "is_decoder", False):
        return
    stack, parts, first_token = family
    layer = model.base_model.get_submodule(stack)[-1]
    layer.forward = partial(_forward, layer, parts, first_token)
    model.register_forward_pre_hook(_ask, with_kwargs=True)


def _ask(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    config = model.config
    wanted = (kwargs.get(name, getattr(config, name, False)) for name in ("output_attentions", "output_hidden_states"))
    # Any other attention has a mask of its own kind, or none.
    if config._attn_implementation in ("eager", "sdpa") and not any(wanted):
        kwargs = {**kwargs, ASKED: True}
    return args, kwargs


def _forward(
    layer: Any,
    parts: tuple[str, ...],
    first_token: Callable[..., Tensor],
    hidden_states: Float[Tensor, "b t d"],
    attention_mask: Tensor | None = None,
    *args: Any,
    **kwargs: Any,
) -> Tensor:
    asked = kwargs.pop(ASKED, False)
    # A quantised or adapted projection is no matrix that a product could be taken of.
    if asked and all(type(layer.get_submodule(part)) in PLAIN for part in parts):
        return first_token(layer, hidden_states, None if attention_mask is None else attention_mask[:, :, 0])
    return type(layer).forward(layer, hidden_states, attention_mask, *args, **kwargs)


def _bert(layer: Any, states: Float[Tensor, "b t d"], mask: Tensor | None) -> Float[Tensor, "b 1 d"]:
    own = layer.attention.self
    mixed = attend(states, mask, own.query, own.key, own.value, own.num_attention_heads, own.dropout)
    return layer.feed_forward_chunk(layer.attention.output(mixed, states[:, :1]))


def _distilbert(layer: Any, states: Float[Tensor, "b t d"], mask: Tensor | None) -> Float[Tensor, "b 1 d"]:
    own = layer.attention
    mixed = attend(states, mask, own.q_lin, own.k_lin, own.v_lin, own.n_heads, own.dropout)
    attended = layer.sa_layer_norm(own.out_lin(mixed) + states[:, :1])
    return layer.output_layer_norm(layer.ffn(attended) + attended)


def attend(
    states: Float[Tensor, "b t d"],
    mask: Tensor | None,
    query: nn.Linear,
    key: nn.Linear,
    value: nn.Linear,
    heads: int,
    dropout: nn.Module,
) -> Float[Tensor, "b 1 d"]:
    """Scaled dot-product attention of the first token to all, by the identities above.

    `mask` `[b 1 t]` (or `[b h t]`) is boolean (True = a real token) or added to the scores, as transformers makes it.
    """

    def by_head(parameter: Tensor) -> Tensor:
        return parameter.unflatten(0, (heads, -1))  # [d d] to [h s d], [d] to [h s]

    queries = query(states[:, 0]).unflatten(-1, (heads, -1))
    queries = queries * queries.shape[-1] ** -0.5
    scores = torch.einsum("bhs,hsd->bhd", queries, by_head(key.weight)) @ states.transpose(1, 2)
    scores = scores + (queries * by_head(key.bias)).sum(-1, keepdim=True)
    if mask is not None:
        boolean = mask.dtype == torch.bool
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min) if boolean else scores + mask
    weights = dropout(scores.softmax(-1))
    mixed = torch.einsum("bhd,hsd->bhs", weights @ states, by_head(value.weight))
    # Dropout leaves weights that do not sum to 1.
    mixed = mixed + weights.sum(-1, keepdim=True) * by_head(value.bias)
    return mixed.flatten(1).unsqueeze(1)


BERT = ("encoder.layer", ("attention.self.key", "attention.self.value"), _bert)
# `config.model_type`: where the layers are, the projections that are never run by themselves, the layer.
FAMILIES: dict[str, tuple[str, tuple[str, ...], Callable[..., Tensor]]] = {
    "bert": BERT,
    "roberta": BERT,
    "xlm-roberta": BERT,
    "camembert": BERT,
    "electra": BERT,
    "distilbert": ("transformer.layer", ("attention.k_lin", "attention.v_lin"), _distilbert),
}
