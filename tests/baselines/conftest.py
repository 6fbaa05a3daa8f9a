"""Small made-up corpora, in which words decide the label with some noise, and baselines fitted on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from regard.baselines.linear import LinearBaseline
from regard.records import Label
from regard.registry import ARCHITECTURES

FILLER = ["the", "a", "film", "was", "with", "and", "of", "it", "in", "that", "plot", "actors", "scene"]
TELLING = {
    "negative": ["dull", "awful", "boring", "worst", "weak"],
    "neutral": ["average", "fair", "middling", "ordinary", "plain"],
    "positive": ["great", "lovely", "moving", "best", "superb"],
}

BASELINES = {
    word: (entry.load(), entry.load_options())
    for word, entry in ARCHITECTURES.items()
    if entry.kind == "baseline" and issubclass(entry.load(), LinearBaseline)
}
SITUATIONS = ["binary", "multi-class", "multi-label"]


@dataclass(frozen=True)
class Texts:
    texts: list[str]
    labels: list[Label]
    names: list[str]
    multi_label: bool


def make_texts(situation: str, n: int, *, seed: int) -> Texts:
    """`n` texts: one of two labels, one of three, or any number of three."""
    generator = np.random.default_rng(seed)
    names = [name for name in TELLING if situation != "binary" or name != "neutral"]
    several = situation == "multi-label"
    labels: list[Label] = [
        tuple(name for name in names if generator.random() < 0.4) if several else names[i % len(names)]
        for i in range(n)
    ]
    return Texts([_text(label, names, generator) for label in labels], labels, names, several)


def _text(label: Label, names: list[str], generator: np.random.Generator) -> str:
    words = list(generator.choice(FILLER, size=8))
    for name in (label,) if isinstance(label, str) else label:
        words += list(generator.choice(TELLING[name], size=2))
    if generator.random() < 0.1:
        words.append(generator.choice(TELLING[generator.choice(names)]))
    generator.shuffle(words)
    return " ".join(map(str, words)) + " !"


@pytest.fixture(scope="session")
def texts() -> Callable[..., Texts]:
    return make_texts


@pytest.fixture(scope="session")
def fit() -> Callable[..., LinearBaseline[Any]]:
    """`fit(word, texts, **options)`: a fitted baseline."""

    def fit(word: str, texts: Texts, *, seed: int = 1, **options: Any) -> LinearBaseline[Any]:
        baseline, options_class = BASELINES[word]
        return baseline(options_class(**options)).fit(texts.texts, texts.labels, texts.names, texts.multi_label, seed)

    return fit


@pytest.fixture(
    scope="session", params=[(word, situation) for word in BASELINES for situation in SITUATIONS], ids="-".join
)
def fitted(request: pytest.FixtureRequest, fit: Callable[..., LinearBaseline[Any]]) -> LinearBaseline[Any]:
    """Each baseline in each situation."""
    word, situation = request.param
    return fit(word, make_texts(situation, 120, seed=1))
