"""`longformer`: a sliding window, and a few global tokens that meet all (Beltagy et al. 2020).

Notable: global tokens ask by projections of their own (section 3.1, "Linear Projections for Global Attention"); what
other tokens see of them is by the ordinary ones. They are few, so their keys and values are never made (nn/folded.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.encoders.base import Encoder, EncoderConfig, EncoderOutput
from regard.encoders.bert_weights import LAYER, copy_all, sizes_of
from regard.nn.attention import Plan, Prepared, pattern
from regard.nn.attention.look import note_rows
from regard.nn.folded import attend_folded
from regard.nn.linear import Linear
from regard.nn.positions import LearnedPositions
from regard.nn.post_norm import (
    LayerSizes,
    PatternedAttention,
    TokenEmbeddings,
    TokenWise,
    prepare_for,
)

GLOBAL = {  # ours: transformers'
    "global_query": "attention.self.query_global",
    "global_key": "attention.self.key_global",
    "global_value": "attention.self.value_global",
}


class LongformerConfig(EncoderConfig):
    model_type = "regard-longformer"
    encoder_class = "regard.encoders.longformer:LongformerEncoder"

    def __init__(
        self,
        architecture: str = "longformer",
        hidden_size: int = 128,
        layers: int = 2,
        heads: int = 4,
        feed_forward_size: int = 512,
        left: int = 128,
        right: int = 128,
        global_tokens: Sequence[int] = (0,),
        attention_dropout: float = 0.0,
        **keywords: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.layers = layers
        self.heads = heads
        self.feed_forward_size = feed_forward_size
        self.left = left
        self.right = right
        self.global_tokens = list(global_tokens)
        self.attention_dropout = attention_dropout
        super().__init__(architecture=architecture, **keywords)


@dataclass(frozen=True)
class GlobalTokens:
    """Where the global tokens of each text stand; entries that are not `real` fill up texts that have fewer."""

    places: Int[Tensor, "b g"]
    real: Bool[Tensor, "b g"]

    @classmethod
    def of(cls, is_global: Bool[Tensor, "b t"]) -> GlobalTokens | None:
        """None where no text has any."""
        number = int(is_global.sum(1).max())
        if not number:
            return None
        places = is_global.byte().argsort(dim=1, descending=True, stable=True)[:, :number]
        return cls(places, is_global.gather(1, places))

    def take(self, states: Float[Tensor, "b t w"]) -> Float[Tensor, "b g w"]:
        return states.gather(1, self.places[..., None].expand(-1, -1, states.shape[-1]))

    def put(self, whole: Float[Tensor, "b t *w"], own: Float[Tensor, "b g *w"]) -> Float[Tensor, "b t *w"]:
        """`whole` with `own` at the places of the global tokens."""
        text = torch.arange(len(whole), device=whole.device)[:, None].expand_as(self.places)
        return whole.index_put((text[self.real], self.places[self.real]), own[self.real].to(whole.dtype))


class LongformerLayer(nn.Module):
    """Attention of the window, attention of the global tokens put in its place where they stand, and the rest.

    `asks`: whether there are ever global tokens, and projections for them.
    """

    def __init__(self, sizes: LayerSizes, asks: bool) -> None:
        super().__init__()
        self.attention = PatternedAttention(sizes)
        self.token_wise = TokenWise(sizes)
        if asks:
            self.global_query, self.global_key, self.global_value = (Linear(sizes.width, sizes.width) for _ in range(3))

    def forward(
        self,
        states: Float[Tensor, "b t w"],
        seen: Prepared,
        padding: Bool[Tensor, "b t"] | None,
        tokens: GlobalTokens | None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "b t w"], Float[Tensor, "b h t t"] | None]:
        mixed, shown = self.attention(states, seen, padding, need_weights)
        if tokens is not None:
            answers, shares = self._ask(states, tokens, seen.keep)
            mixed = tokens.put(mixed, answers)
            if shown is not None:
                shown = tokens.put(shown.transpose(1, 2), shares.transpose(1, 2)).transpose(1, 2)
        return self.token_wise(mixed, states), shown

    def _ask(
        self, states: Float[Tensor, "b t w"], tokens: GlobalTokens, keep: Bool[Tensor, "b t"] | None
    ) -> tuple[Float[Tensor, "b g w"], Float[Tensor, "b h g t"]]:
        heads, dropout = self.attention.heads, self.attention.dropout if self.training else 0.0
        query = self.global_query(tokens.take(states)).unflatten(-1, (heads, -1)).transpose(1, 2)
        mixed, shares = attend_folded(query, states, self.global_key, self.global_value, keep, dropout)
        note_rows(tokens.places, tokens.real, shares)
        return mixed.transpose(1, 2).flatten(2), shares


class LongformerLayers(nn.Module):
    """Layers with a window `(left, right)` each. Without `asks` there may be no global tokens."""

    def __init__(self, sizes: LayerSizes, windows: Sequence[tuple[int, int]], asks: bool = True) -> None:
        super().__init__()
        self.sizes, self.windows = sizes, list(windows)
        self.layers = nn.ModuleList(LongformerLayer(sizes, asks) for _ in self.windows)

    def forward(
        self,
        states: Float[Tensor, "b t w"],
        keep: Bool[Tensor, "b t"],
        is_global: Bool[Tensor, "b t"] | None = None,
        need_weights: bool = False,
    ) -> EncoderOutput:
        """`is_global`: which tokens meet all and are met by all; padding is never global."""
        tokens = None if is_global is None else GlobalTokens.of(is_global := is_global & keep)
        tables = {} if is_global is None or tokens is None else {"is_global": is_global[:, None]}
        plan = Plan(states.shape[1], states.shape[1], tables)
        dropout = self.sizes.attention_dropout if self.training else 0.0
        made = {
            (left, right): prepare_for(
                states, self.sizes.heads, pattern("window", left=left, right=right), keep, plan, dropout
            )
            for left, right in dict.fromkeys(self.windows)
        }
        shown: list[Any] = []
        for layer, window in zip(self.layers, self.windows, strict=True):
            padding = None if made[window].keep is None else ~keep
            states, weights = layer(states, made[window], padding, tokens, need_weights)
            shown.append(weights)
        return EncoderOutput(states, tuple(shown) if need_weights else None)


class LongformerEncoder(Encoder):
    """Embeddings (widened where they are narrower than the layers), learned positions, a norm, layers."""

    def __init__(self, config: LongformerConfig) -> None:
        super().__init__()
        width = self.width = config.hidden_size
        self.global_tokens = config.global_tokens
        self.widen = nn.Identity() if config.embedding_size == width else Linear(config.embedding_size, width)
        self.positions = LearnedPositions(config.max_position_embeddings, width)
        self.norm = nn.LayerNorm(width)
        sizes = LayerSizes(
            width, config.heads, config.feed_forward_size, config.dropout, config.attention_dropout, epsilon=1e-5
        )
        self.layers = LongformerLayers(sizes, [(config.left, config.right)] * config.layers, bool(config.global_tokens))

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        is_global = torch.zeros_like(keep)
        is_global[:, [place for place in self.global_tokens if place < keep.shape[1]]] = True
        return self.layers(self.norm(self.positions(self.widen(embeddings))), keep, is_global, need_weights)


class Longformer(nn.Module):
    """From ids to states, as a checkpoint of transformers' `LongformerModel` has it; any length."""

    def __init__(self, embeddings: TokenEmbeddings, layers: LongformerLayers, pad_id: int) -> None:
        super().__init__()
        self.embeddings, self.layers, self.pad_id = embeddings, layers, pad_id

    def forward(
        self,
        input_ids: Int[Tensor, "b t"],
        attention_mask: Tensor | None = None,
        global_attention_mask: Tensor | None = None,
        token_type_ids: Int[Tensor, "b t"] | None = None,
        need_weights: bool = False,
    ) -> EncoderOutput:
        """Masks `[b t]`: not 0 for a real token; not 0 for a global one (none are where it is not given)."""
        keep = torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()
        # RoBERTa's places: real tokens count from one past the padding's id, and padding stands at that id.
        real = (input_ids != self.pad_id).long()
        places = real.cumsum(1) * real + self.pad_id
        is_global = None if global_attention_mask is None else global_attention_mask.bool()
        return self.layers(self.embeddings(input_ids, places, token_type_ids), keep, is_global, need_weights)


def convert(model: Any) -> Longformer:
    """Ours with the weights of transformers' `LongformerModel`; see `regard.encoders.from_transformers`."""
    config = model.config
    sizes = sizes_of(config)
    places, pad = config.max_position_embeddings, config.pad_token_id
    embeddings = TokenEmbeddings(config.vocab_size, places, config.type_vocab_size, sizes, pad_id=pad, pad_place=pad)
    windows = [(window // 2, window // 2) for window in config.attention_window]
    own = Longformer(embeddings, LongformerLayers(sizes, windows), pad)
    copy_all(own, model, {**LAYER, **GLOBAL})
    return own
