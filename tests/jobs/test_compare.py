"""Several models on one split: the same texts for all, finished runs kept, a verdict that says what is noise."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import regard
from regard import manifest
from regard.errors import ModelError, UsageError
from regard.jobs.compare import Comparison
from regard.jobs.entrant import Entrant, Result, refuse_other_texts, sets_for
from regard.jobs.shared_split import PARTS
from regard.report import compare_page
from regard.text.read import read


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, reviews: Callable[..., Path]) -> Path:
    return reviews(tmp_path_factory.mktemp("data") / "reviews.csv", 200, seed=1, noise=0.1)


@pytest.fixture(scope="module")
def comparison(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return regard.compare(data, models=["tfidf", "nbsvm"], out=tmp_path_factory.mktemp("out") / "c", quiet=True)


def test_every_model_gets_the_same_split(comparison: Comparison) -> None:
    records = [json.loads((comparison.folder / run / "run.json").read_text()) for run in ("tfidf-seed1", "nbsvm-seed1")]
    for part in PARTS:
        hashes = {record["data"][part]["sha256"] for record in records}
        assert hashes == {comparison.data[part]["sha256"]}


def test_the_split_holds_each_text_once(comparison: Comparison, data: Path) -> None:
    parts = [read(comparison.folder / "data" / f"{part}.parquet") for part in PARTS]
    texts = [text for part in parts for text in part.texts]
    assert sorted(texts) == sorted(read(data).texts)
    assert comparison.n == len(parts[2]) == 40


def test_an_option_goes_to_the_models_that_have_it() -> None:
    sets = {"model.hidden_size": 8, "training.epochs": 1}
    assert sets_for("tfidf", ["tfidf", "lstm"], sets) == {"training.epochs": 1}
    assert sets_for("lstm", ["tfidf", "lstm"], sets) == sets
    with pytest.raises(UsageError, match=r"model\.depth"):
        sets_for("lstm", ["tfidf", "lstm"], {"model.depth": 1})


def test_a_run_and_a_comparison_do_not_share_a_folder(comparison: Comparison, data: Path) -> None:
    with pytest.raises(UsageError, match="holds a comparison"):
        regard.train(data, model="tfidf", out=comparison.folder, quiet=True)
    with pytest.raises(UsageError, match="holds a finished run"):
        regard.compare(data, models=["tfidf", "nbsvm"], out=comparison.folder / "tfidf-seed1", quiet=True)
    with pytest.raises(ModelError, match="is a comparison"):
        regard.load(comparison.folder)


def test_a_model_without_a_seed_is_trained_once(comparison: Comparison) -> None:
    assert [row["seeds"] for row in comparison.models] == [[1], [1]]
    assert not any(row["seeded"] for row in comparison.models)


def test_the_document_has_what_the_page_needs(comparison: Comparison) -> None:
    written = json.loads((comparison.folder / compare_page.DOCUMENT).read_text())
    assert written == json.loads(json.dumps(comparison.to_json()))
    assert {"task", "n", "report", "take", "sentence", "pairs", "models", "data"} <= set(written)
    accuracies = [row["accuracy"] for row in written["models"]]
    assert accuracies == sorted(accuracies, reverse=True)
    for row in written["models"]:
        assert row["interval"][0] <= row["accuracy"] <= row["interval"][1]
        assert row["train_examples"] == written["data"]["train"]["n"]
        assert row["seconds"] > 0
        assert row["bytes"] > 0
    assert written["take"] in written["sentence"]


def test_what_is_finished_is_taken_as_it_is(comparison: Comparison, data: Path) -> None:
    record = comparison.folder / "tfidf-seed1" / "run.json"
    before = record.stat().st_mtime_ns
    again = regard.compare(data, models=["tfidf", "nbsvm"], out=comparison.folder, quiet=True)
    assert record.stat().st_mtime_ns == before
    assert again.to_json() == comparison.to_json()


def test_other_settings_do_not_mix_with_finished_runs(comparison: Comparison, data: Path) -> None:
    with pytest.raises(UsageError, match="another recipe"):
        regard.compare(data, models=["tfidf", "nbsvm"], sets=["model.min_df=3"], out=comparison.folder, quiet=True)


def test_other_data_do_not_mix_with_finished_runs(
    comparison: Comparison, tmp_path: Path, reviews: Callable[..., Path]
) -> None:
    other = reviews(tmp_path / "other.csv", 200, seed=2)
    with pytest.raises(UsageError, match="other data"):
        regard.compare(other, models=["tfidf", "nbsvm"], out=comparison.folder, quiet=True)


def test_seeds_are_bands(data: Path, tmp_path: Path, reviews: Callable[..., Path]) -> None:
    test = reviews(tmp_path / "test.csv", 30, seed=3)
    found = regard.compare(
        data, models=["cnn", "gru"], seeds=2, seed=5, test=test, out=tmp_path / "c", sets=_shared(), quiet=True
    )
    assert [row["seeds"] for row in found.models] == [[5, 6], [5, 6]]
    assert all(len(row["figures"]) == len(row["runs"]) == 2 for row in found.models)
    assert found.n == 30
    assert found.verdict.pairs[0].test == "paired bootstrap over texts and seeds"
    assert (tmp_path / "c" / "cnn-seed6" / "report.html").is_file()


def test_the_users_data_are_named_not_the_copy_of_them(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "regard")
    found = regard.compare(data, models=["tfidf", "cnn"], seeds=1, out=tmp_path / "c", sets=_shared())
    shown = capsys.readouterr().err + caplog.text
    assert f"cnn on {data}: training" in shown
    assert f"columns of {data}: text: text" in shown
    assert ".parquet" not in shown
    assert {model["model"] for model in found.models} == {"tfidf", "cnn"}
    for run in ("tfidf-seed1", "cnn-seed1"):
        record = json.loads((found.folder / run / "run.json").read_text())
        assert record["data"]["train"]["source"] == str(data)
        assert record["data"]["split_note"] == found.data["split_note"]


@pytest.mark.parametrize("contiguous", [False, True])
def test_a_run_of_a_comparison_can_be_repeated_by_its_recipe(data: Path, tmp_path: Path, contiguous: bool) -> None:
    corpus = replace(read(data), contiguous=contiguous)
    regard.compare(corpus, models=["tfidf", "nbsvm"], max_train_examples=60, out=tmp_path / "c", quiet=True)
    first = regard.load(tmp_path / "c" / "tfidf-seed1")
    again = regard.train(recipe=first.run.recipe, out=tmp_path / "again", quiet=True)
    for part in PARTS:
        assert again.record["data"][part]["sha256"] == first.record["data"][part]["sha256"]
    hashes = {manifest.sha256(next(model.run.model.glob("*.safetensors"))) for model in (first, again)}
    assert len(hashes) == 1


def _shared() -> list[str]:
    return ["model.embedding_size=8", "training.epochs=1", "tokens.max_length=16", "tokens.minimum_frequency=1"]


@pytest.mark.parametrize("models", [[], ["tfidf"], ["tfidf", "tfidf"], ["tfidf", "tfidff"]])
def test_a_wrong_choice_is_refused_before_anything_is_trained(models: list[str], data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        regard.compare(data, models=models, out=tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_models_that_were_scored_on_other_texts_are_not_paired() -> None:
    def result(name: str, *ids: str) -> Result:
        said = [SimpleNamespace(id=one) for one in ids]
        task = SimpleNamespace(read_predictions=lambda path: said)
        trained: Any = SimpleNamespace(task=task, run=SimpleNamespace(predictions=None))
        return Result(Entrant(name), [trained])

    refuse_other_texts([result("lstm", "0", "1"), result("gru", "0", "1")])
    with pytest.raises(UsageError, match="gru was not scored on the same texts as lstm"):
        refuse_other_texts([result("lstm", "0", "1"), result("gru", "0:1", "1")])
