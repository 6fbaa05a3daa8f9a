"""Which tokenizer a recipe asks for: a checkpoint's own, or one to be trained."""

from __future__ import annotations

from typing import Any

from regard.errors import UsageError
from regard.recipe import Recipe
from regard.text.tokenise import load_tokenizer


def own_tokenizer(recipe: Recipe, *, offline: bool = False) -> Any | None:
    """The checkpoint's own tokenizer; None for a network from scratch. Raises `UsageError` for a kind that the model
    can't take."""
    own = recipe.entry.kind == "checkpoint"
    if own != (recipe.tokens.kind == "checkpoint"):
        kinds = "checkpoint" if own else "wordpiece, bpe, word or character"
        raise UsageError(f"tokens.kind: {recipe.model_name} takes {kinds}, given: {recipe.tokens.kind}")
    if not own:
        return None
    from regard.encoders.pretrained import locate

    place, local = locate(recipe.model_name, offline=offline)
    return load_tokenizer(place, local=local)
