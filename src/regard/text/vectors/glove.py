"""GloVe: word vectors whose products are the logarithms of how often words stand near each other.

Pennington, Socher and Manning 2014, equations 8 and 9. A side, words or contexts, is one matrix `[v d+1]`: vectors and,
in the last column, their biases. With 1 in the other side's last column a gradient is then one product for both.

Notable: pairs are taken in batches, and a batch's gradient is a sparse matrix (a row a word, a column a pair) times the
vectors it met; no loop runs over pairs.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

logger = logging.getLogger("regard")

X_MAX = 100
"""A pair counted so often or more has weight 1 (section 3)."""
ALPHA = 0.75
"""Below that a pair's weight is (count / X_MAX) to this power (section 3)."""
LEARNING_RATE = 0.05
"""Of AdaGrad (section 4.2)."""
BATCH, STEPS = 4096, 100
"""Pairs of a step at most, and steps of an epoch at least: a small text would else hardly be learned."""


def weight(counts: np.ndarray) -> np.ndarray:
    """Equation 9: how much a pair with this count weighs, from 0 to 1."""
    return np.minimum((counts / X_MAX) ** ALPHA, 1)


def loss(met_words: np.ndarray, met_contexts: np.ndarray, counts: np.ndarray) -> tuple[float, np.ndarray]:
    """Equation 8 over the pairs of a batch, and its derivative by each pair's sum of product and biases `[n]`.

    `met_words` and `met_contexts` `[n d+1]` are the rows of the two sides that the pairs meet, `counts` `[n]` above 0.
    """
    product = np.einsum("nd,nd->n", met_words[:, :-1], met_contexts[:, :-1])
    error = product + met_words[:, -1] + met_contexts[:, -1] - np.log(counts)
    weighted = weight(counts) * error
    return float(weighted @ error), 2 * weighted


def gradient(derivative: np.ndarray, rows: np.ndarray, met: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of one side that a batch meets `[u]`, each once, and their gradients `[u d+1]`.

    `rows` `[n]` are the pairs' rows on this side, `met` `[n d+1]` what they meet on the other.
    """
    from scipy.sparse import csr_array

    met = met.copy()
    met[:, -1] = 1  # a bias is added as it is
    unique, place = np.unique(rows, return_inverse=True)
    pulls = csr_array((derivative, (place, np.arange(len(rows)))), shape=(len(unique), len(rows)))
    return unique, pulls @ met


def train(counts: csr_array, *, dimensions: int, epochs: int, seed: int) -> tuple[np.ndarray, list[float]]:
    """Vectors `[v d]`, float32, word and context summed (section 4.2), and each epoch's loss, equation 8 a pair.

    `counts` `[v v]` are those of `cooccurrence`, at least one above 0. The same seed gives the same bytes.
    """
    pairs = counts.tocoo()
    places, values = pairs.coords, pairs.data.astype(np.float32)
    generator = np.random.default_rng(seed)
    sides = [_start(counts.shape[0], dimensions, generator) for _ in places]
    squares = [np.ones_like(side) for side in sides]
    steps = max(-(-len(values) // BATCH), min(STEPS, len(values)))
    losses = []
    for epoch in range(1, epochs + 1):
        total = 0.0
        for batch in np.array_split(generator.permutation(len(values)), steps):
            total += _step(sides, squares, [place[batch] for place in places], values[batch])
        losses.append(total / len(values))
        if epoch % 10 == 0 or epoch == epochs:
            logger.info("epoch %d of %d: loss %.5f a pair", epoch, epochs, losses[-1])
    words, contexts = sides
    return words[:, :-1] + contexts[:, :-1], losses


def _start(size: int, dimensions: int, generator: np.random.Generator) -> np.ndarray:
    """Uniform from -0.5/d to 0.5/d, as in the authors' program."""
    return ((generator.random((size, dimensions + 1)) - 0.5) / dimensions).astype(np.float32)


def _step(sides: list[np.ndarray], squares: list[np.ndarray], rows: list[np.ndarray], counts: np.ndarray) -> float:
    """One step of AdaGrad (Duchi, Hazan and Singer 2011) on both sides; returns the batch's loss before it.

    As in the authors' program the sums of squares begin at 1 and are of steps, the rate included, on half of equation
    8: at first the rate is as it is, and falls only where steps have added up to something.
    """
    words, contexts = (side[row] for side, row in zip(sides, rows, strict=True))
    found, derivative = loss(words, contexts, counts)
    for side, square, row, other in zip(sides, squares, rows, (contexts, words), strict=True):
        unique, slope = gradient(derivative, row, other)
        step = LEARNING_RATE / 2 * slope
        square[unique] += step**2
        side[unique] -= step / np.sqrt(square[unique])
    return found
