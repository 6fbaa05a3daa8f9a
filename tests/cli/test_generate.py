"""`regard generate` and the commands with `--task generate`: what they print, and how they end when it goes wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_work import Captured, document, run
from tests.made_up import book
from tests.tasks.generate.test_continued import FAMILIES, make

SETS = {
    "tokens.kind": "character",
    "tokens.max_length": 24,
    "model.hidden_size": 16,
    "model.embedding_size": 8,
    "training.max_steps": 20,
    "training.learning_rate": 0.02,
    "training.batch_tokens": 240,
}
SMALL = [word for path, value in SETS.items() for word in ("--set", f"{path}={value}")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "trips.txt"
    path.write_text(book(300, seed=1))
    return path


@pytest.fixture(scope="module")
def lstm(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "lstm"
    assert run("train", data, "--task", "generate", "--model", "lstm", "--out", out, "--quiet", *SMALL) == 0
    return out


@pytest.fixture(scope="module")
def transformer(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "transformer"
    small = [*SMALL, "--set", "model.layers=1", "--set", "model.feed_forward_size=16"]
    assert run("train", data, "--task", "generate", "--model", "transformer", "--out", out, "--quiet", *small) == 0
    return out


def test_it_prints_the_prompt_and_how_it_goes_on(lstm: Path, capsys: Captured) -> None:
    words = ["generate", lstm, "Ada went", "--tokens", 30, "--top-p", 0.9, "--seed", 7]
    assert run(*words) == 0
    first = capsys.readouterr()
    assert first.out.startswith("Ada went")
    assert len(first.out) == len("Ada went") + 30 + 1
    assert run(*words) == 0
    assert capsys.readouterr().out == first.out
    found = document(capsys, *words)
    assert (found["task"], found["n"]) == ("generate", 1)
    [text] = found["texts"]
    assert text["prompt"] + text["text"] + "\n" == first.out
    assert len(text["log_probabilities"]) == len(text["spans"]) == 30


def test_prompts_come_from_anywhere(
    lstm: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ["--tokens", 3, "--greedy"]
    (tmp_path / "prompts.txt").write_text("Ada\n\nMax\n")
    for words in (["Ada", "Max"], ["--file", tmp_path / "prompts.txt"]):
        assert [text["prompt"] for text in document(capsys, "generate", lstm, *words, *few)["texts"]] == ["Ada", "Max"]
    monkeypatch.setattr("sys.stdin", io.StringIO("Two\nlines\n"))
    assert document(capsys, "generate", lstm, "-", *few)["texts"][0]["prompt"] == "Two\nlines"
    assert document(capsys, "generate", lstm, *few)["texts"][0]["prompt"] == ""
    assert run("generate", lstm, "Ada", "Max", *few) == 0
    assert "\n\nMax" in capsys.readouterr().out


def test_without_a_terminal_heat_is_plain_text(lstm: Path, capsys: Captured) -> None:
    assert run("generate", lstm, "Ada", "--tokens", 9, "--heat") == 0
    heat = capsys.readouterr().out
    assert run("generate", lstm, "Ada", "--tokens", 9) == 0
    assert heat == capsys.readouterr().out


def test_in_a_terminal_heat_is_colour(lstm: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert run("generate", lstm, "Ada", "--tokens", 9, "--heat") == 0
    shown = capsys.readouterr().out
    assert "\x1b[" in shown
    assert "probability of a token" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Ada went to Rome. " * 5], "the prompt has 90 tokens, and the model reads 24"),
        (["Ada", "--greedy", "--beams", 3], "greedy follows one text"),
        (["Ada", "--top-p", 7], "top_p"),
        (["Ada", "--tokens", 0], "tokens: 0"),
        (["Ada", "--file", "prompts.txt"], "on the command line and in a file"),
    ],
)
def test_what_makes_no_sense_ends_with_2(words: list[Any], said: str, transformer: Path, capsys: Captured) -> None:
    assert run("generate", transformer, *words) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_weights_in_int8_write_or_are_refused(lstm: Path, tmp_path: Path, capsys: Captured) -> None:
    words = ["Ada", "--tokens", 9, "--seed", 7, "--int8"]
    checkpoint = make(FAMILIES["llama"], tmp_path / "llama")
    assert run("generate", checkpoint, *words) == 0
    shown = capsys.readouterr().out
    [text] = document(capsys, "generate", checkpoint, *words)["texts"]
    assert shown == f"Ada{text['text']}\n"
    plain = document(capsys, "generate", checkpoint, *words[:-1])["texts"][0]
    assert plain["log_probabilities"] != text["log_probabilities"]
    assert run("generate", lstm, *words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "(llama, mistral, qwen2) with plain attention; lstm is a network" in " ".join(captured.err.split())


def test_other_runs_and_no_runs(run_folder: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("generate", run_folder, "Ada") == 2
    assert "was trained to classify, it writes no text" in capsys.readouterr().err
    assert run("generate", tmp_path / "nothing", "Ada") == 4
    assert run("generate", tmp_path, "Ada") == 4


def test_predict_and_evaluate(lstm: Path, data: Path, capsys: Captured) -> None:
    found = document(capsys, "predict", lstm, "Ada went to Rome.")
    [stretch] = found["predictions"]
    assert stretch["input"] == "Ada went to Rome."
    assert len(stretch["log_probabilities"]) == 17
    scored = document(capsys, "evaluate", lstm, data)
    assert {"perplexity", "bits_per_character", "loss"} <= set(scored["scores"])
    assert run("evaluate", lstm, data) == 0
    assert "bits per character" in capsys.readouterr().out
    assert run("predict", lstm, "Ada went to Rome.") == 0


def test_data_that_is_none_ends_with_3(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    rows = [{"words": 1}, {"words": 2}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, said in (("empty.txt", "empty"), ("rows.jsonl", "text"), ("missing.txt", "no such file")):
        words = ["train", tmp_path / name, "--task", "generate", "--model", "lstm", "--text-column", "text"]
        assert run(*words, "--out", tmp_path / "run") == 3
        assert said in capsys.readouterr().err
