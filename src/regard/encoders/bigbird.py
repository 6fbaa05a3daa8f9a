"""`bigbird`: blocks of tokens that meet their neighbours, the first and the last, and random ones (Zaheer et al. 2020).

Notable: a network trained here draws its blocks once, from its own seed, and keeps them in prediction; a checkpoint of
transformers' is given the blocks that transformers gives it, which are others in training than in evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.encoders.base import Encoder, EncoderConfig, EncoderOutput
from regard.encoders.bert_weights import LAYER, copy_all, sizes_of
from regard.encoders.bigbird_draw import draw_training, plan_of
from regard.errors import UsageError
from regard.nn.attention import Prepared, pattern
from regard.nn.linear import Linear
from regard.nn.positions import LearnedPositions
from regard.nn.post_norm import LayerSizes, PatternedAttention, TokenEmbeddings, TokenWise, prepare_for


class BigbirdConfig(EncoderConfig):
    model_type = "regard-bigbird"
    encoder_class = "regard.encoders.bigbird:BigbirdEncoder"

    def __init__(
        self,
        architecture: str = "bigbird",
        hidden_size: int = 128,
        layers: int = 2,
        heads: int = 4,
        feed_forward_size: int = 512,
        block_size: int = 64,
        random_blocks: int = 3,
        pattern_seed: int = 0,
        attention_dropout: float = 0.0,
        **keywords: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.layers = layers
        self.heads = heads
        self.feed_forward_size = feed_forward_size
        self.block_size = block_size
        self.random_blocks = random_blocks
        self.pattern_seed = pattern_seed
        self.attention_dropout = attention_dropout
        super().__init__(architecture=architecture, **keywords)


class BigbirdLayer(nn.Module):
    def __init__(self, sizes: LayerSizes) -> None:
        super().__init__()
        self.attention = PatternedAttention(sizes)
        self.token_wise = TokenWise(sizes)

    def forward(
        self,
        states: Float[Tensor, "b t w"],
        seen: Prepared,
        padding: Bool[Tensor, "b t"] | None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "b t w"], Float[Tensor, "b h t t"] | None]:
        mixed, shown = self.attention(states, seen, padding, need_weights)
        return self.token_wise(mixed, states), shown


class BigbirdLayers(nn.Module):
    """Layers, each over the pairs that it is given."""

    def __init__(self, sizes: LayerSizes, number: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(BigbirdLayer(sizes) for _ in range(number))

    def forward(
        self,
        states: Float[Tensor, "b t w"],
        seen: Sequence[Prepared],
        padding: Bool[Tensor, "b t"] | None,
        need_weights: bool = False,
    ) -> EncoderOutput:
        """`padding`: where attention gives zero."""
        shown: list[Any] = []
        for layer, of_layer in zip(self.layers, seen, strict=True):
            states, weights = layer(states, of_layer, padding, need_weights)
            shown.append(weights)
        return EncoderOutput(states, tuple(shown) if need_weights else None)


class BigbirdEncoder(Encoder):
    """Embeddings (widened where they are narrower than the layers), learned positions, a norm, layers."""

    def __init__(self, config: BigbirdConfig) -> None:
        super().__init__()
        width = self.width = config.hidden_size
        self.heads, self.attention_dropout = config.heads, config.attention_dropout
        self.pattern = pattern(
            "bigbird", block_size=config.block_size, random_blocks=config.random_blocks, seed=config.pattern_seed
        )
        self.widen = nn.Identity() if config.embedding_size == width else Linear(config.embedding_size, width)
        self.positions = LearnedPositions(config.max_position_embeddings, width)
        self.norm = nn.LayerNorm(width)
        sizes = LayerSizes(
            width, config.heads, config.feed_forward_size, config.dropout, config.attention_dropout, epsilon=1e-5
        )
        self.layers = BigbirdLayers(sizes, config.layers)

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        states = self.norm(self.positions(self.widen(embeddings)))
        dropout = self.attention_dropout if self.training else 0.0
        seen = prepare_for(states, self.heads, self.pattern, keep, dropout=dropout)
        padding = None if seen.keep is None else ~keep
        return self.layers(states, [seen] * len(self.layers.layers), padding, need_weights)


class Bigbird(nn.Module):
    """From ids to states, as a checkpoint of transformers' `BigBirdModel` has it; any length.

    As there, attention is full for texts of no more than 5 + 2 * random_blocks blocks, and everywhere where `sparse` is
    off. The random blocks are those of transformers, in training and in evaluation.
    """

    def __init__(
        self,
        embeddings: TokenEmbeddings,
        layers: BigbirdLayers,
        sizes: LayerSizes,
        block_size: int,
        random_blocks: int,
        sparse: bool = True,
    ) -> None:
        super().__init__()
        self.embeddings, self.layers, self.sizes, self.sparse = embeddings, layers, sizes, sparse
        self.pattern = pattern("bigbird", block_size=block_size, random_blocks=random_blocks)

    def forward(
        self,
        input_ids: Int[Tensor, "b t"],
        attention_mask: Tensor | None = None,
        token_type_ids: Int[Tensor, "b t"] | None = None,
        need_weights: bool = False,
    ) -> EncoderOutput:
        """`attention_mask` `[b t]`: not 0 for a real token."""
        keep = torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        states = self.embeddings(input_ids, places, token_type_ids)
        seen = self._seen(states, keep)
        # With full attention transformers lets padding ask as well.
        padding = None if seen[0].keep is None or seen[0].layout is None else ~keep
        return self.layers(states, seen, padding, need_weights)

    def _seen(self, states: Float[Tensor, "b t w"], keep: Bool[Tensor, "b t"]) -> list[Prepared]:
        sizes, number, length = self.sizes, len(self.layers.layers), states.shape[1]
        dropout = sizes.attention_dropout if self.training else 0.0
        block, random = self.pattern.options.block_size, self.pattern.options.random_blocks
        if not self.sparse or length <= (5 + 2 * random) * block:
            return [prepare_for(states, sizes.heads, pattern("full"), keep, dropout=dropout)] * number
        if not self.training:
            plan = plan_of(length, block, random, device=states.device)
            return [prepare_for(states, sizes.heads, self.pattern, keep, plan)] * number
        longest = self.embeddings.places.num_embeddings
        tables = (draw_training(length, block, random, sizes.heads, longest, seed) for seed in range(number))
        plans = (plan_of(length, block, random, table, device=states.device) for table in tables)
        return [prepare_for(states, sizes.heads, self.pattern, keep, plan, dropout) for plan in plans]


def convert(model: Any) -> Bigbird:
    """Ours with the weights of transformers' `BigBirdModel`; see `regard.encoders.from_transformers`.

    Whether attention is sparse is asked of its configuration: the model itself turns to full attention, and stays so,
    once it has met a short text. Raises `UsageError` for a decoder.
    """
    config = model.config
    if config.is_decoder or config.add_cross_attention:
        raise UsageError("this BigBird is a decoder, ours an encoder", mend="give a model with is_decoder=False")
    sizes = sizes_of(config, bias=config.use_bias)
    embeddings = TokenEmbeddings(
        config.vocab_size,
        config.max_position_embeddings,
        config.type_vocab_size,
        sizes,
        pad_id=config.pad_token_id,
        scale=config.hidden_size**0.5 if config.rescale_embeddings else 1.0,
        norm_first=False,
    )
    layers = BigbirdLayers(sizes, config.num_hidden_layers)
    sparse = config.attention_type == "block_sparse"
    own = Bigbird(embeddings, layers, sizes, config.block_size, config.num_random_blocks, sparse)
    copy_all(own, model, LAYER)
    return own
