"""A Hugging Face checkpoint under a head that tags each token; see `regard.encoders.pretrained`."""

from __future__ import annotations

from typing import Any

from regard.encoders.options import CheckpointOptions
from regard.encoders.pretrained import load_head


def load_tagger(
    name: str,
    labels: list[str],
    *,
    options: CheckpointOptions,
    offline: bool = False,
    pad_token_id: int | None = None,
    attention: dict[str, Any] | None = None,
    max_length: int = 0,
) -> Any:
    """transformers' own ...ForTokenClassification for `labels`, the tags; its head is new unless it was trained for the
    same.

    `attention` and `max_length` as in `load_classifier`. Raises `ModelError` for what can't be loaded or has no such
    head, and `UsageError` for a model that can't carry a pattern.
    """
    return load_head(
        "AutoModelForTokenClassification",
        name,
        "a tagger",
        labels=labels,
        options=options,
        offline=offline,
        pad_token_id=pad_token_id,
        attention=attention,
        max_length=max_length,
    )
