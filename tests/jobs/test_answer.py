"""The main job with questions, on made-up texts: from SQuAD's JSON to answers in a text, byte for byte again."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests import checkpoints
from tests.made_up import write_squad
from tests.stopping import stop_at
from transformers import AutoModelForQuestionAnswering

import regard
import regard.auto
from regard import manifest
from regard.errors import DataError, UsageError
from regard.jobs.load import Model, load
from regard.tasks.answer import answerers
from regard.tasks.answer.predictions import read_predictions
from regard.tasks.feed import EncodedFeed
from regard.text.read_questions import read_questions
from regard.training.loop import Interrupted

QUICK: dict[str, Any] = {
    "model.hidden_size": 16,
    "model.embedding_size": 16,
    "model.dropout": 0.0,
    "model.embedding_dropout": 0.0,
    "tokens.minimum_frequency": 1,
    "tokens.max_length": 24,
    "tokens.window_stride": 8,
    "training.epochs": 14,
    "training.learning_rate": 0.03,
    "training.max_batch_examples": 16,
}
ONE_STEP = {**QUICK, "training.max_steps": 1}
TEXT = "On day 7 Max moved to Rome again."


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("data")
    train = write_squad(folder / "train.json", 48, seed=1, without=True)
    return train, write_squad(folder / "test.json", 16, seed=2, without=True)


@pytest.fixture(scope="module")
def call(files: tuple[Path, Path]) -> dict[str, Any]:
    return {"data": files[0], "test": files[1], "task": "answer", "model": "gru", "sets": QUICK, "quiet": True}


@pytest.fixture(scope="module")
def gru(call: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Model:
    return regard.train(**call, out=tmp_path_factory.mktemp("runs") / "gru")


def weights(model: Model) -> str:
    return manifest.sha256(model.run.model / "model.safetensors")


def test_a_run_folder_holds_all_that_later_steps_read(gru: Model) -> None:
    values = gru.scores.values
    assert values["f1"] > 0.6
    assert values["no_answer_accuracy"] > 0.8
    record = gru.record
    assert (record["task"], record["scored"], record["training"]["counted"]) == ("answer", "test", "windows")
    assert record["labels"] == []
    predictions = read_predictions(gru.run.predictions)
    assert len(predictions) == gru.scores.n == 40
    assert all(item.output == item.input[item.start : item.end] for item in predictions)
    logged = [line for line in gru.run.read_log() if line["event"] == "evaluation"]
    assert {"loss", "f1", "exact_match"} <= set(logged[0])
    config = json.loads((gru.run.model / "config.json").read_text())
    assert 0 < config["no_answer_threshold"] < 1
    explained = json.loads(gru.run.explanations.read_text())
    assert explained
    assert all(item["explanation"]["detail"]["question"] for item in explained)
    assert gru.report.is_file()


def test_texts_are_not_shared_by_the_parts(gru: Model, files: tuple[Path, Path]) -> None:
    data = gru.record["data"]
    assert data["train"]["n"] + data["validation"]["n"] == len(read_questions(files[0]))
    assert "rows that belong together stay together" in data["split_note"]


def test_its_recipe_gives_the_same_bytes(gru: Model, tmp_path: Path) -> None:
    again = regard.train(recipe=gru.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(gru)
    assert again.run.recipe.read_bytes() == gru.run.recipe.read_bytes()
    assert again.run.predictions.read_bytes() == gru.run.predictions.read_bytes()
    assert (again.run.model / "config.json").read_bytes() == (gru.run.model / "config.json").read_bytes()
    assert again.scores.to_json() == gru.scores.to_json()


def test_stopped_and_resumed_it_is_the_same_training(
    gru: Model, call: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, EncodedFeed, 3, 40)
    for _ in range(2):
        with pytest.raises(Interrupted):
            regard.train(**call, out=tmp_path / "run", resume=True)
    resumed = regard.train(**call, out=tmp_path / "run", resume=True)
    assert weights(resumed) == weights(gru)
    assert resumed.run.predictions.read_bytes() == gru.run.predictions.read_bytes()


def test_loaded_it_answers_evaluates_and_explains(gru: Model, files: tuple[Path, Path]) -> None:
    model = load(gru.run.path)
    who, where = model.predict([TEXT, TEXT], ["Who was it?", "Where to?"])
    assert (who.output, where.output) == ("Max", "Rome")
    assert model.predict(TEXT, "Who was it?")[0].output == "Max"
    assert model.predict([TEXT, TEXT], "Why so late?")[1].output == ""
    assert model.evaluate(files[1]).values == gru.scores.values
    assert model.ask(read_questions(files[1])) == read_predictions(gru.run.predictions)
    explanation = model.explain(TEXT, question="Who was it?")
    assert explanation.output == "Max"
    assert "Max" in explanation._repr_html_()
    assert model.predict([], []) == []
    for questions in (None, ["Who?"], ["Who?"] * 3):
        with pytest.raises(UsageError, match="question"):
            model.predict([TEXT, TEXT], questions)
    with pytest.raises(UsageError, match="no question is given"):
        model.explain(TEXT)


def test_auto_classes_load_it(gru: Model) -> None:
    model = AutoModelForQuestionAnswering.from_pretrained(gru.run.model)
    assert model.config.no_answer_threshold == gru.predictor.no_answer_threshold  # type: ignore[attr-defined]


def test_where_every_question_has_an_answer_one_is_given(tmp_path: Path) -> None:
    data = write_squad(tmp_path / "data.json", 24, seed=3)
    found = regard.train(data, task="answer", model="rnn", sets=ONE_STEP, out=tmp_path / "run", quiet=True)
    assert all(item.output for item in read_predictions(found.run.predictions))
    assert "no_answer_accuracy" not in found.scores.values


@pytest.mark.parametrize("pattern", [None, "window"])
def test_a_checkpoint_is_fine_tuned_and_keeps_its_threshold(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str | None
) -> None:
    monkeypatch.setattr(answerers, "choose_threshold", lambda predictions: (0.125, 0.0))
    corpus = read_questions(files[0])
    folder = checkpoints.make("bert", tmp_path / "bert", [*corpus.texts, *corpus.questions])
    sets = {"tokens.max_length": 24, "tokens.window_stride": 8, "training.max_steps": 2}
    carried = {} if pattern is None else {"attention.pattern": pattern}
    found = regard.train(
        corpus, task="answer", model=str(folder), sets={**sets, **carried}, out=tmp_path / "run", quiet=True
    )
    loaded = load(found.run.path)
    config = json.loads((found.run.model / "config.json").read_text())
    threshold = loaded.predictor.no_answer_threshold  # type: ignore[attr-defined]
    assert threshold == found.predictor.no_answer_threshold == config["no_answer_threshold"] == 0.125  # type: ignore[attr-defined]
    before = read_predictions(found.run.predictions)
    again = loaded.predict([item.input for item in before], [item.question for item in before])
    assert [(item.start, item.end) for item in again] == [(item.start, item.end) for item in before]
    assert loaded.explain(TEXT, question="Who was it?").highlights is not None


def test_a_frame_with_columns_of_its_own_is_kept(files: tuple[Path, Path], tmp_path: Path) -> None:
    corpus = read_questions(files[0])
    frame = pd.DataFrame({"page": corpus.texts, "asked": corpus.questions, "reply": map(list, corpus.labels or [])})
    named = {"text_column": "page", "question_column": "asked", "label_column": "reply"}
    call = {"task": "answer", "model": "gru", "quiet": True}
    first = regard.train(frame, **call, **named, sets=ONE_STEP, out=tmp_path / "run")
    again = regard.train(recipe=first.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(first)
    (tmp_path / "more.csv").write_text("context,question\nAda went.,Who?\n")
    assert len(first.ask(first.read(tmp_path / "more.csv", needs_gold=False))) == 1
    with pytest.raises(DataError, match="no column 'page'"):
        first.evaluate(tmp_path / "more.csv")


def test_what_is_not_read_is_said_and_counted(
    call: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sets = {**ONE_STEP, "tokens.max_length": 12, "tokens.window_stride": 2, "tokens.max_windows": 2}
    found = regard.train(**{**call, "sets": sets}, out=tmp_path / "run")
    assert found.record["truncated"]["test"] == 1.0
    assert 0 < found.record["reading"]["unread"]["test"] < 0.5
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="regard"):
        found.predict("Ada went.", "Who was it?")
        assert caplog.messages == []
        found.predict(["Ada went.", TEXT], "Who was it?")
    [said] = caplog.messages
    assert said.startswith("1 of 2 questions: longer than the 14 tokens that are read")
    assert said.endswith("what follows is not; no answer is found there")


def test_models_are_compared_by_f1(files: tuple[Path, Path], tmp_path: Path) -> None:
    found = regard.compare(
        files[0], task="answer", models=["rnn", "gru"], seeds=1, out=tmp_path / "c", sets=ONE_STEP, quiet=True
    )
    assert (found.task, found.headline) == ("answer", "f1")
    parts = [read_questions(tmp_path / "c" / "data" / f"{part}.parquet") for part in ("train", "validation", "test")]
    texts = [set(part.texts) for part in parts]
    assert sum(map(len, texts)) == len(set.union(*texts)) == 48
    for row in found.models:
        run = load(tmp_path / "c" / row["runs"][0])
        assert row["figure"] == run.scores.values["f1"]
        assert row["exact_match"] == run.scores.values["exact_match"]
    assert found.verdict.pairs[0].test in ("paired bootstrap over texts", "McNemar, mid-p")
    assert "questions" in found.verdict.sentence
    again = regard.compare(
        files[0], task="answer", models=["rnn", "gru"], seeds=1, out=tmp_path / "c", sets=ONE_STEP, quiet=True
    )
    assert again.to_json() == found.to_json()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "cnn"}, "cnn does not do answer"),
        ({"model": "tfidf"}, "tfidf does not do answer"),
        ({"sets": {"tokens.strategy": "head"}}, "tokens.strategy: answer does not use"),
        ({"sets": {"head.crf": False}}, "head.crf: no such option"),
        ({"sets": {"model.pooling": "max"}}, "model.pooling: answer does not use"),
        ({"sets": {"tokens.max_length": 4}}, "leaves no room|window_stride"),
        ({"sets": {"augment.methods": "eda"}}, "augment"),
    ],
)
def test_what_can_not_answer_is_refused(call: dict[str, Any], tmp_path: Path, change: Any, said: str) -> None:
    with pytest.raises(regard.errors.RegardError, match=said):  # type: ignore[attr-defined]
        regard.train(**{**call, **change}, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
