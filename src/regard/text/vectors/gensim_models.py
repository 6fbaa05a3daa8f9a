"""word2vec and fastText, trained by gensim, which is optional: `pip install "regard[vectors]"`.

Notable: one thread (gensim's threads share their weights unguarded, so that two trainings differ), and the words and
counts of `Sentences`, so that neither Python's hashing nor gensim's order of equally common words has a say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from regard.errors import UsageError
from regard.text.vectors.sentences import Sentences

SHORTEST, LONGEST = 3, 6
"""Characters of fastText's pieces, < and > at a word's ends included (Bojanowski et al. 2017, section 3.2)."""
MOST_BUCKETS = 2_000_000


def word2vec(sentences: Sentences, **settings: Any) -> np.ndarray:
    """Skip-gram or CBOW with negative sampling (Mikolov et al. 2013); `[v d]`, float32. For settings see `_train`.

    Raises `UsageError` where gensim is not installed.
    """
    return _train(_gensim("word2vec").Word2Vec, sentences, **settings)


def fasttext(sentences: Sentences, **settings: Any) -> np.ndarray:
    """The same with a word as the mean of itself and its pieces of 3 to 6 characters (Bojanowski et al. 2017).

    Returned are the means of the words seen, `[v d]`. Pieces share rows of a table by their hash; published programs
    take two million rows, here it is four for each piece that occurs, where those are fewer.
    """
    pieces = {piece for word in sentences.words for piece in _pieces(f"<{word}>")}
    make = partial(
        _gensim("fasttext").FastText, bucket=min(4 * len(pieces), MOST_BUCKETS), min_n=SHORTEST, max_n=LONGEST
    )
    return _train(make, sentences, **settings)


def _pieces(word: str) -> Iterator[str]:
    for length in range(SHORTEST, LONGEST + 1):
        yield from (word[start : start + length] for start in range(len(word) - length + 1))


def _train(
    make: Callable[..., Any],
    sentences: Sentences,
    *,
    dimensions: int,
    window: int,
    epochs: int,
    negative: int,
    skip_gram: bool,
    seed: int,
) -> np.ndarray:
    model = make(
        vector_size=dimensions,
        window=window,
        epochs=epochs,
        negative=negative,
        sg=int(skip_gram),
        seed=seed,
        min_count=1,  # rare words are out already
        workers=1,
    )
    with _quiet():
        counts = dict(zip(sentences.words, sentences.counts.tolist(), strict=True))
        model.build_vocab_from_freq(counts, corpus_count=len(sentences))
        model.train(sentences, total_examples=len(sentences), total_words=len(sentences.ids), epochs=epochs)
    rows = [model.wv.key_to_index[word] for word in sentences.words]
    return np.asarray(model.wv.vectors[rows], dtype=np.float32)


def require(method: str) -> None:
    """Raise `UsageError` where gensim, which trains this method, is not installed."""
    _gensim(method)


def _gensim(method: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"gensim.models.{method}")
    except ImportError:
        message = f"{method} is trained by gensim, which is not installed"
        raise UsageError(message, mend='pip install "regard[vectors]", or take --method glove') from None


@contextmanager
def _quiet() -> Iterator[None]:
    """gensim warns of small corpora in words that mean nothing to who did not choose its settings."""
    logger = logging.getLogger("gensim")
    former = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(former)
