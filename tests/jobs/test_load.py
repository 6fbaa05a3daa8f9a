"""A run folder that can be asked: predict, explain, evaluate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import regard
from regard.errors import DataError, ModelError, UsageError
from regard.jobs.load import Model


def test_predict_gives_one_answer_a_text_in_order(run_folder: Path) -> None:
    model = regard.load(run_folder)
    texts = ["a lovely film", "a dull film", "a lovely film"]
    said = model.predict(texts)
    assert [item.input for item in said] == texts
    assert [item.id for item in said] == ["0", "1", "2"]
    assert [item.output for item in said] == ["good", "bad", "good"]
    assert said[0].probabilities == said[2].probabilities
    assert all(item.gold is None for item in said)


def test_one_text_needs_no_list(run_folder: Path) -> None:
    [said] = regard.load(run_folder).predict("a lovely film")
    assert said.output == "good"
    assert said.confidence == pytest.approx(said.probabilities["good"])


def test_no_texts_no_answers(run_folder: Path) -> None:
    assert regard.load(run_folder).predict([]) == []


def test_what_is_no_text_is_refused(run_folder: Path) -> None:
    with pytest.raises(UsageError, match="found int: 7"):
        regard.load(run_folder).predict(["fine", 7])  # type: ignore[list-item]


def test_the_model_knows_its_run(run_folder: Path) -> None:
    model = regard.load(str(run_folder))
    assert model.labels == ["bad", "good"]
    assert not model.multi_label
    assert model.recipe.model_name == "tfidf"
    assert model.report == run_folder / "report.html"
    assert model.report.is_file()
    assert model.scores.values["accuracy"] > 0.9
    assert "tfidf" in repr(model)


def test_explain_speaks_of_the_text_as_given(run_folder: Path) -> None:
    text = "A  LOVELY film &amp; a dull end"
    explanation = regard.load(run_folder).explain(text, target="good")
    assert explanation.text == text
    scores = dict(explanation.words())
    assert scores["LOVELY"] > 0 > scores["dull"]


def test_an_explanation_shows_itself_in_a_notebook(run_folder: Path) -> None:
    explanation = regard.load(run_folder).explain("a lovely <b>film</b>")
    shown = explanation._repr_html_()  # type: ignore[attr-defined]
    assert "lovely" in shown
    assert "<b>film" not in shown


def test_an_unknown_target_names_the_labels(run_folder: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean good"):
        regard.load(run_folder).explain("a film", target="goood")


def test_evaluate_scores_other_texts(run_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("text,label\na lovely film,good\na dull film,bad\na dull play,good\n")
    scores = regard.load(run_folder).evaluate(other)
    assert scores.n == 3
    assert scores.values["accuracy"] == pytest.approx(2 / 3)
    assert scores.confusion == [[1, 0], [1, 1]]


def test_evaluate_refuses_a_label_that_the_model_never_saw(run_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("text,label\na lovely film,good\na dull film,awful\n")
    with pytest.raises(DataError, match=r"other\.csv:3.*'awful'"):
        regard.load(run_folder).evaluate(other)


def test_evaluate_refuses_several_labels_for_a_model_of_one(run_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("text,label\na lovely film,good;bad\na dull film,bad\n")
    with pytest.raises(DataError, match="gives one label"):
        regard.load(run_folder).evaluate(other, label_separator=";")


def test_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no run\.json"):
        regard.load(tmp_path)


def test_a_damaged_record(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ModelError, match="damaged"):
        regard.load(tmp_path)


def test_a_run_without_its_recipe_is_a_bad_model(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    (tmp_path / "run" / "recipe.toml").unlink()
    with pytest.raises(ModelError, match=r"recipe\.toml is missing"):
        regard.load(tmp_path / "run").predict("a film")


def test_train_returns_the_same_as_load(run_folder: Path, trained: Model) -> None:
    assert trained.predict("a dull film") == regard.load(run_folder).predict("a dull film")
