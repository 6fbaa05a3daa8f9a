"""A published checkpoint under one of transformers' heads, as a recipe says."""

from __future__ import annotations

from typing import Any

from regard.recipe import Recipe


def published(recipe: Recipe, auto_class: str, what: str, pad_id: int, *, offline: bool = False) -> Any:
    """The recipe's checkpoint under a head without labels, which `auto_class` of transformers names; `what` says in
    errors what it was to be. Raises what `encoders.pretrained.load_head` raises."""
    from regard.encoders.pretrained import load_head

    return load_head(
        auto_class,
        recipe.model_name,
        what,
        labels=None,
        options=recipe.model_options,
        offline=offline,
        pad_token_id=pad_id,
        attention=recipe.attention,
        max_length=recipe.tokens.max_length,
    )
