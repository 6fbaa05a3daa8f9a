"""The main job with text pairs, on a made-up language: from a file to outputs, byte for byte again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.made_up import write_pairs
from tests.stopping import stop_at

import regard
from regard import manifest
from regard.errors import DataError, UsageError
from regard.jobs.load import Model, load
from regard.tasks.feed import EncodedFeed
from regard.tasks.translate.predictions import read_predictions
from regard.text.read_pairs import read_pairs
from regard.training.loop import Interrupted

QUICK: dict[str, Any] = {
    "model.hidden_size": 24,
    "model.embedding_size": 24,
    "model.dropout": 0.0,
    "model.embedding_dropout": 0.0,
    "tokens.vocabulary_size": 330,
    "tokens.minimum_frequency": 1,
    "training.epochs": 16,
    "training.learning_rate": 0.02,
    "training.max_batch_examples": 16,
    "head.max_output_tokens": 16,
    "head.beams": 2,
    "head.alternatives": 2,
}
ONE_STEP = {**QUICK, "training.max_steps": 1}
NAMED = {"text_column": "here", "label_column": "there"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("data")
    return write_pairs(folder / "train.jsonl", 150, seed=1), write_pairs(folder / "test.jsonl", 20, seed=2)


@pytest.fixture(scope="module")
def call(files: tuple[Path, Path]) -> dict[str, Any]:
    return {
        "data": files[0],
        "test": files[1],
        "task": "translate",
        "model": "gru",
        "sets": QUICK,
        **NAMED,
        "quiet": True,
        "force": True,
    }


@pytest.fixture(scope="module")
def gru(call: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Model:
    return regard.train(**call, out=tmp_path_factory.mktemp("runs") / "gru")


def weights(model: Model) -> str:
    return manifest.sha256(model.run.model / "model.safetensors")


def test_a_run_folder_holds_all_that_later_steps_read(gru: Model) -> None:
    values = gru.scores.values
    assert values["bleu"] > 60
    assert {"bleu", "chrf", "rouge_l", "exact_match", "length_ratio", "unfinished"} <= set(values)
    record = gru.record
    assert (record["task"], record["scored"], record["training"]["counted"]) == ("translate", "test", "tokens")
    predictions = read_predictions(gru.run.predictions)
    assert len(predictions) == gru.scores.n == 20
    assert all(len(item.alternatives) == 1 for item in predictions)
    logged = [line for line in gru.run.read_log() if line["event"] == "evaluation"]
    assert {"loss", "accuracy", "bleu", "chrf", "rouge_l"} <= set(logged[0])
    assert json.loads(gru.run.explanations.read_text())
    assert gru.report.is_file()
    assert (gru.run.path / "README.md").is_file()


def test_its_recipe_gives_the_same_bytes(gru: Model, tmp_path: Path) -> None:
    again = regard.train(recipe=gru.run.recipe, out=tmp_path / "again", quiet=True, force=True)
    assert weights(again) == weights(gru)
    assert again.run.predictions.read_bytes() == gru.run.predictions.read_bytes()
    assert again.scores.to_json() == gru.scores.to_json()


def test_stopped_and_resumed_with_scheduled_sampling_it_is_the_same_training(
    call: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = {**call, "sets": {**QUICK, "head.scheduled_sampling": 0.5, "training.epochs": 3}}
    whole = regard.train(**call, out=tmp_path / "whole")
    stop_at(monkeypatch, EncodedFeed, 3, 14)
    for _ in range(2):
        with pytest.raises(Interrupted):
            regard.train(**call, out=tmp_path / "run", resume=True)
    resumed = regard.train(**call, out=tmp_path / "run", resume=True)
    assert weights(resumed) == weights(whole)


def test_loaded_it_translates_and_evaluates(gru: Model, files: tuple[Path, Path]) -> None:
    model = load(gru.run.path)
    [said] = model.predict("Ada went to Rome.")
    assert said.output == "Adi a Rome wento."
    assert said.finished
    assert model.evaluate(files[1]).values == gru.scores.values
    assert model.ask(read_pairs(files[1], source_column="here", target_column="there")) == read_predictions(
        gru.run.predictions
    )
    assert model.predict([]) == []
    with pytest.raises(UsageError, match="no questions"):
        model.predict("Ada went.", "Who?")


def test_an_explanation_is_an_alignment(gru: Model) -> None:
    explained = load(gru.run.path).explain("Ada went to Rome.")
    assert "Adi" in json.dumps(explained.to_json())


def test_a_frame_with_columns_of_its_own_and_two_tokenizers(files: tuple[Path, Path], tmp_path: Path) -> None:
    corpus = read_pairs(files[0], source_column="here", target_column="there")
    frame = pd.DataFrame({"first": corpus.texts, "second": [label[0] for label in corpus.labels or []]})
    call: dict[str, Any] = {"task": "translate", "model": "transformer", "quiet": True, "force": True}
    small = {"model.hidden_size": 16, "model.embedding_size": 16, "model.feed_forward_size": 32, "model.layers": 1}
    sets = {**small, "head.shared_vocabulary": False, "tokens.vocabulary_size": 300, "training.max_steps": 2}
    named = {"text_column": "first", "label_column": "second"}
    first = regard.train(frame, **call, **named, sets={**sets, "head.max_output_tokens": 8}, out=tmp_path / "run")
    again = regard.train(recipe=first.run.recipe, out=tmp_path / "again", quiet=True, force=True)
    assert weights(again) == weights(first)
    assert load(first.run.path).predict("Ada went.")[0] == first.predict("Ada went.")[0]
    with pytest.raises(DataError, match="no column 'first'"):
        first.evaluate(files[1])
