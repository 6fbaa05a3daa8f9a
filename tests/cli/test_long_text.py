"""--max-length and --strategy: what is read of long texts, said at the end and in the run, for a single command."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from tests import checkpoints
from tests.cli.test_work import Captured, document, run

SMALL = ["--set", "model.embedding_size=8", "--set", "model.channels=8", "--set", "training.epochs=1"]


@pytest.fixture(scope="module")
def long_texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 texts; the word that tells is the last of some 60."""
    path = tmp_path_factory.mktemp("data") / "long.parquet"
    filler = "this goes on and on and says nothing at all " * 6
    rows = [
        {"text": f"{n} {filler} {'lovely' if n % 2 else 'dull'}", "label": "good" if n % 2 else "bad"}
        for n in range(40)
    ]
    pd.DataFrame(rows).to_parquet(path)
    return path


def test_windows_from_the_command_line(long_texts: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "run"
    words = ["train", long_texts, "--model", "cnn", "--max-length", 16, "--strategy", "windows", "--out", out, *SMALL]
    assert run(*words, "--force", "--quiet") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "longer than 16 tokens: they are read whole, in windows that overlap" in said
    record = json.loads((out / "run.json").read_text())
    assert record["truncated"] == {"train": 0.0, "validation": 0.0}
    assert record["reading"]["longer"] == {"train": 1.0, "validation": 1.0}
    assert record["reading"]["strategy"] == "windows"
    assert document(capsys, "predict", out, "a short text")["n"] == 1


def test_what_is_cut_is_said_at_the_end(long_texts: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "run"
    words = ["train", long_texts, "--model", "cnn", "--max-length", 16, "--strategy", "tail", "--out", out, *SMALL]
    assert run(*words, "--force", "--quiet") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "the tail of each is read, its head is not (strategy tail)" in said
    record = json.loads((out / "run.json").read_text())
    assert record["truncated"] == {"train": 1.0, "validation": 1.0}
    assert 0.6 < record["reading"]["unread"]["train"] < 0.9
    page = (out / "report.html").read_text().replace("\u00a0", " ")
    assert "100.0 % of texts" in page
    assert "the tail of each is read, its head is not" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "tfidf", "--max-length", 64], "tokens.max_length: tfidf does not use"),
        (["--model", "cnn", "--strategy", "middle"], "tokens.strategy: Input should be 'head', 'tail'"),
        (
            ["--model", "cnn", "--max-length", 8, "--set", "tokens.window_stride=7", "--strategy", "windows"],
            "stride: 7",
        ),
    ],
)
def test_what_can_not_be_is_refused(
    words: list[object], said: str, long_texts: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert run("train", long_texts, *words, "--out", tmp_path / "run") == 2
    assert said in capsys.readouterr().err


def test_more_tokens_than_a_checkpoint_has_positions(long_texts: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = checkpoints.make("bert", tmp_path / "bert", ["a film"])
    assert run("train", long_texts, "--model", folder, "--max-length", 1024, "--out", tmp_path / "run", "--force") == 2
    said = capsys.readouterr().err
    assert "reads at most 64 tokens" in said
    assert "--strategy" in said
    assert "windows" in said
    assert "--attention" in said


def test_a_network_for_long_texts_reads_4096_tokens(tmp_path: Path, capsys: Captured) -> None:
    rows = [{"text": f"{n} " + "on and on " * (2000 if n < 2 else 2), "label": "ab"[n % 2]} for n in range(24)]
    pd.DataFrame(rows).to_parquet(tmp_path / "long.parquet")
    words = [
        "train",
        tmp_path / "long.parquet",
        "--model",
        "longformer",
        "--max-length",
        4096,
        "--out",
        tmp_path / "run",
    ]
    small = ["hidden_size=16", "heads=2", "feed_forward_size=16", "embedding_size=8", "layers=1", "left=16", "right=16"]
    sets = [word for setting in small for word in ("--set", f"model.{setting}")]
    assert run(*words, *sets, "--set", "training.epochs=1", "--force", "--quiet") == 0
    assert "longer than 4,096 tokens: the head of each is read" in " ".join(capsys.readouterr().out.split())
    assert json.loads((tmp_path / "run" / "model" / "config.json").read_text())["max_position_embeddings"] == 4096


def test_a_comparison_takes_both(long_texts: Path, tmp_path: Path, capsys: Captured) -> None:
    words = ["compare", long_texts, "--models", "tfidf,cnn", "--seeds", 1, "--max-length", 16, "--strategy", "windows"]
    found = document(capsys, *words, "--out", tmp_path / "compare", "--force", "--quiet", *SMALL)
    [cnn] = [row for row in found["models"] if row["model"] == "cnn"]
    recipe = (tmp_path / "compare" / cnn["runs"][0] / "recipe.toml").read_text()
    assert 'strategy = "windows"' in recipe
    assert "max_length = 16" in recipe
