"""The commands with `--task tag`: what they print, which files they take, and how they end when it goes wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_work import Captured, document, run
from tests.made_up import iob1, sentences, word_classes, write_conll

SETS = {
    "model.hidden_size": 12,
    "model.embedding_size": 12,
    "model.dropout": 0.1,
    "head.character_channels": 6,
    "training.epochs": 6,
    "training.learning_rate": 0.03,
    "training.max_batch_examples": 16,
}
SMALL = [word for path, value in SETS.items() for word in ("--set", f"{path}={value}")]
ONE_STEP = [*SMALL, "--set", "training.max_steps=1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_conll(tmp_path_factory.mktemp("data") / "train.conll", sentences(96, seed=1))


@pytest.fixture(scope="module")
def test_part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_conll(tmp_path_factory.mktemp("data") / "test.conll", sentences(20, seed=2))


@pytest.fixture(scope="module")
def tagger(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of an LSTM, trained by the command."""
    out = tmp_path_factory.mktemp("runs") / "lstm"
    assert run("train", data, "--task", "tag", "--model", "lstm", "--out", out, "--quiet", *SMALL) == 0
    return out


def test_train_json_and_by_its_recipe(tagger: Path, data: Path, tmp_path: Path, capsys: Captured) -> None:
    found = document(capsys, "train", tagger / "recipe.toml", "--out", tmp_path / "again", "--quiet")
    assert (found["task"], found["model"], found["n"]) == ("tag", "lstm", 10)
    assert found["f1"] == found["scores"]["f1"] > 0.9
    assert {"intervals", "per_class", "labels", "run", "report", "seconds", "train_examples"} <= set(found)
    assert found["scores"] == json.loads((tagger / "scores.json").read_text())["scores"]
    assert (tmp_path / "again" / "recipe.toml").read_bytes() == (tagger / "recipe.toml").read_bytes()
    again = ["train", data, "--recipe", tagger / "recipe.toml", "--model", "gru", "--out", tmp_path / "gru", "--quiet"]
    assert document(capsys, *again)["model"] == "gru"


def test_train_says_how_it_went_and_what_comes_next(data: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "run"
    words = ["train", data, "--task", "tag", "--model", "gru", "--max-length", 6, "--out", out, "--quiet", *ONE_STEP]
    assert run(*words) == 0
    said = capsys.readouterr().out
    assert "gru, trained on 86 texts in" in said
    assert "texts are longer than 6 tokens: they are read whole, in windows" in said.replace("\u00a0", " ")
    assert f'regard predict {out} "a text of your own"\n' in said


def test_predict_prints_each_name_with_its_place(tagger: Path, capsys: Captured) -> None:
    text = "Ada Stone\twent to Rome ."
    assert run("predict", tagger, text, "went", "") == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[2], line[3]) for line in lines[:2]] == [
        ("who", "0:9", "Ada Stone"),
        ("where", "18:22", "Rome"),
    ]
    assert all(0.5 < float(line[1]) <= 1 for line in lines[:2])
    assert [line[0] for line in lines[2:]] == ["-", "-"]


def test_predict_json(tagger: Path, capsys: Captured) -> None:
    found = document(capsys, "predict", tagger, "Ada went to Rome.")
    assert (found["task"], found["n"]) == ("tag", 1)
    [said] = found["predictions"]
    assert said["words"] == [[0, 3], [4, 8], [9, 11], [12, 16], [16, 17]]
    assert said["output"] == ["B-who", "O", "O", "B-where", "O"]
    assert [(item["label"], item["text"]) for item in said["entities"]] == [("who", "Ada"), ("where", "Rome")]
    assert said["gold"] is None


def test_tags_without_a_scheme_stand_behind_their_words(tmp_path: Path, capsys: Captured) -> None:
    data = write_conll(tmp_path / "data.conll", sentences(40, seed=1), word_classes)
    words = ["train", data, "--task", "tag", "--model", "lstm", "--out", tmp_path / "run", "--quiet", *ONE_STEP]
    assert run(*words) == 0
    capsys.readouterr()
    assert run("predict", tmp_path / "run", "Ada went.") == 0
    [line] = capsys.readouterr().out.splitlines()
    assert [word.partition("/")[0] for word in line.split()] == ["Ada", "went", "."]
    assert {word.partition("/")[2] for word in line.split()} <= {"NAME", "WORD"}


@pytest.mark.parametrize(
    ("name", "content", "n"),
    [
        ("words.conll", "Ada\nwent\n\nMax\n", 2),
        ("tagged.conll", "Ada\tB-who\nwent\tO\n", 1),
        ("unknown.conll", "Ada\tB-unheard\nwent\tO\n", 1),
        (
            "tree.conllu",
            "# text = Ada went\n" + "\n".join(f"{n}\t{w}" + "\t_" * 8 for n, w in ((1, "Ada"), (2, "went"))),
            1,
        ),
        ("words.jsonl", '{"tokens": ["Ada", "went"]}\n{"tokens": []}\n', 2),
        ("texts.jsonl", '{"text": "Ada went."}\n{"text": "Max"}\n', 2),
        ("texts.csv", "id,text\n1,Ada went\n", 1),
        ("lines.txt", "Ada went\n\nMax\n", 3),
    ],
)
def test_predict_takes_files_of_words_and_of_texts(
    name: str, content: str, n: int, tagger: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / name).write_text(content)
    found = document(capsys, "predict", tagger, "--file", tmp_path / name)
    assert found["n"] == n
    assert found["predictions"][0]["entities"][0]["text"] == "Ada"


def test_predict_reads_standard_input(tagger: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Ada went\n\nMax moved\n")))
    assert run("predict", tagger) == 0
    assert [line.split("\t")[-1] for line in capsys.readouterr().out.splitlines()] == ["Ada", "", "Max"]


def test_evaluate(tagger: Path, test_part: Path, capsys: Captured) -> None:
    found = document(capsys, "evaluate", tagger, test_part)
    assert (found["task"], found["n"]) == ("tag", 20)
    assert found["f1"] == found["scores"]["f1"] > 0.9
    assert set(found["per_class"]) == {"who", "where"}
    assert run("evaluate", tagger, test_part) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_evaluate_names_the_line_of_an_unknown_tag(tagger: Path, tmp_path: Path, capsys: Captured) -> None:
    rows = sentences(3, seed=2)
    rows[1][1] = (rows[1][1][0], "B-unheard")
    path = write_conll(tmp_path / "other.conll", rows)
    assert run("evaluate", tagger, path) == 3
    line = len(rows[0]) + 1 + 2
    assert f"{path}:{line}: the model does not know the tag 'B-unheard'" in capsys.readouterr().err


def test_explain(tagger: Path, tmp_path: Path, capsys: Captured) -> None:
    text, page = "Ada went to Rome with <b>Max .", tmp_path / "page.html"
    found = document(capsys, "explain", tagger, text, "--target", "Rome", "--html", page)
    assert (found["task"], found["output"], found["target"]) == ("tag", "B-where", "B-where for “Rome”")
    assert text[slice(*found["detail"]["word"])] == "Rome"
    assert "<b>Max" not in page.read_text()
    assert document(capsys, "explain", tagger, text, "--target", "0")["target"] == "B-who for “Ada”"
    assert run("explain", tagger, text) == 0
    assert "log-odds" in capsys.readouterr().out


def test_doctor_mends_what_breaks_the_scheme(tmp_path: Path, capsys: Captured) -> None:
    data = write_conll(tmp_path / "old.conll", sentences(30, seed=1), iob1)
    found = document(capsys, "doctor", data, "--task", "tag", "--mend", tmp_path / "new.conll")
    assert (found["task"], found["n"], found["blocked"]) == ("tag", 30, False)
    assert "broken_scheme" in [item["code"] for item in found["findings"]]
    assert found["mended"][0].startswith("line 1: ")
    assert found["written"] == str(tmp_path / "new.conll")
    again = document(capsys, "doctor", tmp_path / "new.conll", "--task", "tag", "--mend", tmp_path / "again.parquet")
    assert again["mended"] == []
    before = (tmp_path / "new.conll").read_bytes()
    assert run("doctor", data, "--task", "tag", "--mend", tmp_path / "new.conll") == 2
    assert (tmp_path / "new.conll").read_bytes() == before
    assert "is there already" in capsys.readouterr().err


def test_compare(data: Path, tmp_path: Path, capsys: Captured) -> None:
    words = ["compare", data, "--task", "tag", "--models", "lstm,gru", "--seeds", 1, "--out", tmp_path / "c", "--quiet"]
    found = document(capsys, *words, *ONE_STEP)
    assert (found["task"], found["headline"]) == ("tag", "f1")
    assert {row["model"] for row in found["models"]} == {"lstm", "gru"}
    assert run(*words, *ONE_STEP) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if not line.startswith("report:")) <= 80


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["train", "DATA", "--task", "tag", "--model", "tfidf"], 2, "tfidf does not do tag"),
        (["train", "DATA", "--task", "tags", "--model", "lstm"], 2, "unknown task 'tags'. Did you mean tag"),
        (
            ["train", "DATA", "--task", "tag", "--model", "lstm", "--strategy", "head"],
            2,
            "tokens.strategy: tag does not",
        ),
        (
            ["train", "DATA", "--task", "tag", "--model", "lstm", "--question-column", "q"],
            2,
            "data.question_column: tag",
        ),
        (["train", "RUN/recipe.toml", "--task", "classify"], 2, "classify has no f1"),
        (["train", "DATA", "--task", "tag", "--model", "lstm", "--label-column", "7"], 3, "there is no column '7'"),
        (["train", "missing.conll", "--task", "tag", "--model", "lstm"], 3, "missing.conll: no such file"),
        (["train", "RAGGED", "--task", "tag", "--model", "lstm"], 3, "ragged.conll:2: this line has 1 column"),
        (
            ["train", "UNEQUAL", "--task", "tag", "--model", "lstm"],
            3,
            "unequal.jsonl:2, column 'tags': 2 words and 1 tags",
        ),
        (["train", "SCHEME", "--task", "tag", "--model", "lstm"], 3, "scheme.conll:2, column '2': the tag 'who'"),
        (["compare", "DATA", "--task", "tag", "--models", "lstm,tfidf"], 2, "tfidf does not do tag"),
        (
            ["compare", "DATA", "--task", "tag", "--models", "lstm,gru", "--question-column", "q"],
            2,
            "data.question_column",
        ),
        (["doctor", "DATA", "--task", "tag", "--label-separator", ","], 2, "data.label_separator: tag does not use"),
        (["doctor", "DATA", "--task", "tag", "--mend", "new.csv"], 2, "name it .parquet or .conll"),
        (["predict", "RUN", "a text", "--question", "Who?"], 2, "tag takes texts alone, no questions"),
        (["predict", "RUN", "--file", "DATA", "--question", "Who?"], 2, "a question is given, and FILE has its own"),
        (["predict", "RUN", "--file", "DATA", "--question-column", "q"], 2, "data.question_column: tag does not use"),
        (["predict", "RUN", "--file", "missing.conll"], 3, "missing.conll"),
        (["evaluate", "RUN", "missing.conll"], 3, "missing.conll"),
        (["evaluate", "RUN", "DATA", "--label-separator", ","], 2, "data.label_separator: tag does not use"),
        (["evaluate", "RUN", "UNEQUAL"], 3, "unequal.jsonl:2"),
        (["explain", "RUN", "Ada went", "--target", "Rome"], 2, "the text has no word 'Rome'"),
        (["explain", "RUN", "Ada went", "--method", "weights"], 2, "its method is integrated_gradients"),
        (["explain", "RUN", "Ada went", "--question", "Who?"], 2, "tag takes texts alone"),
        (["explain", "RUN", " "], 2, "no word in the text"),
    ],
)
def test_what_goes_wrong_has_a_sentence_and_a_code(
    words: list[str], code: int, said: str, data: Path, tagger: Path, tmp_path: Path, capsys: Captured
) -> None:
    for name, content in (
        ("ragged.conll", "Ada\tB-who\nwent\n"),
        ("unequal.jsonl", '{"tokens": ["Ada"], "tags": ["O"]}\n{"tokens": ["Ada", "went"], "tags": ["O"]}\n'),
        ("scheme.conll", "Ada\tB-who\nMax\twho\nLin\tI-who\n"),
    ):
        (tmp_path / name).write_text(content)
    places: dict[str, Any] = {
        "DATA": data, "RUN": tagger, "RUN/recipe.toml": tagger / "recipe.toml", "RAGGED": tmp_path / "ragged.conll",
        "UNEQUAL": tmp_path / "unequal.jsonl", "SCHEME": tmp_path / "scheme.conll",
    }  # fmt: skip
    given = [places.get(word, word) for word in words]
    if words[0] in ("train", "compare"):
        given += ["--out", tmp_path / "out"]
    capsys.readouterr()
    assert run(*given) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()
