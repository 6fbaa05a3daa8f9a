"""Word vectors from texts, by one of three methods."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from regard.errors import DataError, DivergedError, UsageError
from regard.registry import unknown_word
from regard.text.vectors import gensim_models, glove
from regard.text.vectors.cooccurrence import cooccurrence
from regard.text.vectors.sentences import Sentences
from regard.text.vectors.word_vectors import WordVectors

EPOCHS = {"word2vec": 15, "fasttext": 15, "glove": 50}
"""Passes over the texts, or over their pairs, unless told: as many as word2vec's own demonstration on a small corpus
makes (its default of 5 is meant for large ones), and as GloVe's paper for vectors of fewer than 300 (section 4.2)."""
NEGATIVE = 5


@dataclass(frozen=True)
class Trained:
    """Vectors and what their training did. `pairs`: word and neighbour within the window, as `Sentences.pairs`.

    Of GloVe alone: `different_pairs` of words that are neighbours somewhere, and `losses`, one an epoch. gensim adds
    its loss up in single precision, which stands still on any larger corpus, so it is not told.
    """

    vectors: WordVectors
    method: str
    epochs: int
    pairs: int
    different_pairs: int | None = None
    losses: list[float] = field(default_factory=list)


def train(
    sentences: Sentences,
    *,
    method: str = "word2vec",
    dimensions: int = 100,
    window: int = 5,
    epochs: int | None = None,
    negative: int | None = None,
    skip_gram: bool | None = None,
    seed: int = 1,
) -> Trained:
    """Train `dimensions` numbers for each word. The same sentences, settings and seed give the same bytes.

    `epochs` is that of EPOCHS unless given. `negative` (samples a pair, 5) and `skip_gram` (else CBOW; True) are for
    word2vec and fastText. Raises `UsageError` for an unknown method, for a setting that it does not have, and where
    gensim is needed and not installed; `DataError` where no word has a neighbour; `DivergedError`.
    """
    require(method, negative=negative, skip_gram=skip_gram)
    epochs = EPOCHS[method] if epochs is None else epochs
    negative = NEGATIVE if negative is None else negative
    _at_least_1(dimensions=dimensions, window=window, epochs=epochs, negative=negative)
    if not (pairs := sentences.pairs(window)):
        raise DataError("no word stands beside another", mend="give longer sentences, or a lower --minimum-count")
    different: int | None = None
    losses: list[float] = []
    if method == "glove":
        counts = cooccurrence(sentences, window)
        matrix, losses = glove.train(counts, dimensions=dimensions, epochs=epochs, seed=seed)
        different = counts.nnz
    else:
        learn = gensim_models.word2vec if method == "word2vec" else gensim_models.fasttext
        matrix = learn(
            sentences,
            dimensions=dimensions,
            window=window,
            epochs=epochs,
            negative=negative,
            skip_gram=skip_gram is not False,
            seed=seed,
        )
    if not np.isfinite(matrix).all():
        raise DivergedError(f"{method} diverged: its vectors hold what is no number", mend="give fewer --epochs")
    return Trained(WordVectors(sentences.words, matrix), method, epochs, pairs, different, losses)


def require(method: str, *, negative: int | None = None, skip_gram: bool | None = None) -> None:
    """Raise what `train` would raise for a method that is unknown, not installed, or without a setting given."""
    if method not in EPOCHS:
        raise UsageError(unknown_word("method", method, list(EPOCHS)))
    if method != "glove":
        gensim_models.require(method)
    elif negative is not None or skip_gram is not None:
        raise UsageError("glove counts pairs: it has no negative samples, no skip-gram and no CBOW")


def _at_least_1(**settings: int) -> None:
    for name, value in settings.items():
        if value < 1:
            raise UsageError(f"{name} is {value}, but must be at least 1")
