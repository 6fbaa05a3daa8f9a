"""The main job with plain texts: from a book to a model that writes, byte for byte again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.made_up import book
from transformers import AutoModelForCausalLM

import regard
import regard.auto
from regard import manifest
from regard.errors import DataError, UsageError
from regard.jobs.generate import language_model
from regard.jobs.load import Model, load
from regard.tasks.generate.predictions import read_predictions

QUICK: dict[str, Any] = {
    "tokens.kind": "character",
    "tokens.max_length": 32,
    "model.hidden_size": 24,
    "model.embedding_size": 12,
    "training.epochs": 3,
    "training.learning_rate": 0.02,
    "training.batch_tokens": 256,
}
ONE_STEP = {**QUICK, "training.max_steps": 1}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "trips.txt"
    path.write_text(book(400, seed=1), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def lstm(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    out = tmp_path_factory.mktemp("runs") / "lstm"
    return regard.train(data, task="generate", model="lstm", sets=QUICK, out=out, quiet=True)


def weights(model: Model) -> str:
    return manifest.sha256(model.run.model / "model.safetensors")


def test_a_run_folder_holds_all_that_later_steps_read(lstm: Model, data: Path) -> None:
    scores = lstm.scores
    assert scores.values["bits_per_character"] < 2
    assert scores.values["perplexity"] == pytest.approx(2 ** scores.values["bits_per_character"])
    found = read_predictions(lstm.run.predictions)
    assert len(found) == scores.n
    assert data.read_text().endswith("".join(item.input for item in found))
    assert [item.id for item in found[:2]] == ["trips:1", "trips:2"]
    bits = -sum(item.log_probability for item in found) / math.log(2) / sum(item.characters for item in found)
    assert bits == pytest.approx(scores.values["bits_per_character"])
    record = lstm.record
    assert (record["task"], record["labels"], record["training"]["counted"]) == ("generate", [], "tokens")
    assert record["truncated"] == {"train": 0.0, "validation": 0.0}
    assert record["data"]["split_note"].endswith("cut from train, behind a paragraph")
    logged = [line for line in lstm.run.read_log() if line["event"] == "evaluation"]
    assert record["training"]["best_metrics"]["loss"] == min(line["loss"] for line in logged)
    samples = json.loads(lstm.run.explanations.read_text())
    assert [item["kind"] for item in samples] == ["sample"] * 3
    assert lstm.report.is_file()


def test_its_recipe_gives_the_same_bytes(lstm: Model, tmp_path: Path) -> None:
    again = regard.train(recipe=lstm.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(lstm)
    assert again.run.recipe.read_bytes() == lstm.run.recipe.read_bytes()
    assert again.run.predictions.read_bytes() == lstm.run.predictions.read_bytes()
    other = regard.train(recipe=lstm.run.recipe, seed=2, out=tmp_path / "other", quiet=True)
    assert weights(other) != weights(lstm)


def test_loaded_it_says_the_same(lstm: Model) -> None:
    loaded = load(lstm.run.path)
    expected = read_predictions(lstm.run.predictions)
    found = loaded.predict("".join(item.input for item in expected))
    assert [item.input for item in found] == [item.input for item in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-3)
    assert loaded.predict(["", "Ada"])[0].id == "1:1"


def test_it_is_evaluated_on_any_text(lstm: Model, tmp_path: Path) -> None:
    like, unlike = tmp_path / "like.txt", tmp_path / "unlike.txt"
    like.write_text(book(60, seed=9))
    unlike.write_text("QQQ zzz %%% " * 60)
    near, far = lstm.evaluate(like), lstm.evaluate(unlike)
    assert near.values["bits_per_character"] < 2 < far.values["bits_per_character"]
    assert near.intervals["bits_per_character"][0] < near.values["bits_per_character"]


def test_what_it_learned_it_writes(lstm: Model) -> None:
    written = lstm.generate("Ada ", tokens=60, seed=1)
    assert written.prompt == "Ada "
    assert len(written.log_probabilities) == 60
    assert any(word in written.text for word in ("went", "flew", "moved", " to "))
    assert [one.prompt for one in lstm.generate(["Ada", ""], tokens=3)] == ["Ada", ""]
    assert "".join(piece.text for piece in lstm.stream("Ada ", tokens=60, seed=1)) == written.text


def test_auto_classes_load_it(lstm: Model) -> None:
    assert AutoModelForCausalLM.from_pretrained(lstm.run.model).config.architecture == "lstm"


@pytest.mark.parametrize("word", ["transformer", "transformer-xl"])
@pytest.mark.parametrize("kind", ["bpe", "word"])
def test_other_networks_and_tokens(word: str, kind: str, data: Path, tmp_path: Path) -> None:
    sets = {**ONE_STEP, "tokens.kind": kind, "tokens.vocabulary_size": 300, "model.layers": 1}
    found = regard.train(data, task="generate", model=word, sets=sets, out=tmp_path / "run", quiet=True)
    assert load(found.run.path).generate("Ada went", tokens=40, seed=1).text


def test_texts_of_a_frame_are_cut_by_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"story": [book(6, seed=seed) for seed in range(20)]})
    first = regard.train(
        frame, task="generate", model="gru", text_column="story", sets=ONE_STEP, out=tmp_path / "run", quiet=True
    )
    assert first.record["data"]["validation"]["n"] == 2
    again = regard.train(recipe=first.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(first)


def test_memory_is_read_on_or_left_out(data: Path, tmp_path: Path) -> None:
    sets = {**QUICK, "model.layers": 1, "model.segment_length": 8, "model.memory_length": 24, "model.hidden_size": 32}
    with_memory = regard.train(
        data, task="generate", model="transformer-xl", sets=sets, out=tmp_path / "xl", quiet=True
    )
    model = load(with_memory.run.path)
    remembered = model.evaluate(data).values["loss"]
    assert model.predictor.carries_on
    model.predictor.carry = False
    assert model.evaluate(data).values["loss"] > remembered


def test_errors_say_how_to_mend_them(data: Path, lstm: Model, tmp_path: Path) -> None:
    call: dict[str, Any] = {"task": "generate", "model": "lstm", "out": tmp_path / "run", "quiet": True}
    with pytest.raises(UsageError, match="generate does not use this setting"):
        regard.train(data, **call, sets={"model.bidirectional": True})
    with pytest.raises(UsageError, match=r"head\.lora: a network from scratch"):
        regard.train(data, **call, sets={**ONE_STEP, "head.lora": True})
    with pytest.raises(UsageError, match="cnn does not do generate"):
        regard.train(data, **{**call, "model": "cnn"})
    (tmp_path / "blank.txt").write_text("\n \n")
    with pytest.raises(DataError, match="empty"):
        regard.train(tmp_path / "blank.txt", **call)
    (tmp_path / "short.txt").write_text("x")
    with pytest.raises(DataError, match="too short"):
        regard.train(tmp_path / "short.txt", **call)
    with pytest.raises(UsageError, match="takes texts alone"):
        lstm.predict("a text", "a question?")


def test_a_model_of_another_task_writes_nothing(tmp_path: Path) -> None:
    rows = pd.DataFrame({"text": [f"text {n}" for n in range(40)], "label": ["a", "b"] * 20})
    model = regard.train(rows, model="tfidf", out=tmp_path / "run", quiet=True, force=True)
    with pytest.raises(UsageError, match="was trained to classify, it writes no text"):
        model.generate("Ada")
    with pytest.raises(UsageError, match="was trained to classify"):
        language_model(str(tmp_path / "run"))
