"""`regard lab` on a run of generate: what it prints and leaves, and how it ends where texts or models are too short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.test_generate import SMALL
from tests.cli.test_work import Captured, document, run
from tests.made_up import book

from regard.analysis import continuing

SHORT = ["--prompt-tokens", 8, "--tokens", 12]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "trips.txt"
    path.write_text(book(300, seed=1))
    return path


def trained(folder: Path, data: Path, model: str, *more: str) -> Path:
    out = folder / model
    assert run("train", data, "--task", "generate", "--model", model, "--out", out, "--quiet", *SMALL, *more) == 0
    return out


@pytest.fixture(scope="module")
def lstm(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("runs"), data, "lstm")


@pytest.fixture(autouse=True)
def _few_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuing, "BEAMS", (2,))
    monkeypatch.setattr(continuing, "SAMPLERS", continuing.SAMPLERS[:1])


def test_json_and_its_page(lstm: Path, capsys: Captured) -> None:
    found = document(capsys, "lab", lstm, "--examples", 6, *SHORT, "--quiet")
    assert (found["task"], found["n"], found["part"]) == ("generate", 6, "validation")
    assert (found["prompt_tokens"], found["tokens"]) == (8, 12)
    names = [row["name"] for row in found["methods"]]
    assert names == ["greedy", "2 beams", "sampling", "greedy, penalty 1.2", "sampling, penalty 1.2"]
    assert len(found["examples"]) == 4
    for example in found["examples"]:
        assert sorted(name for row in example["written"] for name in row["methods"]) == sorted(names)
        assert all(len(row["spans"]) == 12 for row in (example["true"], *example["written"]))
        assert len(example["prompt"]) == 8
    assert found["page"] == str(lstm / "lab.html")
    page = (lstm / "lab.html").read_text()
    assert all(f'id="{name}"' in page for name in ("ways", "exposure", "examples", "reproduce"))


def test_the_true_text_has_the_probability_that_the_model_gives_it(
    lstm: Path, data: Path, tmp_path: Path, capsys: Captured
) -> None:
    """One passage that is a whole text, and its loss counted another way: of its last tokens, by `regard predict`."""
    text = book(300, seed=2)[:20]
    (tmp_path / "one.txt").write_text(text)
    found = document(capsys, "lab", lstm, tmp_path / "one.txt", *SHORT, "--out", tmp_path / "lab.html", "--quiet")
    [stretch] = document(capsys, "predict", lstm, "\n" + text)["predictions"]
    [example] = found["examples"]
    assert example["prompt"] + example["true"]["text"] == text
    true = found["true"]["figures"]["log_probability"]
    assert true == pytest.approx(-found["exposure"]["forced_loss"])
    assert true == pytest.approx(sum(example["true"]["log_probabilities"]) / 12)
    # What stands before the prompt differs, so that only later tokens have about the same probability.
    assert example["true"]["log_probabilities"][-1] == pytest.approx(stretch["log_probabilities"][-1], abs=0.1)


def test_the_same_call_finds_the_same_but_for_times(lstm: Path, tmp_path: Path, capsys: Captured) -> None:
    def ways() -> list[dict[str, object]]:
        words = ["lab", lstm, "--examples", 5, *SHORT, "--out", tmp_path / "lab.html", "--quiet"]
        return [{**row, "seconds_per_token": 0} for row in document(capsys, *words)["methods"]]

    assert ways() == ways()


def test_a_table_that_fits(lstm: Path, data: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "page.html"
    assert run("lab", lstm, data, "--examples", 5, *SHORT, "--out", out, "--quiet") == 0
    said = capsys.readouterr().out
    assert all(len(line) <= 80 for line in said.splitlines() if not line.startswith("page: "))
    assert "the true text" in said
    assert "true words before it" in said.replace("\n", " ")
    assert f"page: {out}\n" in said
    assert "going on with 5 passages of</span> trips.txt" in out.read_text()


@pytest.mark.parametrize("model", ["transformer", "transformer-xl"])
def test_models_of_few_tokens_have_a_lab_that_fits(model: str, data: Path, tmp_path: Path, capsys: Captured) -> None:
    small = ["--set", "model.layers=1", "--set", "model.feed_forward_size=16", "--set", "training.max_steps=1"]
    folder = trained(tmp_path, data, model, *small)
    capsys.readouterr()
    more = [] if model == "transformer" else SHORT
    found = document(capsys, "lab", folder, "--examples", 3, *more, "--quiet")
    assert (found["prompt_tokens"], found["tokens"]) == ((4, 20) if model == "transformer" else (8, 12))
    if model == "transformer":
        assert run("lab", folder, "--tokens", 30) == 2
        assert "the model reads 24" in capsys.readouterr().err


def test_texts_too_short_are_an_error_that_says_how_long_they_are(lstm: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "short.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in ("Ada went.", "Max")))
    assert run("lab", lstm, tmp_path / "short.jsonl", *SHORT, "--quiet") == 3
    said = capsys.readouterr().err
    assert "its longest text has 9 tokens, a prompt of 8 and 12 after it need more" in said
    assert "--prompt-tokens" in said
    assert run("lab", lstm, "--tokens", 0) == 2
    assert run("lab", lstm, tmp_path / "short.jsonl", "--label-column", "text") == 2
