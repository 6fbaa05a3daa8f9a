"""What a config.json says of a `reformer`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.encoders.base import EncoderConfig


class ReformerConfig(EncoderConfig):
    """`kinds` of attention, `local` or `lsh`, take turns from layer to layer.

    `alone`: a text is hashed and cut into chunks as if it stood alone, whatever it is batched with. `bucket_limit`:
    more buckets than these are drawn as two factors. None stands for what follows from the rest.
    """

    model_type = "regard-reformer"
    encoder_class = "regard.encoders.reformer:ReformerEncoder"

    def __init__(
        self,
        architecture: str = "reformer",
        hidden_size: int = 128,
        layers: int = 2,
        kinds: Sequence[str] = ("local", "lsh"),
        heads: int = 4,
        head_size: int | None = None,
        feed_forward_size: int = 512,
        activation: str = "relu",
        chunk_length: int = 64,
        before: int = 1,
        after: int = 0,
        local_chunk_length: int | None = None,
        local_before: int = 1,
        local_after: int = 0,
        rounds: int = 2,
        buckets: Sequence[int] | None = None,
        bucket_limit: int = 128,
        hash_seed: int = 0,
        causal: bool = False,
        alone: bool = True,
        positions: str = "axial",
        axial_shape: Sequence[int] | None = None,
        axial_widths: Sequence[int] | None = None,
        layer_norm_epsilon: float = 1e-12,
        attention_dropout: float = 0.0,
        local_attention_dropout: float | None = None,
        **keywords: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.layers = layers
        self.kinds = tuple(kinds)
        self.heads = heads
        self.head_size = head_size or hidden_size // heads
        self.feed_forward_size = feed_forward_size
        self.activation = activation
        self.chunk_length = chunk_length
        self.before = before
        self.after = after
        self.local_chunk_length = local_chunk_length or chunk_length
        self.local_before = local_before
        self.local_after = local_after
        self.rounds = rounds
        self.buckets = None if buckets is None else tuple(buckets)
        self.bucket_limit = bucket_limit
        self.hash_seed = hash_seed
        self.causal = causal
        self.alone = alone
        self.positions = positions
        self.axial_shape = None if axial_shape is None else tuple(axial_shape)
        self.axial_widths = None if axial_widths is None else tuple(axial_widths)
        self.layer_norm_epsilon = layer_norm_epsilon
        self.attention_dropout = attention_dropout
        self.local_attention_dropout = attention_dropout if local_attention_dropout is None else local_attention_dropout
        super().__init__(architecture=architecture, **keywords)

    @property
    def chunk_lengths(self) -> tuple[int, ...]:
        """Of the kinds of attention that the layers have."""
        lengths = {"local": self.local_chunk_length, "lsh": self.chunk_length}
        return tuple(lengths[kind] for kind in dict.fromkeys(self.kinds[: self.layers]))
