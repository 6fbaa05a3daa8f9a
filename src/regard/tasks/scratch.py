"""A network from scratch with the head of a task: what all heads share of how it begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from regard.recipe import Recipe
from regard.text import vectors


def from_scratch(recipe: Recipe, encoder: Any, head_class: Callable[[Any], Any], **settings: Any) -> Any:
    """The recipe's network, untrained, or with word vectors to start from where it names some.

    `head_class` gives the model's class for a configuration class; `settings` are what the head adds to config.json.
    """
    import torch

    options = recipe.model_options.model_dump()
    rows = None
    if source := options.pop("vectors"):
        rows, _ = vectors.load(source).rows_for(encoder.vocabulary, recipe.seed)
        options["embedding_size"] = rows.shape[1]
    config_class = recipe.entry.load()
    config = config_class(
        architecture=recipe.entry.word,
        vocab_size=max(encoder.vocabulary.values()) + 1,
        max_position_embeddings=recipe.tokens.max_length,
        pad_token_id=encoder.pad_id,
        **settings,
        **options,
    )
    model = head_class(config_class)(config)
    if rows is not None:
        model.set_word_vectors(torch.from_numpy(rows))
    return model


def numbered(labels: Sequence[str]) -> dict[str, Any]:
    """The labels as a configuration has them."""
    return {"id2label": dict(enumerate(labels)), "label2id": {label: index for index, label in enumerate(labels)}}
