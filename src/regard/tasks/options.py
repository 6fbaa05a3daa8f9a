"""Options of the tasks, `[head]` in a recipe, torch-free: what stands on the encoder, and how outputs are read off it.

`recipe_defaults` are the settings outside `[head]` that suit a task, by the kind of model; they win over the
architecture's own. `metrics` are the figures of the validation part that may choose the best checkpoint, the first one
by default. `unused` are groups and settings that the task makes no use of.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

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
