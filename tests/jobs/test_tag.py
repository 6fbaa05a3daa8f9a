"""The main job with tags, on made-up sentences: from a file of columns to entities in a text, byte for byte again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from tests import checkpoints
from tests.made_up import bilou, iob1, sentences, word_classes, write_conll
from tests.stopping import stop_at
from transformers import AutoModelForTokenClassification

import regard
import regard.auto
from regard import manifest
from regard.errors import DataError, UsageError
from regard.jobs import facts
from regard.jobs.load import Model, load
from regard.records import RunFolder, TaggedCorpus
from regard.tasks.feed import EncodedFeed
from regard.tasks.tag.predictions import read_predictions
from regard.text.read_tags import read_tagged
from regard.training.loop import Interrupted

QUICK: dict[str, Any] = {
    "model.hidden_size": 12,
    "model.embedding_size": 12,
    "model.dropout": 0.1,
    "head.character_channels": 6,
    "head.word_dropout": 0.05,
    "training.epochs": 6,
    "training.learning_rate": 0.03,
    "training.max_batch_examples": 16,
}
ONE_STEP = {**QUICK, "training.max_steps": 1}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("data")
    train, test = sentences(96, seed=1), sentences(30, seed=2)
    return write_conll(folder / "train.conll", train), write_conll(folder / "test.conll", test)


@pytest.fixture(scope="module")
def call(files: tuple[Path, Path]) -> dict[str, Any]:
    return {"data": files[0], "test": files[1], "task": "tag", "model": "lstm", "sets": QUICK, "quiet": True}


@pytest.fixture(scope="module")
def lstm(call: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Model:
    return regard.train(**call, out=tmp_path_factory.mktemp("runs") / "lstm")


def weights(model: Model) -> str:
    return manifest.sha256(model.run.model / "model.safetensors")


def test_a_run_folder_holds_all_that_later_steps_read(lstm: Model) -> None:
    assert lstm.scores.values["f1"] > 0.9
    assert lstm.labels == ["O", "B-where", "I-where", "B-who", "I-who"]
    record = lstm.record
    assert (record["task"], record["scored"], record["training"]["counted"]) == ("tag", "test", "words")
    assert record["truncated"] == {"train": 0.0, "validation": 0.0, "test": 0.0}
    assert len(read_predictions(lstm.run.predictions)) == lstm.scores.n == 30
    logged = [line for line in lstm.run.read_log() if line["event"] == "evaluation"]
    assert {"loss", "f1", "accuracy", "macro_f1"} <= set(logged[0])
    best = max(logged, key=lambda line: line["f1"])
    assert record["training"]["best_metrics"]["f1"] == best["f1"]
    explained = json.loads(lstm.run.explanations.read_text())
    assert explained
    assert all(item["explanation"]["highlights"] for item in explained)
    assert {"characters.json", "tokenizer.json", "config.json"} <= {path.name for path in lstm.run.model.iterdir()}
    assert lstm.report.is_file()


def test_its_recipe_gives_the_same_bytes(lstm: Model, tmp_path: Path) -> None:
    again = regard.train(recipe=lstm.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(lstm)
    assert again.run.recipe.read_bytes() == lstm.run.recipe.read_bytes()
    assert again.run.predictions.read_bytes() == lstm.run.predictions.read_bytes()
    assert again.scores.to_json() == lstm.scores.to_json()
    assert regard.train(recipe=lstm.run.recipe, out=tmp_path / "again", resume=True, quiet=True).record == again.record
    other = regard.train(recipe=lstm.run.recipe, seed=2, out=tmp_path / "other", quiet=True)
    assert weights(other) != weights(lstm)


@pytest.mark.parametrize("batch", [1, 20])
def test_stopped_and_resumed_it_is_the_same_training(
    lstm: Model, call: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    stop_at(monkeypatch, EncodedFeed, batch)
    with pytest.raises(Interrupted):
        regard.train(**call, out=tmp_path / "run")
    resumed = regard.train(**call, out=tmp_path / "run", resume=True)
    assert weights(resumed) == weights(lstm)
    assert resumed.run.predictions.read_bytes() == lstm.run.predictions.read_bytes()
    assert resumed.record["training"]["steps"] == lstm.record["training"]["steps"]


def test_loaded_it_tags_evaluates_and_explains(lstm: Model, files: tuple[Path, Path]) -> None:
    model = load(lstm.run.path)
    text = "Max Bell  went to Oslo, with Ada."
    [said] = model.predict(text)
    assert [(text[item.start : item.end], item.label) for item in said.entities] == [
        ("Max Bell", "who"),
        ("Oslo", "where"),
        ("Ada", "who"),
    ]
    assert model.evaluate(files[1]).values == lstm.scores.values
    corpus = read_tagged(files[1])
    assert model.ask(corpus) == read_predictions(lstm.run.predictions)
    assert model.evaluate(replace(corpus, source="in memory")).part == "in memory"
    explanation = model.explain(text, target="Oslo")
    assert max(explanation.words(), key=lambda item: item[1])[0] in ("Oslo", "to")
    assert "Oslo" in explanation._repr_html_()
    assert model.predict([]) == []
    assert [item.output for item in model.predict(["", " \n"])] == [(), ()]


def test_auto_classes_load_it(lstm: Model) -> None:
    model = AutoModelForTokenClassification.from_pretrained(lstm.run.model)
    assert list(model.config.id2label.values()) == lstm.labels
    assert model.crf is not None


@pytest.mark.parametrize("spelled", [iob1, bilou, word_classes])
def test_other_tags_are_learned_as_well(spelled: Callable[..., Any], tmp_path: Path) -> None:
    data = write_conll(tmp_path / "data.conll", sentences(96, seed=1), spelled)
    found = regard.train(data, task="tag", model="lstm", sets=QUICK, out=tmp_path / "run", quiet=True)
    assert found.scores.values["f1"] > 0.9
    assert found.scores.values["accuracy"] > 0.9
    assert found.scores.detail["scheme"] == {iob1: "bio", bilou: "bioes", word_classes: None}[spelled]
    assert found.evaluate(data).values["accuracy"] > 0.9
    [said] = found.predict("Ada Stone went to Rome .")
    assert set(said.output) <= set(found.labels)
    assert bool(said.entities) == (spelled is not word_classes)


def test_a_checkpoint_is_fine_tuned_and_loads_in_plain_transformers(files: tuple[Path, Path], tmp_path: Path) -> None:
    corpus = read_tagged(files[0])
    folder = checkpoints.make("bert", tmp_path / "bert", corpus.texts)
    sets = {"tokens.max_length": 24, "training.epochs": 12, "training.learning_rate": 0.01, "model.dropout": 0.0}
    found = regard.train(corpus, task="tag", model=str(folder), sets=sets, out=tmp_path / "run", quiet=True)
    assert found.scores.values["f1"] > 0.9
    assert type(AutoModelForTokenClassification.from_pretrained(found.run.model)).__module__.startswith("transformers.")
    loaded = load(found.run.path)
    before = read_predictions(found.run.predictions)
    again = loaded.predict([item.input for item in before])
    assert [item.entities for item in again] == [item.entities for item in before]
    assert loaded.explain("Ada went to Rome .", target="Rome").highlights


def test_a_checkpoint_with_an_attention_pattern_stays_one(files: tuple[Path, Path], tmp_path: Path) -> None:
    folder = checkpoints.make("bert", tmp_path / "bert", read_tagged(files[0]).texts)
    sets = {"tokens.max_length": 80, "training.max_steps": 1, "attention.pattern": "window", "attention.left": 2}
    found = regard.train(files[0], task="tag", model=str(folder), sets=sets, out=tmp_path / "run", quiet=True)
    assert found.record["attention"]["pattern"] == "window"
    before = read_predictions(found.run.predictions)
    assert load(found.run.path).predict([item.input for item in before])[0].output == before[0].output


def test_a_checkpoint_reads_no_more_than_it_has_positions(files: tuple[Path, Path], tmp_path: Path) -> None:
    folder = checkpoints.make("bert", tmp_path / "bert", ["Ada went"])
    with pytest.raises(UsageError, match="reads at most 64 tokens") as caught:
        regard.train(files[0], task="tag", model=str(folder), sets={"tokens.max_length": 65}, out=tmp_path / "run")
    assert "--max-length 64" in str(caught.value.mend)
    assert "--strategy" not in str(caught.value.mend)


def test_a_frame_with_columns_of_its_own_is_kept(files: tuple[Path, Path], tmp_path: Path) -> None:
    corpus = read_tagged(files[0])
    rows = [{"forms": corpus.tokens(row), "kinds": list(tags)} for row, tags in enumerate(corpus.labels or [])]
    named = {"text_column": "forms", "label_column": "kinds"}
    first = regard.train(
        pd.DataFrame(rows), task="tag", model="gru", sets=ONE_STEP, out=tmp_path / "run", quiet=True, **named
    )
    again = regard.train(recipe=first.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(first)
    # What is asked about may have other columns than the training data had, or none.
    (tmp_path / "more.jsonl").write_text('{"tokens": ["Ada", "went"]}\n')
    assert len(first.ask(first.read(tmp_path / "more.jsonl", needs_gold=False))[0].output) == 2
    with pytest.raises(DataError, match="no column 'kinds'"):
        first.evaluate(tmp_path / "more.jsonl")


def test_texts_without_words_cost_no_training(files: tuple[Path, Path], tmp_path: Path) -> None:
    corpus = read_tagged(files[0])
    rows = [{"tokens": corpus.tokens(row), "tags": list(tags)} for row, tags in enumerate(corpus.labels or [])]
    for part, own in (("train", rows[:40]), ("validation", rows[40:50])):
        lines = [json.dumps(row) for row in [*own, {"tokens": [], "tags": []}]]
        (tmp_path / f"{part}.jsonl").write_text("\n".join(lines))
    sets = {**QUICK, "training.max_batch_examples": 1, "training.epochs": 1}
    parts = {"data": tmp_path / "train.jsonl", "validation": tmp_path / "validation.jsonl"}
    found = regard.train(**parts, task="tag", model="lstm", sets=sets, out=tmp_path / "run", quiet=True)
    assert found.record["training"]["steps"] == 40
    assert found.scores.n == 11


def test_what_is_not_read_is_said_and_counted(
    call: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sets = {**ONE_STEP, "tokens.max_length": 6, "tokens.max_windows": 1}
    found = regard.train(**{**call, "sets": sets}, out=tmp_path / "run")
    unread = found.record["reading"]["unread"]["test"]
    predictions = read_predictions(found.run.predictions)
    behind = [sum(sure == 0 for sure in item.confidences) for item in predictions]
    words = [len(item.words) for item in predictions]
    assert behind == [max(n - 6, 0) for n in words]
    assert unread == pytest.approx(sum(behind) / sum(words))
    assert found.record["truncated"]["test"] == pytest.approx(sum(n > 0 for n in behind) / len(behind))
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="regard"):
        found.predict("Ada went to Rome .")
        assert caplog.messages == []
        found.predict(["Ada went to Rome .", "Ada Stone went to Rome with Max ."])
    [said] = caplog.messages
    assert said.startswith("1 of 2 texts: longer than the 6 tokens that are read")
    assert said.endswith("what follows is not; words that are not read get a tag of confidence 0")


def test_force_leaves_out_what_no_model_could_answer(files: tuple[Path, Path], tmp_path: Path) -> None:
    rows = sentences(30, seed=2)
    rows[3][0] = (rows[3][0][0], "B-unheard")
    other = write_conll(tmp_path / "other.conll", rows)
    given = {"task": "tag", "model": "lstm", "sets": ONE_STEP, "quiet": True, "validation": other, "test": other}
    with pytest.raises(DataError, match="unheard"):
        regard.train(files[0], **given, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert regard.train(files[0], **given, out=tmp_path / "forced", force=True).scores.n == 29


def test_few_texts_hold_every_type(files: tuple[Path, Path], tmp_path: Path) -> None:
    rows = sentences(96, seed=1)
    rows[50][0] = (rows[50][0][0], "B-rare")
    data = write_conll(tmp_path / "data.conll", rows)
    found = regard.train(
        data, task="tag", model="lstm", sets=ONE_STEP, max_train_examples=12, out=tmp_path / "run", quiet=True
    )
    assert "B-rare" in found.labels
    assert 12 <= found.record["data"]["train"]["n"] <= 13


def test_models_are_compared_by_entity_f1(files: tuple[Path, Path], tmp_path: Path) -> None:
    test: TaggedCorpus = replace(read_tagged(files[1]), source="given")
    plain = TaggedCorpus("given", test.ids, test.texts, test.labels, words=test.words)
    call: dict[str, Any] = {
        "sets": {**QUICK, "training.epochs": 2},
        "test": plain,
        "out": tmp_path / "c",
        "quiet": True,
    }
    found = regard.compare(files[0], task="tag", models=["lstm", "gru"], seeds=2, **call)
    assert (found.task, found.headline, found.n) == ("tag", "f1", 30)
    for row in found.models:
        runs = [load(tmp_path / "c" / name) for name in row["runs"]]
        assert row["figures"] == [run.scores.values["f1"] for run in runs]
        assert row["figure"] == pytest.approx(sum(row["figures"]) / 2)
        assert row["interval"][0] <= row["figure"] <= row["interval"][1]
    assert found.verdict.pairs[0].test == "paired bootstrap over texts and seeds"
    assert abs(found.verdict.pairs[0].difference) == pytest.approx(
        abs(found.models[0]["figure"] - found.models[1]["figure"])
    )
    assert found.report.is_file()


def test_a_model_is_as_large_as_the_pipeline_that_it_runs(tmp_path: Path) -> None:
    run, pipeline = RunFolder(tmp_path / "run"), tmp_path / "pipeline"
    for folder, content in ((run.model, b"123"), (pipeline / "deep", b"12345")):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(content)
    predictor: Any = SimpleNamespace(folders=[pipeline])
    assert facts.size(run, predictor) == {"parameters": None, "bytes": 8}


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({"tokens.strategy": "head"}, "tokens.strategy: tag does not use"),
        ({"tokens.kind": "wordpiece"}, "tokens.kind: a tagger from scratch reads whole words"),
        ({"training.label_smoothing": 0.1}, "training.label_smoothing: tag does not use"),
        ({"head.crff": False}, "head.crff: no such option; did you mean head.crf"),
        ({"training.metric_for_best_model": "exact_match"}, "tag has no exact_match"),
        ({"tokens.window_stride": 300}, "window_stride: 300 leaves tokens unread"),
    ],
)
def test_what_a_tagger_has_no_use_for_is_refused(call: dict[str, Any], tmp_path: Path, sets: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        regard.train(**{**call, "sets": {**QUICK, **sets}}, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_strategy_in_a_recipe_is_refused_too(lstm: Model, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(lstm.run.recipe.read_text().replace('strategy = "windows"', 'strategy = "tail"'))
    with pytest.raises(UsageError, match="tag reads all of a text, in windows"):
        regard.train(recipe=path, out=tmp_path / "run", quiet=True)


def test_the_task_of_a_call_wins_over_that_of_a_recipe(lstm: Model, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="classify has no f1"):
        regard.train(recipe=lstm.run.recipe, task="classify", out=tmp_path / "run", quiet=True)
    sets = {**ONE_STEP, "task": "tag"}
    data = lstm.recipe.data.train
    assert regard.train(data, model="lstm", sets=sets, out=tmp_path / "set", quiet=True).recipe.task == "tag"
