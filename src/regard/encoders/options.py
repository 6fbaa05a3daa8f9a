"""Options of the networks, torch-free, so that a recipe is checked before anything heavy is imported.

`recipe_defaults` are the settings outside `[model]` that suit an architecture when the user names none; `examples` are
tiny settings that the contract tests run over.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from regard.recipe import Options

RECURRENT = ("rnn", "lstm", "gru")
"""Networks that hand one state on from token to token."""


class NetworkOptions(Options):
    """What every network from scratch has. `vectors` is an asset's word (glove), a file, or empty for none."""

    vectors: str = Field("", description="word vectors to start from: an asset's word or a file")
    train_vectors: bool = Field(True, description="whether the word vectors go on learning")
    embedding_size: int = Field(100, ge=1, description="overridden by the width of the word vectors")
    dropout: float = Field(0.3, ge=0, lt=1, description="of states and of the pooled vector")
    embedding_dropout: float = Field(0.2, ge=0, lt=1, description="of the embedded tokens")
    recipe_defaults: ClassVar[dict[str, Any]] = {}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)


class RnnOptions(NetworkOptions):
    hidden_size: int = Field(128, ge=1, description="of one direction")
    layers: int = Field(1, ge=1, description="one on the other")
    bidirectional: bool = Field(True, description="reads both ways")
    pooling: Literal["last", "mean", "max", "attention"] = Field(
        "attention", description="how the states of a text become one vector"
    )
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"hidden_size": 8, "embedding_size": 12, "pooling": "attention"},
        {"hidden_size": 8, "embedding_size": 12, "pooling": "last", "layers": 2},
        {"hidden_size": 8, "embedding_size": 12, "pooling": "max", "bidirectional": False},
        {"hidden_size": 8, "embedding_size": 12, "pooling": "mean"},
    )
    recipe_defaults: ClassVar[dict[str, Any]] = {
        "tokens": {"kind": "word", "vocabulary_size": 30_000},
        "training": {"learning_rate": 2e-3, "epochs": 4, "batch_tokens": 8192, "warmup_steps": 0.05},
    }


class LstmOptions(RnnOptions):
    """An LSTM; the same options as the plain recurrent network."""


class GruOptions(RnnOptions):
    """A GRU; the same options as the plain recurrent network."""


class CnnOptions(NetworkOptions):
    """Kim 2014, section 3.1: widths 3, 4, 5 with 100 feature maps each, dropout 0.5."""

    widths: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (3, 4, 5), min_length=1, description="tokens that a filter sees"
    )
    channels: int = Field(100, ge=1, description="filters of each width")
    dropout: float = Field(0.5, ge=0, lt=1, description="of the pooled vector")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"channels": 8, "embedding_size": 12},
        {"channels": 8, "embedding_size": 12, "widths": [1, 2]},
    )
    recipe_defaults: ClassVar[dict[str, Any]] = {
        "tokens": {"kind": "word", "vocabulary_size": 30_000},
        "training": {"learning_rate": 1e-3, "epochs": 4, "batch_tokens": 8192, "warmup_steps": 0.05},
    }


class TransformerOptions(NetworkOptions):
    hidden_size: int = Field(128, ge=2, description="width of the states")
    layers: int = Field(2, ge=1, description="one on the other")
    heads: int = Field(4, ge=1, description="attention heads a layer")
    feed_forward_size: int = Field(512, ge=1, description="inner width of the feed-forward nets")
    norm: Literal["pre", "post"] = Field("pre", description="layer norm before each part, or after each residual")
    positions: Literal["learned", "sinusoidal"] = Field("learned", description="how a token knows its place")
    pooling: Literal["first", "mean", "max", "attention"] = Field(
        "mean", description="how the states of a text become one vector"
    )
    attention_dropout: float = Field(0.0, ge=0, lt=1, description="of attention weights; slow on a CPU")

    unused: ClassVar[tuple[str, ...]] = ("head.attention",)

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> TransformerOptions:
        if self.hidden_size % self.heads:
            raise ValueError(f"heads: {self.heads} of them do not divide a hidden_size of {self.hidden_size}")
        return self

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "embedding_size": 16},
        {"hidden_size": 16, "heads": 4, "feed_forward_size": 32, "embedding_size": 12, "norm": "post"},
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "positions": "sinusoidal", "pooling": "first"},
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "pooling": "attention", "layers": 1},
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "pooling": "max", "layers": 1},
    )
    recipe_defaults: ClassVar[dict[str, Any]] = {
        "tokens": {"kind": "wordpiece", "vocabulary_size": 16_000},
        "training": {"learning_rate": 1e-3, "epochs": 4, "batch_tokens": 8192, "warmup_steps": 0.1},
    }


class TransformerXlOptions(NetworkOptions):
    hidden_size: int = Field(128, ge=2, description="width of the states")
    layers: int = Field(2, ge=1, description="one on the other")
    heads: int = Field(4, ge=1, description="attention heads a layer")
    feed_forward_size: int = Field(512, ge=1, description="inner width of the feed-forward nets")
    norm: Literal["pre", "post"] = Field("pre", description="layer norm before each part, or after each residual")
    segment_length: int = Field(128, ge=1, le=2**24, description="tokens read at a time")
    memory_length: int = Field(128, ge=0, le=2**24, description="tokens before a segment that each layer still meets")
    pooling: Literal["last", "mean", "max", "attention"] = Field(
        "mean", description="how the states of a text become one vector"
    )
    attention_dropout: float = Field(0.0, ge=0, lt=1, description="of attention weights")

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> TransformerXlOptions:
        if self.hidden_size % self.heads:
            raise ValueError(f"heads: {self.heads} of them do not divide a hidden_size of {self.hidden_size}")
        return self

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "segment_length": 4, "memory_length": 4},
        {
            "hidden_size": 16,
            "heads": 4,
            "feed_forward_size": 32,
            "embedding_size": 12,
            "segment_length": 5,
            "memory_length": 7,
            "norm": "post",
            "pooling": "last",
        },
        {
            "hidden_size": 16,
            "heads": 2,
            "feed_forward_size": 32,
            "segment_length": 6,
            "memory_length": 2,
            "layers": 1,
            "pooling": "attention",
        },
    )
    recipe_defaults: ClassVar[dict[str, Any]] = {
        "tokens": {"kind": "wordpiece", "vocabulary_size": 16_000, "max_length": 1024},
        "training": {"learning_rate": 1e-3, "epochs": 4, "batch_tokens": 8192, "warmup_steps": 0.1},
    }


class ReformerOptions(NetworkOptions):
    hidden_size: int = Field(128, ge=4, description="width of each of the two streams")
    layers: int = Field(2, ge=1, description="one on the other")
    kinds: tuple[Literal["local", "lsh"], ...] = Field(
        ("local", "lsh"), min_length=1, description="of attention, in turn from layer to layer"
    )
    heads: int = Field(4, ge=1, description="attention heads a layer")
    feed_forward_size: int = Field(512, ge=1, description="inner width of the feed-forward nets")
    chunk_length: int = Field(64, ge=1, le=2**24, description="tokens a chunk; each meets its own and the one before")
    rounds: int = Field(
        2, ge=1, le=64, description="times the text is hashed: more is nearer to full attention, and slower"
    )
    hash_seed: int = Field(0, ge=0, lt=2**63, description="of the hash: the same in training and in prediction")
    pooling: Literal["first", "mean", "max", "attention"] = Field(
        "mean", description="how the states of a text become one vector"
    )
    attention_dropout: float = Field(0.0, ge=0, lt=1, description="of attention weights")

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> ReformerOptions:
        if self.hidden_size % self.heads:
            raise ValueError(f"heads: {self.heads} of them do not divide a hidden_size of {self.hidden_size}")
        return self

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "chunk_length": 8},
        {
            "hidden_size": 16,
            "heads": 4,
            "feed_forward_size": 32,
            "embedding_size": 12,
            "chunk_length": 6,
            "kinds": ["lsh"],
            "layers": 1,
            "pooling": "first",
        },
        {
            "hidden_size": 16,
            "heads": 2,
            "feed_forward_size": 32,
            "chunk_length": 6,
            "kinds": ["local"],
            "layers": 1,
            "pooling": "attention",
        },
    )
    recipe_defaults: ClassVar[dict[str, Any]] = {
        "tokens": {"kind": "wordpiece", "vocabulary_size": 16_000, "max_length": 1024},
        "training": {"learning_rate": 1e-3, "epochs": 4, "batch_tokens": 8192, "warmup_steps": 0.1},
    }


class LongTextOptions(NetworkOptions):
    """What `longformer` and `bigbird` share."""

    hidden_size: int = Field(128, ge=2, description="width of the states")
    layers: int = Field(2, ge=1, description="one on the other")
    heads: int = Field(4, ge=1, description="attention heads a layer")
    feed_forward_size: int = Field(512, ge=1, description="inner width of the feed-forward nets")
    pooling: Literal["first", "mean", "max", "attention"] = Field(
        "mean", description="how the states of a text become one vector"
    )
    attention_dropout: float = Field(0.0, ge=0, lt=1, description="of attention weights; slower on a CPU")

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> LongTextOptions:
        if self.hidden_size % self.heads:
            raise ValueError(f"heads: {self.heads} of them do not divide a hidden_size of {self.hidden_size}")
        return self

    recipe_defaults: ClassVar[dict[str, Any]] = {
        "tokens": {"kind": "wordpiece", "vocabulary_size": 16_000, "max_length": 1024},
        "training": {"learning_rate": 1e-3, "epochs": 4, "batch_tokens": 8192, "warmup_steps": 0.1},
    }


class LongformerOptions(LongTextOptions):
    left: int = Field(128, ge=0, le=2**24, description="tokens before a token that it meets, itself not counted")
    right: int = Field(128, ge=0, le=2**24, description="tokens after a token that it meets, itself not counted")
    global_tokens: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (0,), description="places of a text that meet all and are met by all"
    )
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "left": 2, "right": 2},
        {"hidden_size": 16, "heads": 4, "feed_forward_size": 32, "embedding_size": 12, "left": 3, "right": 0},
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "global_tokens": [], "pooling": "first"},
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "left": 1, "right": 1, "global_tokens": [0, 3, 17]},
    )


class BigbirdOptions(LongTextOptions):
    block_size: int = Field(64, ge=1, le=2**24, description="tokens a block")
    random_blocks: int = Field(3, ge=0, le=1024, description="blocks drawn for each block, for each head apart")
    pattern_seed: int = Field(0, ge=0, lt=2**32, description="of the draw: the same in training and in prediction")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "block_size": 3, "random_blocks": 1},
        {"hidden_size": 16, "heads": 4, "feed_forward_size": 32, "embedding_size": 12, "pooling": "first"},
        {"hidden_size": 16, "heads": 2, "feed_forward_size": 32, "block_size": 2, "random_blocks": 2},
    )


class CheckpointOptions(Options):
    """Fine-tuning. Attention dropout is off: on a CPU it costs the fused kernel (docs/log.md)."""

    dropout: float = Field(0.1, ge=0, lt=1, description="wherever the checkpoint has one")
    attention_dropout: float = Field(0.0, ge=0, lt=1, description="of attention weights; slow on a CPU")
    unused: ClassVar[tuple[str, ...]] = ("tokens.vocabulary_size", "tokens.minimum_frequency", "tokens.lowercase")
    recipe_defaults: ClassVar[dict[str, Any]] = {
        "tokens": {"kind": "checkpoint", "max_length": 256, "strategy": "head+tail"},
        "training": {
            "learning_rate": 1e-4,
            "epochs": 1,
            "batch_tokens": 4096,
            "max_batch_examples": 32,
            "warmup_steps": 0.1,
        },
    }
