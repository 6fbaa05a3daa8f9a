"""What a recipe of a classifier describes: its encoder around a tokenizer, and its network with new weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.recipe import Recipe
from regard.tasks.scratch import from_scratch, numbered
from regard.text.normalise import Normaliser
from regard.text.tokenise import TextEncoder


def text_encoder(recipe: Recipe, tokenizer: Any) -> TextEncoder:
    """The encoder that a recipe describes, around a tokenizer."""
    tokens = recipe.tokens
    return TextEncoder(
        tokenizer,
        Normaliser(recipe.preprocess),
        tokens.max_length,
        tokens.strategy,
        window_stride=tokens.window_stride,
        max_windows=tokens.max_windows,
    )


def build_network(
    recipe: Recipe, encoder: TextEncoder, labels: Sequence[str], multi_label: bool, *, offline: bool = False
) -> Any:
    """An untrained network, or a checkpoint with a new head, for `labels`. Its weights begin from `recipe.seed`."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.entry.kind == "checkpoint":
            return recipe.entry.load()(
                recipe.model_name,
                list(labels),
                multi_label=multi_label,
                options=recipe.model_options,
                offline=offline,
                pad_token_id=encoder.pad_id,
                attention=recipe.attention,
                max_length=recipe.tokens.max_length,
            )
        return _from_scratch(recipe, encoder, labels, multi_label)


def _from_scratch(recipe: Recipe, encoder: TextEncoder, labels: Sequence[str], multi_label: bool) -> Any:
    from regard.tasks.classify.networks import classifier_class

    problem = "multi_label_classification" if multi_label else "single_label_classification"
    return from_scratch(recipe, encoder, classifier_class, problem_type=problem, **numbered(labels))
