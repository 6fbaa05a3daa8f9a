"""GloVe against its equations: counts by brute force, the gradient by differences, and structure that was planted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.text.vectors import Sentences, glove, nearest, train
from regard.text.vectors.cooccurrence import cooccurrence
from regard.text.vectors.glove import ALPHA, X_MAX


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), min_size=1, max_size=6), st.integers(1, 5))
def test_counts_are_those_of_every_pair_of_places(texts: list[list[str]], window: int) -> None:
    sentences = Sentences.of([*map(" ".join, texts), "a b"], minimum_count=1)
    expected: Counter[tuple[str, str]] = Counter()
    for text in sentences:
        for i, word in enumerate(text):
            for j, other in enumerate(text):
                if 0 < abs(i - j) <= window:
                    expected[word, other] += 1 / abs(i - j)
    found = cooccurrence(sentences, window)
    whole = [[expected[word, other] for other in sentences.words] for word in sentences.words]
    np.testing.assert_allclose(found.toarray(), whole)
    assert found.nnz == len(expected)


def test_weight_is_equation_9() -> None:
    np.testing.assert_allclose(glove.weight(np.array([1.0, 50, 100, 1e6])), [X_MAX**-ALPHA, 0.5**ALPHA, 1, 1])


def test_loss_is_equation_8_and_its_gradient_is_the_slope() -> None:
    generator = np.random.default_rng(0)
    words, contexts = generator.normal(size=(2, 4, 3))
    rows, columns = np.array([0, 0, 2, 3, 0]), np.array([1, 2, 2, 0, 1])  # a pair stands there twice
    counts = np.array([3.0, 150.0, 0.5, 20.0, 7.0])

    def whole() -> float:
        return glove.loss(words[rows], contexts[columns], counts)[0]

    by_hand = 0.0
    for i, j, x in zip(rows, columns, counts, strict=True):
        error = words[i, :2] @ contexts[j, :2] + words[i, 2] + contexts[j, 2] - np.log(x)
        by_hand += min((x / 100) ** 0.75, 1) * error**2
    assert whole() == pytest.approx(by_hand)
    _, derivative = glove.loss(words[rows], contexts[columns], counts)
    for side, own, met in ((words, rows, contexts[columns]), (contexts, columns, words[rows])):
        unique, slopes = glove.gradient(derivative, own, met)
        found = np.zeros_like(side)
        found[unique] = slopes
        np.testing.assert_allclose(found, _slopes(whole, side), atol=1e-6)


def _slopes(whole, side: np.ndarray, step: float = 1e-6) -> np.ndarray:
    found = np.zeros_like(side)
    for place in np.ndindex(side.shape):
        former = side[place]
        side[place] = former + step
        above = whole()
        side[place] = former - step
        found[place] = (above - whole()) / (2 * step)
        side[place] = former
    return found


TOPICS = (
    ["red", "green", "blue", "white", "black"],
    ["dog", "cat", "horse", "cow", "pig"],
    ["sun", "rain", "snow", "wind", "fog"],
)


def test_training_is_adagrad_pair_by_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against plain loops; of batches of one pair nothing is left to the batch."""
    counts = cooccurrence(Sentences.of(["a b c a d", "d b a"], minimum_count=1), 2)
    monkeypatch.setattr(glove, "BATCH", 1)
    found, losses = glove.train(counts, dimensions=3, epochs=4, seed=6)
    generator = np.random.default_rng(6)
    sides = [((generator.random((4, 4)) - 0.5) / 3).astype(np.float32) for _ in range(2)]
    squares = [np.ones((4, 4)) for _ in range(2)]
    pairs = list(zip(*counts.tocoo().coords, counts.tocoo().data, strict=True))
    for epoch in range(4):
        total = 0.0
        for n in generator.permutation(len(pairs)):
            i, j, x = pairs[n]
            word, context = sides[0][i].astype(float), sides[1][j].astype(float)
            error = word[:3] @ context[:3] + word[3] + context[3] - np.log(x)
            total += (x / 100) ** 0.75 * error**2
            for side, square, row, met in ((sides[0], squares[0], i, context), (sides[1], squares[1], j, word)):
                step = 0.05 * (x / 100) ** 0.75 * error * np.array([*met[:3], 1])
                square[row] += step**2
                side[row] -= step / np.sqrt(square[row])
        assert losses[epoch] == pytest.approx(total / len(pairs), rel=1e-4)
    np.testing.assert_allclose(found, sides[0][:, :3] + sides[1][:, :3], rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def planted() -> Sentences:
    """Eight words a sentence, most drawn from one topic: GloVe learns from pairs that are rare, not from none."""
    generator = np.random.default_rng(3)

    def word(topic: list[str]) -> str:
        return generator.choice(topic if generator.random() < 0.8 else [other for topic in TOPICS for other in topic])

    return Sentences.of([" ".join(word(TOPICS[n % 3]) for _ in range(8)) for n in range(300)], minimum_count=1)


def test_the_loss_falls_and_planted_neighbours_are_found(planted: Sentences) -> None:
    trained = train(planted, method="glove", dimensions=5, epochs=30, seed=1)
    assert all(later < earlier for earlier, later in pairwise(trained.losses[:10]))
    assert trained.losses[-1] < trained.losses[0] / 10
    assert trained.different_pairs == cooccurrence(planted, 5).nnz == 15 * 15
    for topic in TOPICS:
        for word in topic:
            assert {near for near, _ in nearest(trained.vectors, word, top=4)} == set(topic) - {word}


def test_the_same_seed_gives_the_same_bytes(planted: Sentences, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glove, "BATCH", 3)
    first, again, other = (train(planted, method="glove", epochs=3, seed=seed) for seed in (1, 1, 2))
    assert first.vectors.matrix.tobytes() == again.vectors.matrix.tobytes()
    assert first.losses == again.losses
    assert first.vectors.matrix.tobytes() != other.vectors.matrix.tobytes()
    assert first.vectors.matrix.dtype == np.float32
