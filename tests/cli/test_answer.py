"""The commands with `--task answer`: what they print, which files they take, and how they end when it goes wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_work import Captured, document, run
from tests.made_up import write_squad

SETS = {
    "model.hidden_size": 16,
    "model.embedding_size": 16,
    "model.dropout": 0.0,
    "model.embedding_dropout": 0.0,
    "tokens.minimum_frequency": 1,
    "tokens.max_length": 24,
    "tokens.window_stride": 8,
    "training.epochs": 14,
    "training.learning_rate": 0.03,
    "training.max_batch_examples": 16,
}
SMALL = [word for path, value in SETS.items() for word in ("--set", f"{path}={value}")]
ONE_STEP = [*SMALL, "--set", "training.max_steps=1"]
TEXT = "On day 7 Max moved to Rome again."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squad(tmp_path_factory.mktemp("data") / "train.json", 48, seed=1, without=True)


@pytest.fixture(scope="module")
def answerer(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a GRU, trained by the command."""
    out = tmp_path_factory.mktemp("runs") / "gru"
    assert run("train", data, "--task", "answer", "--model", "gru", "--out", out, "--quiet", *SMALL) == 0
    return out


def test_train_json_and_by_its_recipe(answerer: Path, tmp_path: Path, capsys: Captured) -> None:
    found = document(capsys, "train", "--recipe", answerer / "recipe.toml", "--out", tmp_path / "again", "--quiet")
    assert (found["task"], found["model"], found["labels"]) == ("answer", "gru", [])
    assert found["f1"] == found["scores"]["f1"]
    assert found["exact_match"] == found["scores"]["exact_match"]
    assert found["scores"] == json.loads((answerer / "scores.json").read_text())["scores"]


def test_train_says_how_it_went_and_what_comes_next(data: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "run"
    words = ["train", data, "--task", "answer", "--model", "rnn", "--out", out, "--quiet", *ONE_STEP]
    assert run(*words, "--max-length", 13, "--set", "tokens.window_stride=2") == 0
    said = capsys.readouterr().out.replace("\u00a0", " ")
    assert "rnn, trained on 108 questions in" in said
    assert "of the questions are longer than 13 tokens: they are read whole, in windows" in said
    assert f'regard predict {out} "a text of your own" --question ' in said


def test_predict_prints_the_answer(answerer: Path, capsys: Captured) -> None:
    assert run("predict", answerer, TEXT, "--question", "Who\nwas it?") == 0
    [line] = capsys.readouterr().out.splitlines()
    answer, confidence, question = line.split("\t")
    assert (answer, question) == ("Max", "Who was it?")
    assert 0 < float(confidence) <= 1
    assert run("predict", answerer, TEXT, "--question", "Why so late?") == 0
    assert capsys.readouterr().out.startswith("(no answer)\t")


def test_predict_json(answerer: Path, capsys: Captured) -> None:
    found = document(capsys, "predict", answerer, TEXT, "", "--question", "Where to?")
    assert (found["task"], found["n"]) == ("answer", 2)
    first, second = found["predictions"]
    assert (first["output"], TEXT[first["start"] : first["end"]], first["gold"]) == ("Rome", "Rome", None)
    assert len(first["alternatives"]) == 4
    assert (second["output"], second["no_answer"]) == ("", 1.0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", "context,question\nAda went to Oslo.,Who was it?\n"),
        ("rows.jsonl", '{"context": "Ada went to Oslo.", "question": "Who was it?", "answers": ["not there"]}\n'),
        (
            "squad.json",
            '{"data": [{"paragraphs": [{"context": "Ada went to Oslo.", "qas": [{"question": "Who was it?"}]}]}]}',
        ),
        ("named.csv", "context,Q\nAda went to Oslo.,Who was it?\n"),
    ],
)
def test_predict_takes_files_of_questions(
    name: str, content: str, answerer: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / name).write_text(content)
    column = ["--question-column", "Q"] if name == "named.csv" else []
    found = document(capsys, "predict", answerer, "--file", tmp_path / name, *column)
    assert [(said["question"], said["gold"]) for said in found["predictions"]] == [("Who was it?", None)]


def test_one_question_is_asked_of_every_line(
    answerer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    lines = f"{TEXT}\nOn day 9 Eva went to Lima again.\n"
    (tmp_path / "lines.txt").write_text(lines)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    for source in (["--file", tmp_path / "lines.txt"], ["--file", "-"]):
        found = document(capsys, "predict", answerer, *source, "--question", "Where to?")
        assert [said["output"] for said in found["predictions"]] == ["Rome", "Lima"]


def test_evaluate(answerer: Path, tmp_path: Path, capsys: Captured) -> None:
    data = write_squad(tmp_path / "test.json", 12, seed=3, without=True)
    found = document(capsys, "evaluate", answerer, data)
    assert (found["task"], found["n"], found["source"]) == ("answer", 30, str(data))
    assert {"f1", "exact_match", "has_answer_f1", "no_answer_accuracy"} <= set(found["scores"])
    assert set(found["per_class"]) == {"who", "where", "why"}
    assert run("evaluate", answerer, data) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_explain(answerer: Path, capsys: Captured) -> None:
    found = document(capsys, "explain", answerer, TEXT, "--question", "Who was it?")
    assert (found["task"], found["output"], found["detail"]["question"]) == ("answer", "Max", "Who was it?")
    assert run("explain", answerer, TEXT, "--question", "Who was it?") == 0
    assert "log-probability" in capsys.readouterr().out


def test_doctor(data: Path, capsys: Captured) -> None:
    found = document(capsys, "doctor", data, "--task", "answer")
    assert (found["task"], found["n"]) == ("answer", 120)
    assert found["parts"]["train"]["labels"] == {"with an answer": 96, "without": 24}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["train", "DATA", "--task", "answer", "--model", "cnn"], 2, "cnn does not do answer"),
        (["train", "DATA", "--task", "answer", "--model", "gru", "--strategy", "tail"], 2, "tokens.strategy: answer"),
        (
            ["train", "DATA", "--task", "answer", "--model", "gru", "--question-column", "q"],
            3,
            "there is no column 'q'",
        ),
        (["train", "DATA", "--model", "tfidf", "--question-column", "q"], 2, "data.question_column: classify does not"),
        (
            ["train", "ABSENT", "--task", "answer", "--model", "gru"],
            3,
            "absent.jsonl:2, column 'answers': the answer 'Max'",
        ),
        (["train", "NONE", "--task", "answer", "--model", "gru"], 3, "none.jsonl"),
        (["predict", "RUN", "a text"], 2, 'add --question "..."'),
        (["predict", "RUN", "--file", "DATA", "--question", "Who?"], 2, "a question is given, and FILE has its own"),
        (["predict", "RUN", "--file", "NOQUESTION"], 3, "no column is called question"),
        (["evaluate", "RUN", "NOQUESTION"], 3, "no column is called question"),
        (["evaluate", "RUN", "ABSENT"], 3, "absent.jsonl:2"),
        (["evaluate", "RUN", "DATA", "--label-separator", ","], 2, "data.label_separator: answer does not use"),
        (["explain", "RUN", "a text"], 2, "no question is given"),
        (["explain", "RUN", "a text", "--question", "Who?", "--target", "text"], 2, "leave --target out"),
        (["explain", "RUN", "a text", "--question", "Who?", "--method", "attention"], 2, "its method is"),
        (["doctor", "DATA", "--task", "answer", "--mend", "new.parquet"], 2, "answer has nothing that mends itself"),
    ],
)
def test_what_goes_wrong_has_a_sentence_and_a_code(
    words: list[str], code: int, said: str, data: Path, answerer: Path, tmp_path: Path, capsys: Captured
) -> None:
    row = {"context": "Ada went.", "question": "Who?", "answers": {"text": ["Ada"], "answer_start": [0]}}
    files = {
        "absent.jsonl": [row, {**row, "answers": {"text": ["Max"], "answer_start": [0]}}],
        "none.jsonl": [{**row, "context": f"{n} came.", "answers": []} for n in range(9)],
        "noquestion.jsonl": [{"context": "Ada went.", "answers": ["Ada"]}],
    }
    for name, rows in files.items():
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)))
    places: dict[str, Any] = {name.partition(".")[0].upper(): tmp_path / name for name in files}
    places |= {"DATA": data, "RUN": answerer}
    given = [places.get(word, word) for word in words]
    if words[0] == "train":
        given += ["--out", tmp_path / "out"]
    capsys.readouterr()
    assert run(*given) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()
