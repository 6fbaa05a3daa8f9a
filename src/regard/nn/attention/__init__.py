"""The heart: which query meets which key, how they score, and what runs it.

`pattern("window", left=128, right=128)` and `score("additive", heads=4, head_size=16)` make a part by its word;
`prepare` and `attend` run it; `reference` is the oracle.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from regard.errors import UsageError
from regard.nn.attention.engine import Prepared, attend, prepare
from regard.nn.attention.pattern import Pattern, Plan
from regard.nn.attention.reference import reference, weights
from regard.nn.attention.scores.score import Score
from regard.registry import PATTERNS, SCORES

__all__ = ["Pattern", "Plan", "Prepared", "Score", "attend", "pattern", "prepare", "reference", "score", "weights"]


def pattern(word: str, **settings: Any) -> Pattern:
    """The pattern of this word. Raises `UsageError` for a word, a setting or a value that does not exist."""
    entry = PATTERNS[word]
    try:
        options = entry.load_options()(**settings)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"]) or word
        raise UsageError(
            f"attention {word}: {where}: {found['msg']}",
            mend=f"its settings: {_settings(entry.load_options()) or 'none'}",
        ) from None
    made: Pattern = entry.load()(options)
    return made


def _settings(options: Any) -> str:
    """Each with its default, as `--set` takes it."""
    defaults = options().model_dump(mode="json")
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in defaults.items())


def score(word: str, heads: int = 1, head_size: int = 1) -> Score:
    """The score of this word, with weights of its own where it has any. Raises `UsageError`."""
    made: Score = SCORES[word].load()(heads, head_size)
    return made
