"""`regard augment`: before and after for a person, as JSON, and as a file to train on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from regard import cli
from regard.cli.augment import in_colour, in_marks, pieces
from regard.records import Corpus
from regard.text.augment import Change, Copy, draw
from regard.text.augment.example import applied, example

Captured = pytest.CaptureFixture[str]


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return int(end.value.code or 0)


def document(capsys: Captured, *words: object) -> dict[str, Any]:
    assert run("augment", *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def copy_of(text: str, *changes: Change) -> Copy:
    before = example(text)
    return Copy(0, "1", "swap", 1, before, list(changes), applied(before, list(changes)))


def test_before_and_after_are_shown_text_by_text(reviews: Path, capsys: Captured) -> None:
    assert run("augment", reviews, "--method", "swap", "--method", "keyboard", "--show", "2", "--copies", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["1 (good)", "2 (bad)", lines[-1]]
    assert lines[-1].startswith("8 copies by augmentation (swap, keyboard)")
    assert sum(line.startswith("  swap: ") for line in lines) == 4
    assert all("[-" in line and "{+" in line for line in lines if line.startswith("  "))


def test_json_has_both_texts_and_the_changes(reviews: Path, capsys: Captured) -> None:
    found = document(capsys, reviews, "--method", "delete", "--set", "delete.share=0.4", "--show", 5)
    assert (found["task"], found["n"]) == ("classify", 60)
    assert found["copies"] + found["left_out"] == 5
    assert found["copies"] == len(found["shown"]) > 0
    for shown in found["shown"]:
        text = shown["before"]
        for change in reversed(shown["changes"]):
            text = text[: change["start"]] + change["replacement"] + text[change["end"] :]
        assert text == shown["after"]
        assert shown["label"] in ("good", "bad")


def test_twenty_texts_are_shown_unless_a_file_is_written(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    assert {row["id"] for row in document(capsys, reviews, "--method", "swap")["shown"]} <= {
        f"{row}+swap1" for row in range(1, 21)
    }
    out = tmp_path / "more.parquet"
    found = document(capsys, reviews, "--method", "swap", "--out", out)
    assert found["shown"] == []
    assert found["out"] == str(out)
    assert out.is_file()


def test_what_was_written_trains(reviews: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "more.parquet"
    assert run("augment", reviews, "--method", "swap", "--out", out) == 0
    said = capsys.readouterr().out
    assert f"written: {out}" in said
    assert "--validation of its own" in said
    words = ["train", out, "--model", "tfidf", "--validation", reviews, "--out", tmp_path / "run", "--force", "--quiet"]
    assert run(*words) == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["missing.csv"], 3),
        (["DATA", "--method", "swop"], 2),
        (["DATA", "--method", "entity"], 2),
        (["DATA", "--method", "swap", "--set", "swap.shares=1"], 2),
        (["DATA", "--method", "swap", "--set", "delete.share=0.5"], 2),
        (["DATA", "--method", "contextual"], 2),
        (["DATA", "--method", "contextual", "--set", "contextual.model=nowhere", "--offline"], 4),
        (["DATA", "--out", "more.csv"], 2),
        (["DATA", "--copies", "0"], 2),
        (["DATA", "--task", "nothing"], 2),
    ],
)
def test_what_goes_wrong_has_a_sentence_and_a_code(
    words: list[str], code: int, reviews: Path, capsys: Captured
) -> None:
    assert run("augment", *[reviews if word == "DATA" else word for word in words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "rror" in err
    assert "Traceback" not in err


def test_marks_show_what_went_and_what_came() -> None:
    text = "A  lovely\nfilm"
    changed = copy_of(text, Change(3, 9, "\x1b[31m"), Change(14, 14, " here"))
    assert in_marks(changed) == "A [-lovely-]{+\ufffd[31m+} film{+ here+}"
    assert in_colour(changed).plain == "A lovely\ufffd[31m film here"
    assert "".join(piece.text for piece in pieces(changed) if piece.kind != "new") == text


def test_long_stretches_that_stayed_are_shortened() -> None:
    text = " ".join(["word"] * 100)
    shown = in_marks(copy_of(text, Change(0, 4, "x"), Change(250, 254, "y")))
    assert shown.startswith("[-word-]{+x+} word")
    assert shown.count(" … ") == 1
    assert len(shown) < 200
    assert shown.endswith("…")


def test_marks_of_a_tagged_text_are_those_of_its_words() -> None:
    [copy] = draw(Corpus("made up", ["1"], ["one two"]), ["swap"]).copies
    assert in_marks(copy) == "[-one-]{+two+} [-two-]{+one+}"
