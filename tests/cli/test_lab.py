"""`regard lab` and `regard explain` on a run of translate, and what the lab refuses: what they print, leave, and how
they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.test_work import Captured, document, run
from tests.made_up import write_pairs

from regard.analysis import decoding
from regard.records.alignment import Alignment

SETS = {
    "model.hidden_size": 16,
    "model.embedding_size": 16,
    "tokens.vocabulary_size": 330,
    "tokens.minimum_frequency": 1,
    "training.epochs": 4,
    "training.learning_rate": 0.02,
    "training.max_batch_examples": 16,
    "head.max_output_tokens": 16,
    "head.beams": 2,
}
COLUMNS = ("--text-column", "here", "--label-column", "there")


def trained(folder: Path, data: Path, **sets: object) -> Path:
    words = [word for path, value in {**SETS, **sets}.items() for word in ("--set", f"{path}={value}")]
    call = (
        "train",
        data,
        "--task",
        "translate",
        "--model",
        "gru",
        "--out",
        folder / "run",
        *COLUMNS,
        "--quiet",
        "--force",
    )
    assert run(*call, *words) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("data") / "train.jsonl", 80, seed=1)


@pytest.fixture(scope="module")
def translator(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("runs"), data)


@pytest.fixture(autouse=True)
def _few_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "BEAMS", (2,))
    monkeypatch.setattr(decoding, "PENALTIES", (0.0,))
    monkeypatch.setattr(decoding, "PENALISED", 2)
    monkeypatch.setattr(decoding, "SAMPLERS", decoding.SAMPLERS[:1])


def test_lab_json_and_its_page(translator: Path, capsys: Captured) -> None:
    found = document(capsys, "lab", translator, "--examples", 6, "--quiet")
    assert (found["task"], found["n"], found["part"]) == ("translate", 6, "validation")
    assert [row["name"] for row in found["methods"]] == ["greedy", "2 beams", "2 beams, penalty 0", "sampling"]
    assert {"exposure", "coverage", "examples", "take", "sentence", "references"} <= set(found)
    assert found["page"] == str(translator / "lab.html")
    page = (translator / "lab.html").read_text()
    assert all(f'id="{name}"' in page for name in ("ways", "exposure", "coverage", "reproduce"))


def test_greedy_of_the_lab_is_greedy_of_the_model(translator: Path, capsys: Captured) -> None:
    found = document(capsys, "lab", translator, "--examples", 8, "--quiet")
    figures = {row["name"]: row["figures"] for row in found["methods"]}
    exposure = found["exposure"]
    assert figures["2 beams, penalty 0"]["log_probability"] >= figures["greedy"]["log_probability"] - 1e-6
    assert exposure["shares"][0]["loss"] == exposure["forced_loss"]
    # The model's own loss of these references, counted another way.
    logged = [json.loads(line) for line in (translator / "log.jsonl").read_text().splitlines()]
    best = [line for line in logged if line["event"] == "evaluation" and line["best"]][-1]
    assert exposure["forced_loss"] == pytest.approx(best["loss"], rel=1e-3)


def test_lab_shows_a_table_that_fits(translator: Path, data: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "page.html"
    assert run("lab", translator, data, "--examples", 5, "--out", out, "--quiet") == 0
    said = capsys.readouterr().out
    assert all(len(line) <= 80 for line in said.splitlines() if not line.startswith("page: "))
    assert "greedy" in said
    assert "true words before it" in said.replace("\n", " ")
    assert f"page: {out}\n" in said
    assert "writing for 5 texts of</span> train.jsonl" in out.read_text()


def test_a_model_without_attention_has_no_coverage(data: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = trained(tmp_path, data, **{"head.attention": "none", "training.max_steps": 1})
    capsys.readouterr()
    found = document(capsys, "lab", folder, "--examples", 3, "--quiet")
    assert found["coverage"] is None
    assert "no attention to the source" in (folder / "lab.html").read_text()
    assert run("explain", folder, "a text") == 2
    assert "head.attention=additive" in capsys.readouterr().err


def test_lab_refuses_what_it_can_not_compare(
    run_folder: Path, translator: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert run("lab", run_folder) == 2
    said = capsys.readouterr().err
    assert "was trained for classify" in said
    assert "--task translate or --task generate" in said
    assert run("lab", translator, "--prompt-tokens", 5) == 2
    assert "--prompt-tokens: a translate run" in capsys.readouterr().err
    assert run("lab", translator, tmp_path / "nothing.jsonl") in (2, 3)
    empty = tmp_path / "empty.jsonl"
    empty.write_text('{"here": "a", "there": " "}\n')
    assert run("lab", translator, empty, "--quiet") == 3
    assert run("lab", tmp_path) == 4


def test_explain_shows_what_each_word_looked_at(translator: Path, tmp_path: Path, capsys: Captured) -> None:
    page = tmp_path / "alignment.html"
    assert run("explain", translator, "Ada went to Rome.", "--html", page) == 0
    said = capsys.readouterr().out
    assert "looked at most" in said
    assert all(len(line) <= 80 for line in said.splitlines() if not line.startswith("page: "))
    assert "data-weight=" in page.read_text()


def test_explain_json_of_another_output(translator: Path, capsys: Captured) -> None:
    found = document(capsys, "explain", translator, "Ada went to Rome.", "--target", "Ada a Rome")
    made = Alignment.from_json(found)
    assert made.output_words == ["Ada", "a", "Rome"]
    assert made.source_words == ["Ada", "went", "to", "Rome", "."]
    assert len(made.weights) == 3
