"""The commands with `--task pretrain`: what they print, which files they take, and how they end when it goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_work import Captured, document, run

SETS = {
    "model.hidden_size": 8,
    "model.embedding_size": 8,
    "tokens.vocabulary_size": 150,
    "tokens.minimum_frequency": 1,
    "tokens.max_length": 16,
    "training.max_steps": 2,
}
SMALL = [word for path, value in SETS.items() for word in ("--set", f"{path}={value}")]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "corpus.txt"
    lines = [f"Ada went to Rome on day {number}. She liked it there, said Max." for number in range(60)]
    path.write_text("\n\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def domain(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a GRU, trained by the command."""
    out = tmp_path_factory.mktemp("runs") / "domain"
    assert run("train", corpus, "--task", "pretrain", "--model", "gru", "--out", out, "--quiet", *SMALL) == 0
    return out


def test_train_says_how_it_went(corpus: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "run"
    assert run("train", corpus, "--task", "pretrain", "--model", "rnn", "--out", out, "--quiet", *SMALL) == 0
    said = capsys.readouterr().out
    assert "pseudo perplexity" in said
    assert f'regard predict {out} "a text of your own"' in said


def test_words_are_put_where_masks_stand(domain: Path, capsys: Captured) -> None:
    found: Any = document(capsys, "predict", domain, "Ada went to [MASK] on [MASK] 3.", "She liked it there.", "")
    first, second, third = found["predictions"]
    assert [first["input"][start:end] for start, end in first["places"]] == ["[MASK]", "[MASK]"]
    assert (first["gold"], len(first["output"])) == (None, 2)
    assert len(second["gold"]) == len(second["output"]) == 1
    assert third["places"] == []
    assert run("predict", domain, "Ada went to [MASK] on day 3.", "") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows[0][2:] == ["12:18", "[MASK]"]
    assert 0 < float(rows[0][1]) < 1
    assert rows[1][0] == "-"


def test_evaluate_is_the_same_each_time(domain: Path, corpus: Path, capsys: Captured) -> None:
    one, other = (document(capsys, "evaluate", domain, corpus) for _ in range(2))
    assert one == other
    assert {"accuracy", "loss", "pseudo_perplexity"} <= one["scores"].keys()
    assert one["detail"]["tokens"] > 60


def test_fine_tuning_takes_the_run_as_its_model(domain: Path, tmp_path: Path, capsys: Captured) -> None:
    rows = [f"Ada {('went to', 'stayed in')[n % 2]} Rome {n},{'ab'[n % 2]}" for n in range(40)]
    (tmp_path / "labelled.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    words = ["train", tmp_path / "labelled.csv", "--model", domain, "--out", tmp_path / "tuned", "--quiet"]
    assert run(*words, "--max-length", 16, "--set", "training.max_steps=1") == 0
    assert "trained on 36 texts" in capsys.readouterr().out
    config = json.loads((tmp_path / "tuned" / "model" / "config.json").read_text())
    assert config["architectures"] == ["RnnForSequenceClassification"]


@pytest.mark.parametrize(
    ("content", "more", "code", "message"),
    [
        ("", (), 3, "empty"),
        ("word", (), 3, "too short"),
        (None, (), 3, "no such file"),
        ("A b c. D e f.\n" * 9, ("--set", "head.next_sentence=true"), 3, "two documents or more"),
        ("A b c. D e f.\n" * 9, ("--set", "training.label_smoothing=0.1"), 2, "pretrain does not use this setting"),
        ("A b c. D e f.\n" * 9, ("--model", "transformer-xl"), 2, "does not do pretrain"),
        ("A b c. D e f.\n" * 9, ("--set", "model.bidirectional=false"), 2, "both sides"),
    ],
)
def test_how_it_ends_when_it_goes_wrong(
    content: str | None, more: tuple[str, ...], code: int, message: str, tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "corpus.txt"
    if content is not None:
        file.write_text(content)
    model = () if "--model" in more else ("--model", "gru")
    small = () if "--model" in more else SMALL
    assert run("train", file, "--task", "pretrain", "--out", tmp_path / "run", "--quiet", *model, *small, *more) == code
    said = capsys.readouterr().err
    assert message in said
    assert "mend:" in said or code == 2


def test_nothing_is_explained(domain: Path, capsys: Captured) -> None:
    assert run("explain", domain, "Ada went to Rome.") == 2
    assert "no one output" in capsys.readouterr().err
