"""word2vec and fastText: the same bytes in another process, structure that was planted, and what is refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from regard.errors import DataError, DivergedError, UsageError
from regard.text import vectors
from regard.text.vectors import glove
from regard.text.vectors.sentences import Sentences

METHODS = ("word2vec", "fasttext")
MADE = """
import hashlib
from regard.text import vectors
sentences = vectors.Sentences.of([f"w{n % 7} w{n % 5} w{n % 3}" for n in range(200)], minimum_count=1)
for method in ("word2vec", "fasttext"):
    made = vectors.train(sentences, method=method, dimensions=6, epochs=2, seed=5)
    print(hashlib.sha256(made.vectors.matrix.tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def planted() -> Sentences:
    generator = np.random.default_rng(3)
    colours, beasts = ["red", "green", "blue", "white"], ["dog", "cat", "horse", "cow"]
    frames = [("paint it {} and dry", colours), ("the {} eats and sleeps", beasts)]
    drawn = [frames[n % 2] for n in range(1000)]
    return Sentences.of([frame.format(generator.choice(words)) for frame, words in drawn], minimum_count=1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("skip_gram", [True, False])
def test_planted_neighbours_are_found(planted: Sentences, method: str, skip_gram: bool) -> None:
    made = vectors.train(planted, method=method, dimensions=12, epochs=40, window=3, skip_gram=skip_gram)
    for word, fellows in (("red", {"green", "blue", "white"}), ("cow", {"dog", "cat", "horse"})):
        assert {near for near, _ in vectors.nearest(made.vectors, word, top=3)} == fellows
    assert (made.epochs, made.different_pairs, made.losses) == (40, None, [])
    assert made.vectors.words == planted.words
    assert made.vectors.matrix.shape == (len(planted.words), 12)


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    sentences = Sentences.of([f"w{n % 7} w{n % 5} w{n % 3}" for n in range(200)], minimum_count=1)
    here = [
        hashlib.sha256(
            vectors.train(sentences, method=method, dimensions=6, epochs=2, seed=5).vectors.matrix.tobytes()
        ).hexdigest()
        for method in METHODS
    ]
    elsewhere = subprocess.run(
        [sys.executable, "-c", MADE],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout.split() == here
    other = vectors.train(sentences, method="word2vec", dimensions=6, epochs=2, seed=6)
    assert hashlib.sha256(other.vectors.matrix.tobytes()).hexdigest() != here[0]


@pytest.mark.parametrize("method", [*METHODS, "glove"])
def test_a_network_starts_from_the_rows_that_were_trained(planted: Sentences, method: str, tmp_path) -> None:
    made = vectors.train(planted, method=method, dimensions=5, epochs=2).vectors
    vectors.save(made, tmp_path / "v.txt")
    vocabulary = {"[PAD]": 0, "red": 1, "Dog": 2, "unseen": 3}
    rows, found = vectors.load(str(tmp_path / "v.txt")).rows_for(vocabulary, seed=1)
    assert found == 2
    np.testing.assert_array_equal(rows[1], made.matrix[made.row("red")])
    np.testing.assert_array_equal(rows[2], made.matrix[made.row("dog")])


@pytest.mark.parametrize("method", METHODS)
def test_without_gensim_it_says_how_to_get_it(planted: Sentences, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "gensim"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(UsageError, match="gensim, which is not installed") as caught:
        vectors.train(planted, method=method)
    assert 'pip install "regard[vectors]"' in caught.value.mend
    assert vectors.train(planted, method="glove", epochs=1).method == "glove"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"method": "glov"}, "Did you mean glove"),
        ({"method": "glove", "negative": 5}, "no negative samples"),
        ({"method": "glove", "skip_gram": False}, "no skip-gram"),
        ({"negative": 0}, "negative is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"dimensions": -1}, "dimensions is -1"),
    ],
)
def test_settings_that_make_no_sense(planted: Sentences, settings: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        vectors.train(planted, **settings)


def test_words_without_neighbours() -> None:
    with pytest.raises(DataError, match="no word stands beside another"):
        vectors.train(Sentences.of(["a", "b"], minimum_count=1), method="glove")


def test_vectors_that_are_no_numbers_are_not_given(planted: Sentences, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glove, "LEARNING_RATE", np.nan)
    with pytest.raises(DivergedError, match="glove diverged"):
        vectors.train(planted, method="glove", epochs=3)
