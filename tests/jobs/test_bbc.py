"""Several classes, and several labels, on real news: the packaged BBC articles."""

import random

import pytest

import regard
from regard.records import Corpus
from regard.text.read import read


@pytest.fixture(scope="module")
def bbc():
    return read("bbc")


def test_five_classes(bbc, tmp_path):
    model = regard.train("bbc", model="tfidf", out=tmp_path / "run", quiet=True)
    assert model.labels == ["business", "entertainment", "politics", "sports", "tech"]
    assert model.scores.values["accuracy"] > 0.95
    assert model.predict("The striker scored twice in the cup final")[0].output == "sports"


def joined(corpus: Corpus, n: int) -> Corpus:
    """`n` texts, each the beginnings of two articles; its labels are the topics of both."""
    generator = random.Random(1)
    texts, labels = [], []
    for _ in range(n):
        rows = generator.sample(range(len(corpus)), 2)
        texts.append("\n".join(corpus.texts[row][:600] for row in rows))
        labels.append(tuple(sorted({str(corpus.labels[row]) for row in rows})))
    return Corpus("joined", [str(row) for row in range(n)], texts, labels, multi_label=True)


def test_two_topics_at_once(bbc, tmp_path):
    model = regard.train(joined(bbc, 1200), model="nbsvm", out=tmp_path / "run", quiet=True)
    assert model.multi_label
    assert model.scores.values["micro_f1"] > 0.85
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_network_takes_two_topics_at_once(bbc, tmp_path):
    sets = {"tokens.max_length": 200, "training.epochs": 8, "training.learning_rate": 5e-3, "model.vectors": "glove"}
    model = regard.train(joined(bbc, 1200), model="cnn", sets=sets, out=tmp_path / "run", quiet=True)
    assert model.scores.values["micro_f1"] > 0.8
