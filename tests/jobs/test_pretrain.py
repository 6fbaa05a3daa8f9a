"""The main job with plain texts, and what is fine-tuned from what it leaves behind."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from tests import checkpoints
from tests.made_up import DID, WHERE, WHO, sentences, write_conll, write_squad
from tests.stopping import stop_at
from transformers import AutoModelForMaskedLM

import regard
import regard.auto
from regard import manifest
from regard.errors import DataError, ModelError, UsageError
from regard.jobs.load import Model, load
from regard.tasks.pretrain.feed import WindowFeed
from regard.tasks.pretrain.predictions import read_predictions
from regard.training.loop import Interrupted

QUICK: dict[str, Any] = {
    "model.hidden_size": 16,
    "model.embedding_size": 16,
    "model.heads": 2,
    "model.layers": 1,
    "model.feed_forward_size": 32,
    "tokens.vocabulary_size": 200,
    "tokens.max_length": 24,
    "training.epochs": 3,
    "training.learning_rate": 0.02,
    "training.max_batch_examples": 16,
}
ONE_STEP = {**QUICK, "training.max_steps": 1}
STEP = {"training.max_steps": 1, "tokens.max_length": 24}


def trips(n: int, *, seed: int) -> list[str]:
    draw = random.Random(seed)

    def sentence() -> str:
        return f"{draw.choice(WHO)} {draw.choice(DID)} to {draw.choice(WHERE)} again."

    return [f"{sentence()} {sentence()} It was day {number}." for number in range(n)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "trips.txt"
    path.write_text("\n\n".join(trips(150, seed=1)) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def call(data: Path) -> dict[str, Any]:
    return {"data": data, "task": "pretrain", "model": "transformer", "sets": QUICK, "quiet": True}


@pytest.fixture(scope="module")
def transformer(call: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Model:
    return regard.train(**call, out=tmp_path_factory.mktemp("runs") / "domain")


def weights(model: Model) -> str:
    return manifest.sha256(model.run.model / "model.safetensors")


def test_a_run_folder_holds_all_that_later_steps_read(transformer: Model, data: Path) -> None:
    scores, record = transformer.scores, transformer.record
    assert scores.values["accuracy"] > 0.1
    assert (record["task"], record["labels"], record["training"]["counted"]) == ("pretrain", [], "hidden tokens")
    assert record["truncated"] == {"train": 0.0, "validation": 0.0}
    logged = [line for line in transformer.run.read_log() if line["event"] == "evaluation"]
    assert record["training"]["best_metrics"]["loss"] == min(line["loss"] for line in logged)
    assert scores.values["loss"] == pytest.approx(record["training"]["best_metrics"]["loss"])
    assert scores.values["accuracy"] == pytest.approx(record["training"]["best_metrics"]["accuracy"])
    found = read_predictions(transformer.run.predictions)
    assert len(found) == scores.n
    assert data.read_text().endswith("".join(item.input for item in found))
    assert transformer.report.is_file()
    assert transformer.run.explanations.read_text().strip() == "[]"


def test_its_recipe_gives_the_same_bytes(transformer: Model, tmp_path: Path) -> None:
    again = regard.train(recipe=transformer.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(transformer)
    assert again.run.recipe.read_bytes() == transformer.run.recipe.read_bytes()
    assert again.run.predictions.read_bytes() == transformer.run.predictions.read_bytes()
    other = regard.train(recipe=transformer.run.recipe, seed=2, out=tmp_path / "other", quiet=True)
    assert weights(other) != weights(transformer)
    places = [[item.places for item in read_predictions(model.run.predictions)] for model in (other, transformer)]
    assert places[0] == places[1]


def test_stopped_and_resumed_it_is_the_same_training(
    transformer: Model, call: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, WindowFeed, 20)
    with pytest.raises(Interrupted):
        regard.train(**call, out=tmp_path / "run")
    resumed = regard.train(**call, out=tmp_path / "run", resume=True)
    assert weights(resumed) == weights(transformer)


def test_loaded_it_fills_in_evaluates_and_explains_nothing(transformer: Model, data: Path) -> None:
    model = load(transformer.run.path)
    [said] = model.predict("Ada went [MASK] Rome again.")
    assert said.gold is None
    assert [said.input[slice(*span)] for span in said.places] == ["[MASK]"]
    assert model.predict([]) == []
    assert [item.places for item in model.predict(["", " \n", "x"])] == [(), (), ()]
    scores = model.evaluate(data)
    assert scores.values["accuracy"] > 0.1
    assert scores.detail["tokens"] > transformer.scores.detail["tokens"]
    with pytest.raises(UsageError, match="no one output of a text to explain"):
        model.explain("Ada went to Rome.")


def test_auto_classes_load_it(transformer: Model) -> None:
    model = AutoModelForMaskedLM.from_pretrained(transformer.run.model)
    assert type(model).__name__ == "TransformerForMaskedLM"


@pytest.mark.parametrize("of_model", [False, True], ids=["run", "model"])
def test_a_classifier_begins_from_it(transformer: Model, of_model: bool, tmp_path: Path) -> None:
    rows = [(f"Ada {('went to', 'stayed in')[n % 2]} Rome, day {n}.", ("moving", "resting")[n % 2]) for n in range(40)]
    frame = pd.DataFrame(rows, columns=["text", "label"])
    name = str(transformer.run.model if of_model else transformer.run.path)
    tuned = regard.train(
        frame, model=name, sets={**STEP, "training.learning_rate": 1e-12}, out=tmp_path / "tuned", quiet=True
    )
    begun, learned = (model.predictor.model.state_dict() for model in (tuned, transformer))
    shared = [key for key in learned if key.startswith(("embedding.", "encoder."))]
    assert len(shared) > 10
    for key in shared:
        torch.testing.assert_close(begun[key], learned[key], rtol=0, atol=1e-6)
    vocabulary = [model.predictor.encoder.vocabulary for model in (tuned, transformer)]
    assert vocabulary[0] == vocabulary[1]
    assert load(tuned.run.path).predict("Ada went to Rome.")[0].output in ("moving", "resting")


def test_a_tagger_and_an_answerer_begin_from_it(transformer: Model, tmp_path: Path) -> None:
    name, learned = str(transformer.run.path), transformer.predictor.model.embedding.weight
    sets = {**STEP, "training.learning_rate": 1e-12}
    files = {
        "tag": write_conll(tmp_path / "train.conll", sentences(40, seed=1)),
        "answer": write_squad(tmp_path / "train.json", 30, seed=1),
    }
    for task, file in files.items():
        tuned = regard.train(file, task=task, model=name, sets=sets, out=tmp_path / task, quiet=True)
        torch.testing.assert_close(tuned.predictor.model.embedding.weight, learned, rtol=0, atol=1e-6)


def test_a_pretraining_goes_on_from_it(transformer: Model, data: Path, tmp_path: Path) -> None:
    name, sets = str(transformer.run.path), {**STEP, "training.learning_rate": 1e-12}
    on = regard.train(data, task="pretrain", model=name, sets=sets, out=tmp_path / "on", quiet=True)
    assert on.scores.values["loss"] == pytest.approx(transformer.scores.values["loss"], abs=1e-3)


def test_what_was_read_unlabelled_helps_where_labels_are_few(tmp_path: Path) -> None:
    """Two sorts of words that never meet: which is which shows without labels; labelled texts name a few of each."""
    draw = random.Random(3)
    sorts = [[f"{first}{vowel}{last}" for first in "bdgkm" for vowel in "aou" for last in "lt"] for _ in range(2)]
    sorts[1] = [f"{word}rn" for word in sorts[1]]

    def texts(n: int, most: int) -> list[str]:
        return [" ".join(draw.choice(sorts[row % 2][:most]) for _ in range(6)) for row in range(n)]

    unlabelled, asked = (pd.DataFrame({"text": texts(n, 30)}) for n in (400, 100))
    few = pd.DataFrame({"text": texts(20, 5) * 20})  # each often in an epoch: there are fewer evaluations then
    for frame in (few, asked):
        frame["label"] = ["a", "b"] * (len(frame) // 2)
    words = {**QUICK, "tokens.kind": "word", "training.epochs": 6, "model.dropout": 0.0, "model.embedding_dropout": 0.0}
    domain = regard.train(unlabelled, task="pretrain", model="transformer", sets=words, out=tmp_path / "d", quiet=True)
    taught = {"training.epochs": 2, "training.learning_rate": 5e-3, "tokens.max_length": 24}
    call = {"validation": few.assign(text=few.text + " ."), "force": True, "quiet": True}
    tuned = regard.train(few, model=str(domain.run.path), sets=taught, out=tmp_path / "t", **call)
    scratch = regard.train(few, model="transformer", sets={**words, **taught}, out=tmp_path / "s", **call)
    right = [model.evaluate(asked).values["accuracy"] for model in (tuned, scratch)]
    assert right[0] > right[1] + 0.2


def test_halves_and_whole_words(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": trips(60, seed=2)})
    sets = {**ONE_STEP, "head.next_sentence": True, "head.whole_word": True, "tokens.max_length": 40}
    del sets["model.heads"], sets["model.feed_forward_size"]
    found = regard.train(frame, task="pretrain", model="lstm", sets=sets, out=tmp_path / "run", quiet=True)
    assert {"next_sentence_accuracy", "accuracy"} <= found.scores.values.keys()
    again = load(found.run.path).evaluate(frame)
    assert again.detail["pairs"] == 60


def test_a_checkpoint_goes_on(data: Path, tmp_path: Path) -> None:
    place = checkpoints.make("bert", tmp_path / "bert", trips(20, seed=1))
    found = regard.train(data, task="pretrain", model=str(place), sets=STEP, out=tmp_path / "run", quiet=True)
    assert type(found.predictor.model).__name__ == "BertForMaskedLM"
    assert load(found.run.path).evaluate(data).n > 0
    frame = pd.DataFrame({"text": trips(20, seed=4), "label": ["a", "b"] * 10})
    tuned = regard.train(frame, model=str(found.run.path), sets=STEP, out=tmp_path / "tuned", quiet=True)
    assert type(tuned.predictor.model).__name__ == "BertForSequenceClassification"


def test_two_models_are_compared_on_the_same_passages(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": trips(60, seed=2)})
    sets = {"tokens.vocabulary_size": 150, "training.max_steps": 1, "model.embedding_size": 8, "model.hidden_size": 8}
    found = regard.compare(
        frame, task="pretrain", models=["gru", "rnn"], sets=sets, seeds=1, out=tmp_path / "c", quiet=True
    )
    assert (found.task, found.headline) == ("pretrain", "accuracy")


@pytest.mark.parametrize(
    ("texts", "sets", "error", "message"),
    [
        (["", " "], {}, DataError, "every text is empty"),
        ([f"w{n}" for n in range(20)], {"tokens.kind": "word"}, DataError, "two tokens or more"),
        (["a b c d e f g h"], {}, DataError, "too short|there is nothing|texts"),
        ([f"no stop {n}" for n in range(30)], {"head.next_sentence": True}, DataError, "documents of two sentences"),
    ],
)
def test_what_can_not_be_learned_from_is_said(
    texts: list[str], sets: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"text": texts})
    with pytest.raises(error, match=message):
        regard.train(
            frame, task="pretrain", model="transformer", sets={**ONE_STEP, **sets}, out=tmp_path / "run", quiet=True
        )


def test_a_checkpoint_that_hides_nothing_is_a_bad_model(data: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    place = checkpoints.make("bert", tmp_path / "bert", trips(20, seed=1))
    tokenizer = AutoTokenizer.from_pretrained(place)
    tokenizer.mask_token = None
    tokenizer.save_pretrained(place)
    with pytest.raises(ModelError, match="no mask token") as caught:
        regard.train(data, task="pretrain", model=str(place), sets=STEP, out=tmp_path / "run", quiet=True)
    assert caught.value.exit_code == 4
