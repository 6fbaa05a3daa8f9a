"""What a recipe for questions describes: its encoder of questions with contexts, and its network with new weights."""

from __future__ import annotations

from typing import Any

from regard.recipe import Recipe
from regard.records import QuestionCorpus
from regard.tasks.published import published
from regard.tasks.scratch import from_scratch
from regard.tasks.tokens import own_tokenizer
from regard.text.normalise import Normaliser
from regard.text.pair_encoder import PairEncoder
from regard.text.tokenise import train_tokenizer


def pair_encoder(recipe: Recipe, tokenizer: Any) -> PairEncoder:
    """The encoder that a recipe describes, around a tokenizer."""
    tokens = recipe.tokens
    return PairEncoder(
        tokenizer,
        Normaliser(recipe.preprocess),
        tokens.max_length,
        tokens.window_stride,
        tokens.max_windows,
        recipe.head_options.max_question_tokens,
    )


def train_encoder(recipe: Recipe, train: QuestionCorpus, *, offline: bool = False) -> PairEncoder:
    """A checkpoint's own tokenizer, or one trained on the contexts, each once, and the questions."""
    if tokenizer := own_tokenizer(recipe, offline=offline):
        return pair_encoder(recipe, tokenizer)
    normaliser = Normaliser(recipe.preprocess)
    texts = (normaliser(text).text for text in (*dict.fromkeys(train.texts), *train.questions))
    return pair_encoder(recipe, train_tokenizer(texts, recipe.tokens))


def build_network(recipe: Recipe, encoder: PairEncoder, *, offline: bool = False) -> Any:
    """An untrained network, or a checkpoint with a new head. Its weights begin from `recipe.seed`."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.entry.kind != "checkpoint":
            return _from_scratch(recipe, encoder)
        return published(
            recipe, "AutoModelForQuestionAnswering", "a model that answers questions", encoder.pad_id, offline=offline
        )


def _from_scratch(recipe: Recipe, encoder: PairEncoder) -> Any:
    from regard.tasks.answer.networks import finder_class

    return from_scratch(recipe, encoder, finder_class)
