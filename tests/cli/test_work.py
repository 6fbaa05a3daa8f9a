"""The commands on a real run: what they print, for a person and as JSON, and how they end when it goes wrong."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from regard import cli

Captured = pytest.CaptureFixture[str]


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return int(end.value.code or 0)


def document(capsys: Captured, *words: object) -> dict[str, Any]:
    """What `--json` prints; json.loads refuses anything beside the one document."""
    assert run(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_train_json(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "run"
    found = document(capsys, "train", reviews, "--model", "nbsvm", "--out", out, "--force")
    assert {"task", "n", "scores", "intervals", "accuracy", "macro_f1", "run", "seconds"} <= set(found)
    assert found["run"] == str(out)
    assert Path(found["report"]).is_file()


def test_train_says_where_the_report_is_and_what_comes_next(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("train", reviews, "--model", "tfidf", "--out", tmp_path / "run", "--force", "--quiet") == 0
    out = capsys.readouterr().out
    assert "accuracy" in out
    assert str(tmp_path / "run" / "report.html") in out
    assert f"regard predict {tmp_path / 'run'}" in out


def test_train_takes_a_recipe_for_data(run_folder: Path, tmp_path: Path, capsys: Captured) -> None:
    found = document(capsys, "train", run_folder / "recipe.toml", "--out", tmp_path / "again", "--force")
    assert found["model"] == "tfidf"
    assert found["scores"] == json.loads((run_folder / "scores.json").read_text())["scores"]


def test_a_recipe_with_settings_of_another_model_is_taken(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    recipe = tmp_path / "lstm.toml"
    recipe.write_text('[model]\nname = "lstm"\nhidden_size = 8\n\n[training]\nepochs = 1\n')
    words = ["train", reviews, "--recipe", recipe, "--model", "tfidf", "--out", tmp_path / "run", "--force"]
    assert document(capsys, *words)["model"] == "tfidf"
    again = ["train", "--recipe", tmp_path / "run" / "recipe.toml", "--out", tmp_path / "again", "--force"]
    assert document(capsys, *again)["model"] == "tfidf"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["train", "DATA", "--model", "tfidff"], 2),
        (["train", "DATA"], 2),
        (["train", "--model", "tfidf"], 2),
        (["train", "DATA", "--model", "tfidf", "--set", "model.nothing=1"], 2),
        (["train", "DATA", "--model", "tfidf", "--set", "training"], 2),
        (["train", "DATA", "--model", "tfidf", "--set", "training.epochs=3"], 2),
        (["compare", "DATA", "--models", "tfidf,nbsvm", "--set", "training.epochs=3"], 2),
        (["train", "DATA", "--model", "tfidf", "--task", "nothing"], 2),
        (["train", "missing.csv", "--model", "tfidf"], 3),
        (["train", "missing.toml"], 3),
        (["train", "DATA", "--model", "tfidf", "--label-column", "nothing"], 3),
        (["compare", "DATA", "--models", "tfidf"], 2),
        (["compare", "missing.csv", "--models", "tfidf,nbsvm"], 3),
        (["doctor", "missing.csv"], 3),
        (["predict", "missing", "a text"], 4),
        (["evaluate", "missing", "DATA"], 4),
        (["explain", "missing", "a text"], 4),
        (["report", "missing"], 4),
        (["evaluate", "RUN", "missing.csv"], 3),
        (["predict", "RUN", "--file", "missing.txt"], 3),
        (["predict", "RUN", "a text", "--file", "DATA"], 2),
        (["explain", "RUN", "a text", "--method", "nothing"], 2),
        (["explain", "RUN", "a text", "--target", "nothing"], 2),
    ],
)
def test_what_goes_wrong_has_a_sentence_and_a_code(
    words: list[str], code: int, reviews: Path, run_folder: Path, tmp_path: Path, capsys: Captured
) -> None:
    places = {"DATA": reviews, "RUN": run_folder}
    given = [places.get(word, word) for word in words]
    if words[0] in ("train", "compare"):
        given += ["--out", tmp_path / "out"]
    assert run(*given) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: " in err
    assert "Traceback" not in err


def test_predict_prints_label_confidence_and_text(run_folder: Path, capsys: Captured) -> None:
    assert run("predict", run_folder, "a lovely film", "a dull\tfilm\nindeed") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split("\t")[0] == "good"
    assert 0.5 < float(first.split("\t")[1]) <= 1
    assert second.split("\t")[0::2] == ["bad", "a dull film indeed"]


def test_predict_json(run_folder: Path, capsys: Captured) -> None:
    found = document(capsys, "predict", run_folder, "a lovely film")
    assert (found["task"], found["n"]) == ("classify", 1)
    [said] = found["predictions"]
    assert said["output"] == "good"
    assert sum(said["probabilities"].values()) == pytest.approx(1)


def test_predict_a_text_with_a_lone_surrogate(run_folder: Path, capsys: Captured) -> None:
    assert document(capsys, "predict", run_folder, "a lovely \udcff film")["predictions"][0]["output"] == "good"


def test_predict_reads_lines(run_folder: Path, tmp_path: Path, capsys: Captured) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_bytes(b"\xef\xbb\xbfa lovely film\r\n\na dull film\n")
    found = document(capsys, "predict", run_folder, "--file", lines)
    assert [said["input"] for said in found["predictions"]] == ["a lovely film", "", "a dull film"]


@pytest.mark.parametrize("content", [b"one\ncaf\xe9\n", "zwei\n".encode("utf-16")], ids=["Latin-1", "UTF-16"])
def test_predict_refuses_what_is_no_utf_8(run_folder: Path, tmp_path: Path, capsys: Captured, content: bytes) -> None:
    (tmp_path / "lines.txt").write_bytes(content)
    assert run("predict", run_folder, "--file", tmp_path / "lines.txt") == 3
    assert "UTF-8" in capsys.readouterr().err


def test_labels_and_names_are_no_markup(tmp_path: Path, capsys: Captured) -> None:
    rows = [f"{'a lovely' if n % 2 else 'the dull'} film {n},{'[/x]' if n % 2 else '[red]bad'}" for n in range(80)]
    (tmp_path / "rev [final].csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    assert run("train", tmp_path / "rev [final].csv", "--model", "tfidf", "--out", tmp_path / "run", "--quiet") == 0
    assert "[red]bad" in capsys.readouterr().out
    assert run("evaluate", tmp_path / "run", tmp_path / "rev [final].csv") == 0
    assert "[final].csv" in capsys.readouterr().out


def test_a_typo_in_set_gets_its_neighbour(reviews: Path, capsys: Captured) -> None:
    assert run("train", reviews, "--model", "lstm", "--set", "training.epohcs=1") == 2
    assert "did you mean training.epochs?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothere"], 2, "unknown data set 'nothere'"),
        (["nothere.csv"], 3, "nothere.csv: no such file"),
        (["DATA", "--test", "nothere.csv"], 3, "nothere.csv: no such file"),
    ],
)
def test_missing_data_are_said_before_a_missing_model(
    words: list[str], code: int, said: str, reviews: Path, capsys: Captured
) -> None:
    assert run("train", *(reviews if word == "DATA" else word for word in words)) == code
    assert said in capsys.readouterr().err


def test_guessed_columns_are_shown(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("train", reviews, "--model", "tfidf", "--out", tmp_path / "run", "--force") == 0
    assert "text (guessed" in capsys.readouterr().err
    assert run("doctor", reviews, "--force") == 0
    assert "text (guessed" in capsys.readouterr().out


def test_what_failed_before_training_leaves_no_folder(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "run"
    assert run("train", reviews, "--model", tmp_path / "empty", "--out", out, "--force") == 4
    assert "no checkpoint" in capsys.readouterr().err
    assert not out.exists()


def test_a_record_that_is_none_is_a_bad_model(run_folder: Path, tmp_path: Path, capsys: Captured) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{}")
    assert run("predict", tmp_path / "run", "a film") == 4
    assert "damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "content"),
    [
        (["predict", "RUN", "a film"], b"seed = \n"),
        (["predict", "RUN", "a film"], b"\xff\xfe"),
        (["predict", "RUN", "a film"], b"seed = 1\n"),
        (["explain", "RUN", "a film"], b"seed = \n"),
        (["evaluate", "RUN", "DATA"], b"seed = \n"),
        (["report", "RUN"], b"seed = \n"),
        (["report", "RUN"], b"\xff\xfe"),
    ],
)
def test_a_damaged_recipe_in_a_run_is_a_bad_model(
    words: list[str], content: bytes, run_folder: Path, reviews: Path, tmp_path: Path, capsys: Captured
) -> None:
    damaged = Path(shutil.copytree(run_folder, tmp_path / "run"))
    (damaged / "recipe.toml").write_bytes(content)
    places = {"DATA": reviews, "RUN": damaged}
    assert run(*(places.get(word, word) for word in words)) == 4
    assert f"{damaged / 'recipe.toml'} is damaged" in capsys.readouterr().err


def test_predict_reads_a_table_without_labels(run_folder: Path, tmp_path: Path, capsys: Captured) -> None:
    table = tmp_path / "table.csv"
    table.write_text("id,text\n1,a lovely film\n2,a dull film\n")
    found = document(capsys, "predict", run_folder, "--file", table, "--text-column", "text")
    assert [said["output"] for said in found["predictions"]] == ["good", "bad"]


def test_predict_reads_standard_input(run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a dull film\na lovely film\n")))
    assert run("predict", run_folder) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["bad", "good"]


def test_predict_refuses_empty_standard_input(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert run("predict", run_folder) == 3
    assert "standard input" in capsys.readouterr().err


def test_evaluate(run_folder: Path, reviews: Path, capsys: Captured) -> None:
    found = document(capsys, "evaluate", run_folder, reviews)
    assert found["n"] == 60
    assert found["accuracy"] == found["scores"]["accuracy"] > 0.9
    assert run("evaluate", run_folder, reviews) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_explain(run_folder: Path, tmp_path: Path, capsys: Captured) -> None:
    found = document(capsys, "explain", run_folder, "a lovely film", "--target", "good")
    assert (found["target"], found["method"]) == ("good", "weights")
    assert max(found["highlights"], key=lambda item: item["score"])["word"] == "lovely"
    page = tmp_path / "page.html"
    assert run("explain", run_folder, "a lovely <script>film", "--html", page) == 0
    shown = capsys.readouterr().out
    assert "lovely" in shown
    assert "\x1b[" not in shown
    assert "<script>film" not in page.read_text()


def test_doctor(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    found = document(capsys, "doctor", reviews)
    assert found["n"] == 60
    assert not found["blocked"]
    one_class = tmp_path / "one.csv"
    one_class.write_text("text,label\na film,good\nanother film,good\n")
    assert run("doctor", one_class, "--json") == 3
    assert json.loads(capsys.readouterr().out)["blocked"]
    assert run("doctor", one_class, "--force") == 0


def test_report_is_written_again(run_folder: Path, capsys: Captured) -> None:
    page = run_folder / "report.html"
    before = page.read_bytes()
    page.unlink()
    found = document(capsys, "report", run_folder)
    assert found["report"] == str(page)
    assert page.read_bytes() == before


def test_compare(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    words = ["compare", reviews, "--models", "tfidf, nbsvm", "--out", tmp_path / "c", "--force", "--quiet"]
    found = document(capsys, *words)
    assert {row["model"] for row in found["models"]} == {"tfidf", "nbsvm"}
    page = Path(found["report"])
    assert page.is_file()
    assert run(*words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if not line.startswith("report:")) <= 80
    page.unlink()
    assert document(capsys, "report", tmp_path / "c")["report"] == str(page)
    assert page.is_file()
