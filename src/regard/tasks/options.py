"""Options of the tasks, `[head]` in a recipe, torch-free: what stands on the encoder, and how outputs are read off it.

`recipe_defaults` are the settings outside `[head]` that suit a task, by the kind of model and by its word, which wins;
they win over the architecture's own. `metrics` are the figures of the validation part that may choose the best
checkpoint, the first one by default. `unused` are groups and settings that the task makes no use of.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from regard.recipe import Options


class TaskOptions(Options):
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "loss")
    recipe_defaults: ClassVar[dict[str, dict[str, Any]]] = {}
    network_only: ClassVar[tuple[str, ...]] = ()
    """Settings of the head that only a network from scratch has."""


class ClassifyOptions(TaskOptions):
    """A classifier's head is one linear map; the architecture's options say what is pooled."""

    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "loss")
    unused: ClassVar[tuple[str, ...]] = ("data.question_column",)


class TagOptions(TaskOptions):
    crf: bool = Field(True, description="a linear-chain CRF on the states: tags are chosen together, not one by one")
    character_size: int = Field(30, ge=1, description="width of a character's vector")
    character_channels: int = Field(50, ge=0, description="filters over a word's characters; 0: none")
    character_dropout: float = Field(0.3, ge=0, lt=1, description="of the character vectors")
    word_length: int = Field(30, ge=3, description="characters of a word that are read")
    word_dropout: float = Field(0.0, ge=0, lt=1, description="share of the words that training reads as unknown ones")
    known_words: bool = Field(
        True, description="keep the words that the word vectors know, though training never saw them"
    )

    metrics: ClassVar[tuple[str, ...]] = ("f1", "accuracy", "macro_f1", "loss")
    unused: ClassVar[tuple[str, ...]] = (
        "data.question_column",
        "data.label_separator",
        "tokens.strategy",
        "tokens.window_pooling",
        "model.pooling",
        "training.label_smoothing",
    )
    network_only: ClassVar[tuple[str, ...]] = (
        "crf",
        "character_size",
        "character_channels",
        "character_dropout",
        "word_length",
        "word_dropout",
        "known_words",
    )
    recipe_defaults: ClassVar[dict[str, dict[str, Any]]] = {
        "network": {
            "tokens": {"kind": "word", "vocabulary_size": 100_000, "minimum_frequency": 1, "strategy": "windows"},
            "training": {"epochs": 15, "learning_rate": 2e-3, "batch_tokens": 2048, "max_batch_examples": 32},
        },
        "checkpoint": {
            "tokens": {"max_length": 256, "strategy": "windows"},
            "training": {"epochs": 3, "learning_rate": 1e-4},
        },
    }


class AnswerOptions(TaskOptions):
    max_answer_tokens: int = Field(30, ge=1, description="longer answers are never given")
    max_question_tokens: int = Field(64, ge=1, description="of a longer question the beginning is read")
    alternatives: int = Field(5, ge=1, description="answers that are kept with their probabilities, the best included")
    no_answer: Literal["auto", "never"] = Field(
        "auto", description="auto: an output may be that there is none, where validation has such questions"
    )

    metrics: ClassVar[tuple[str, ...]] = ("f1", "exact_match", "loss")
    unused: ClassVar[tuple[str, ...]] = (
        "data.label_separator",
        "tokens.strategy",
        "tokens.window_pooling",
        "model.pooling",
        "training.label_smoothing",
    )
    recipe_defaults: ClassVar[dict[str, dict[str, Any]]] = {
        "network": {"tokens": {"max_length": 384, "window_stride": 128, "strategy": "windows"}},
        "checkpoint": {
            "tokens": {"max_length": 384, "window_stride": 128, "strategy": "windows"},
            "training": {"epochs": 2, "learning_rate": 1e-4},
        },
    }


class TranslateOptions(TaskOptions):
    """The head of a translator is its decoder; a checkpoint brings its own."""

    attention: Literal["none", "dot", "general", "concat", "additive"] = Field(
        "additive", description="how a recurrent decoder meets the source; none: one vector is all it knows of it"
    )
    decoder_layers: int = Field(0, ge=0, description="one on the other; 0: as many as the encoder has")
    shared_vocabulary: bool = Field(True, description="one tokenizer and one embedding for source and target")
    tie_embeddings: bool = Field(True, description="the map to the vocabulary is the target's embedding")
    scheduled_sampling: float = Field(
        0.0, ge=0, le=1, description="share of its own words that a decoder reads at the end of training"
    )
    max_output_tokens: int = Field(128, ge=2, description="tokens of a target, the end included")
    beams: int = Field(5, ge=1, description="outputs that are followed side by side; 1: greedy")
    length_penalty: float = Field(1.0, description="power of the length that a log-probability is divided by")
    alternatives: int = Field(1, ge=1, description="outputs that are kept, the best included; no more than beams")
    validated_texts: int = Field(500, ge=1, description="of the validation part that are translated in training")

    @model_validator(mode="after")
    def _beams_give_the_alternatives(self) -> TranslateOptions:
        if self.alternatives > self.beams:
            raise ValueError(f"alternatives: {self.beams} beams do not give {self.alternatives} of them")
        return self

    metrics: ClassVar[tuple[str, ...]] = ("bleu", "chrf", "rouge_l", "accuracy", "loss")
    unused: ClassVar[tuple[str, ...]] = (
        "data.question_column",
        "data.label_separator",
        "tokens.window_stride",
        "tokens.window_pooling",
        "tokens.max_windows",
        "model.pooling",
    )
    network_only: ClassVar[tuple[str, ...]] = (
        "attention",
        "decoder_layers",
        "shared_vocabulary",
        "tie_embeddings",
    )
    recipe_defaults: ClassVar[dict[str, dict[str, Any]]] = {
        "network": {
            "tokens": {"kind": "bpe", "vocabulary_size": 8000, "lowercase": False, "max_length": 128},
            "model": {"embedding_size": 256, "hidden_size": 256},
            "training": {
                "epochs": 20,
                "learning_rate": 1e-3,
                "batch_tokens": 4096,
                "max_batch_examples": 256,
                "label_smoothing": 0.1,
                "adam_beta2": 0.98,
            },
        },
        "transformer": {"model": {"layers": 3, "feed_forward_size": 1024, "dropout": 0.3}},
        "checkpoint": {"tokens": {"max_length": 128, "strategy": "head"}, "training": {"epochs": 3}},
    }


class GenerateOptions(TaskOptions):
    """How a language model is scored, and what of a checkpoint goes on learning. LoRA: Hu et al. 2022."""

    stride: int = Field(
        0, ge=0, description="tokens from one window's beginning to the next in scoring; 0: half a window"
    )
    carry: bool = Field(
        True, description="recurrent networks and transformer-xl read on from what they read; else window by window"
    )
    tie_embeddings: bool = Field(True, description="the map to the vocabulary is the embedding")
    lora: bool = Field(False, description="of a checkpoint small matrices beside its weights learn, not these")
    lora_rank: int = Field(8, ge=1, description="of the matrices")
    lora_alpha: float = Field(16.0, gt=0, description="what they add is multiplied by this over the rank")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="of what they read")
    lora_targets: str = Field(
        "all-linear", description="the layers they stand beside: all-linear, or names with commas (q_proj,v_proj)"
    )

    metrics: ClassVar[tuple[str, ...]] = ("bits_per_character", "loss")
    unused: ClassVar[tuple[str, ...]] = (
        "data.label_column",
        "data.question_column",
        "data.label_separator",
        "tokens.strategy",
        "tokens.window_stride",
        "tokens.window_pooling",
        "tokens.max_windows",
        "model.pooling",
        "model.bidirectional",
    )
    network_only: ClassVar[tuple[str, ...]] = ("carry", "tie_embeddings")
    recipe_defaults: ClassVar[dict[str, dict[str, Any]]] = {
        "network": {
            "preprocess": {"html": False, "unicode": False, "control": False, "whitespace": False},
            "tokens": {
                "kind": "bpe",
                "vocabulary_size": 8000,
                "lowercase": False,
                "max_length": 256,
                "strategy": "windows",
            },
            "model": {"embedding_size": 256, "dropout": 0.1, "embedding_dropout": 0.1},
            "training": {
                "epochs": 10,
                "learning_rate": 2e-3,
                "adam_beta2": 0.99,
                "weight_decay": 0.1,
                "warmup_steps": 0.05,
                "lr_scheduler_type": "cosine",
                "batch_tokens": 4096,
                "max_batch_examples": 256,
            },
        },
        "rnn": {"model": {"hidden_size": 512, "bidirectional": False}},
        "lstm": {"model": {"hidden_size": 512, "bidirectional": False}},
        "gru": {"model": {"hidden_size": 512, "bidirectional": False}},
        "transformer": {"model": {"hidden_size": 256, "layers": 4, "feed_forward_size": 1024}},
        "transformer-xl": {
            "model": {
                "hidden_size": 256,
                "layers": 4,
                "feed_forward_size": 1024,
                "segment_length": 64,
                "memory_length": 192,
            }
        },
        "checkpoint": {
            "preprocess": {"html": False, "unicode": False, "control": False, "whitespace": False},
            "tokens": {"max_length": 256, "strategy": "windows"},
            "training": {"learning_rate": 5e-5, "lr_scheduler_type": "cosine"},
        },
    }


class PretrainOptions(TaskOptions):
    """What is hidden (Devlin et al. 2019, appendix A.1). Figures are always measured with 15 % hidden, all behind the
    mask token, so that runs can be compared."""

    mask_share: float = Field(0.15, gt=0, lt=1, description="of the tokens that training hides, drawn anew each epoch")
    mask_token_share: float = Field(0.8, ge=0, le=1, description="of these that read the mask token")
    random_token_share: float = Field(0.1, ge=0, le=1, description="of these that read a random token; others stay")
    whole_word: bool = Field(False, description="all pieces of a word are hidden together")
    next_sentence: bool = Field(
        False, description="half of the windows are put together from two documents, which is to be told"
    )
    documents: Literal["texts", "paragraphs", "lines"] = Field(
        "texts", description="no window holds two of them; paragraphs: blank lines of a text stand between them"
    )

    @model_validator(mode="after")
    def _shares_leave_no_less_than_nothing(self) -> PretrainOptions:
        if self.mask_token_share + self.random_token_share > 1 + 1e-9:
            raise ValueError(
                f"random_token_share: {self.random_token_share} beside a mask_token_share of {self.mask_token_share} "
                "is more than all"
            )
        return self

    metrics: ClassVar[tuple[str, ...]] = ("loss", "accuracy")
    unused: ClassVar[tuple[str, ...]] = (
        "augment",
        "data.label_column",
        "data.question_column",
        "data.label_separator",
        "tokens.strategy",
        "tokens.window_stride",
        "tokens.window_pooling",
        "tokens.max_windows",
        "training.label_smoothing",
    )
    recipe_defaults: ClassVar[dict[str, dict[str, Any]]] = {
        "network": {
            "tokens": {"kind": "wordpiece", "vocabulary_size": 16_000, "strategy": "windows"},
            "model": {"dropout": 0.1, "embedding_dropout": 0.1},
            "training": {"epochs": 10},
        },
        "checkpoint": {"tokens": {"strategy": "windows"}, "training": {"epochs": 3, "learning_rate": 1e-4}},
    }
