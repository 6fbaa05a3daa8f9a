"""A training on windows: it finds what stands anywhere, repeats, resumes, and is loaded with the same answers."""

import csv
import logging
import random

import pytest
from tests.stopping import stop_at

import regard
from regard import manifest
from regard.jobs.load import load
from regard.tasks.classify.predictions import read_predictions
from regard.tasks.feed import EncodedFeed
from regard.training.loop import Interrupted

SETS = {
    "tokens.vocabulary_size": 300,
    "tokens.minimum_frequency": 1,
    "tokens.max_length": 12,
    "tokens.strategy": "windows",
    "tokens.window_pooling": "max",
    "model.hidden_size": 8,
    "model.embedding_size": 16,
    "training.epochs": 4,
    "training.learning_rate": 0.02,
    "training.batch_tokens": 512,
    "training.max_batch_examples": 16,
}
FILLER = ("the", "film", "went", "on", "while", "people", "sat", "in", "a", "dark", "room", "and", "said", "nothing")


def write(path, n, seed):
    """`n` texts of about 40 words, some of them short; the one word that tells stands anywhere."""
    draw = random.Random(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for row in range(n):
            words = draw.choices(FILLER, k=draw.choice([5, 30, 40, 50]))
            words.insert(draw.randrange(len(words)), ("lovely", "dull")[row % 2])
            writer.writerow([f"{' '.join(words)} {row}", ("good", "bad")[row % 2]])
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    return write(folder / "long.csv", 160, 1), write(folder / "later.csv", 60, 2)


@pytest.fixture(scope="module")
def call(files):
    return {"data": files[0], "test": files[1], "model": "gru", "sets": SETS, "force": True, "quiet": True}


@pytest.fixture(scope="module")
def trained(call, tmp_path_factory):
    return regard.train(**call, out=tmp_path_factory.mktemp("runs") / "windows")


def weights(model):
    return manifest.sha256(model.run.model / "model.safetensors")


def test_what_stands_anywhere_is_found(trained, call, tmp_path):
    head = regard.train(**{**call, "sets": {**SETS, "tokens.strategy": "head"}}, out=tmp_path / "head")
    assert trained.scores.values["accuracy"] > 0.9 > head.scores.values["accuracy"]
    assert trained.record["truncated"]["test"] == 0.0
    assert head.record["truncated"]["test"] > 0.5
    assert trained.record["reading"]["longer"] == head.record["reading"]["longer"] == head.record["truncated"]
    assert head.record["reading"]["unread"]["test"] > 0.5


def test_loaded_it_gives_the_same_answers(trained, files):
    loaded = load(trained.run.path)
    before = read_predictions(trained.run.predictions)
    again = loaded.predict([item.input for item in before])
    assert [item.output for item in again] == [item.output for item in before]
    for item, former in zip(again, before, strict=True):
        assert item.probabilities == pytest.approx(former.probabilities, abs=1e-6)
    explained = loaded.explain(before[0].input)
    assert explained.seen == [(0, len(before[0].input))]


def test_its_recipe_gives_the_same_weights_byte_for_byte(trained, tmp_path):
    assert weights(regard.train(recipe=trained.run.recipe, out=tmp_path / "again", force=True, quiet=True)) == weights(
        trained
    )


def test_stopped_and_resumed_it_is_the_same_training(trained, call, tmp_path, monkeypatch):
    stop_at(monkeypatch, EncodedFeed, 20)
    with pytest.raises(Interrupted):
        regard.train(**call, out=tmp_path / "run")
    assert weights(regard.train(**call, out=tmp_path / "run", resume=True)) == weights(trained)


def test_what_lies_behind_the_last_window_is_reported(call, tmp_path):
    sets = {**SETS, "tokens.max_windows": 2, "training.epochs": 1}
    found = regard.train(**{**call, "sets": sets}, out=tmp_path / "run").record
    assert 0 < found["truncated"]["train"] <= found["reading"]["longer"]["train"]
    assert 0 < found["reading"]["unread"]["train"] < 1


def test_a_text_that_is_not_read_whole_is_said_when_it_is_answered(trained, caplog):
    with caplog.at_level(logging.WARNING, logger="regard"):
        trained.predict(["short", "a long text of many words " * 8])
        assert caplog.messages == []
        trained.predict(["short", "a long text of many words " * 100])
    [said] = caplog.messages
    assert said.startswith(f"1 of 2 texts: longer than the {trained.predictor.encoder.reach} tokens")
    assert "windows" in said


def test_ten_megabytes_are_answered(trained):
    [said] = trained.predict("lovely " + "the film went on and on " * 420_000)
    assert said.output in ("good", "bad")
