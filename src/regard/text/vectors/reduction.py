"""Vectors brought down to two numbers each, for a map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.errors import UsageError
from regard.registry import unknown_word

METHODS = ("pca", "tsne")
PERPLEXITY = 30
"""How many neighbours t-SNE keeps near a word; of few words it is a third of them."""
FEWEST = 5


@dataclass(frozen=True)
class Plane:
    """Places `[n 2]`, and a sentence on what they say."""

    places: np.ndarray
    told: str


def plane(unit: np.ndarray, *, method: str = "pca", seed: int = 1) -> Plane:
    """Two numbers for each vector `[n d]`: its first two principal components, or t-SNE (Van der Maaten and Hinton
    2008). The same seed gives the same places. Raises `UsageError` for an unknown method or too few words."""
    if method not in METHODS:
        raise UsageError(unknown_word("method", method, list(METHODS)))
    fewest = 2 if method == "pca" else FEWEST
    if len(unit) < fewest:
        raise UsageError(f"a map of {len(unit)} words says nothing", mend=f"name at least {fewest} that have vectors")
    return _principal(unit) if method == "pca" else _neighbourly(unit, seed)


def _principal(unit: np.ndarray) -> Plane:
    centred = (unit - unit.mean(axis=0)).astype(np.float64)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    # A component's sign is the linear algebra library's whim: here its largest part is made positive.
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])
    places = np.zeros((len(unit), 2))
    found = min(2, len(axes))
    places[:, :found] = centred @ (axes * signs[:, None])[:found].T
    shares = np.zeros(2)
    shares[:found] = (lengths**2)[:found] / max((lengths**2).sum(), np.finfo(float).tiny)
    told = (
        f"Principal components 1 (across, {shares[0]:.0%} of the variance) and 2 (up, {shares[1]:.0%}): "
        "words far apart differ; words near each other may differ in what is not shown."
    )
    return Plane(places, told)


def _neighbourly(unit: np.ndarray, seed: int) -> Plane:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(unit) - 1) / 3)
    # Exact: its cost is the square of the number of words, which nobody could read on a map if they were many.
    reduce = TSNE(2, perplexity=perplexity, init="pca", random_state=seed, method="exact")
    told = "t-SNE: neighbours are alike; how far groups lie from each other, and the two directions, mean nothing."
    return Plane(reduce.fit_transform(unit.astype(np.float64)), told)
