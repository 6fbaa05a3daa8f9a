"""Ways of writing with a trained model: what is tried, and how long each takes. No torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

SIGNIFICANCE = 0.05
"""Holm's p of a difference that is no noise is at most this."""
WARM_UP = 4
"""Texts that are written before the clock runs."""

Text = TypeVar("Text")


@dataclass(frozen=True)
class Method:
    """A way of writing: `options` are those of the task's search; `family` is what it is shown among."""

    name: str
    family: str
    options: Mapping[str, Any]


def silent(method: Method) -> None:
    """Nobody hears of a method before it writes."""


def timed(
    tried: Sequence[Method],
    write: Callable[[Method, int | None], list[Text]],
    told: Callable[[Method], None] = silent,
) -> Iterator[tuple[Method, list[Text], float]]:
    """What each method writes, and its seconds for a text. `write` is asked for the first so many texts, or for all;
    `told` hears of each method before it writes."""
    for method in tried:
        told(method)
        write(method, WARM_UP)
        start = time.perf_counter()
        texts = write(method, None)
        yield method, texts, (time.perf_counter() - start) / max(len(texts), 1)
