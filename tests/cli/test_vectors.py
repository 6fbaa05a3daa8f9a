"""`regard vectors`: trained, searched, scored and drawn, for a person and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from regard import cli
from regard.text import vectors

Captured = pytest.CaptureFixture[str]


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["vectors", *map(str, words)])
    return int(end.value.code or 0)


def document(capsys: Captured, *words: object) -> dict[str, Any]:
    assert run(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("".join(f"The w{n % 7} and the w{n % 5} saw one w{n % 3}.\n" for n in range(100)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """king - man + woman = queen, to the letter."""
    path = tmp_path_factory.mktemp("vectors") / "v.txt"
    rows = {
        ",": (9, 9, 9),
        "king": (1, 0, 1),
        "man": (1, 0, 0),
        "woman": (0, 1, 0),
        "queen": (0, 1, 1),
        "sea": (-1, 1, -1),
    }
    vectors.save(vectors.WordVectors(list(rows), np.array(list(rows.values()), dtype=np.float32)), path)
    return path


@pytest.mark.parametrize("method", ["word2vec", "fasttext", "glove"])
def test_train_writes_what_a_network_reads(method: str, text: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "v.txt"
    told = document(capsys, "train", text, "--method", method, "--out", out, "--dimensions", 6, "--epochs", 2)
    assert told["words_read"] == 900
    assert told["sentences"] == 100
    assert told["vocabulary"] == 12 == len(vectors.load(str(out)))
    assert vectors.load(str(out)).matrix.shape == (12, 6)
    assert told["pairs"] == 100 * 2 * (8 + 7 + 6 + 5 + 4)
    assert (told["epochs"], told["vectors"]) == (2, str(out))
    assert len(told["losses"]) == (2 if method == "glove" else 0)
    again = tmp_path / "again.txt"
    assert run("train", text, "--method", method, "--out", again, "--dimensions", 6, "--epochs", 2) == 0
    assert again.read_bytes() == out.read_bytes()
    shown = capsys.readouterr().out
    assert "read      900 words in 100 sentences" in shown
    assert ("a new word has none" in shown) == (method == "fasttext")
    assert ("loss" in shown) == (method == "glove")


def test_several_texts_and_case(text: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "v.txt"
    settings = ("--method", "glove", "--epochs", 1, "--as-is", "--minimum-count", 200)
    assert document(capsys, "train", text, text, "--out", out, *settings)["words_read"] == 1800
    assert set(vectors.load(str(out)).words) == {"The", "the", "and", "saw", "one", "."}


def test_nearest(source: Path, capsys: Captured) -> None:
    found = document(capsys, "nearest", source, "King", "--top", 3)
    assert [row["word"] for row in found["nearest"]] == [",", "man", "queen"]
    assert found["nearest"][1]["score"] == pytest.approx(0.5**0.5, abs=1e-5)
    assert run("nearest", source, "king", "--top", 2) == 0
    assert "man   0.7071" in capsys.readouterr().out


@pytest.mark.parametrize("method", ["add", "mul"])
def test_analogy(source: Path, method: str, capsys: Captured) -> None:
    found = document(capsys, "analogy", source, "man", "king", "woman", "--method", method, "--top", 1)
    assert [row["word"] for row in found["answers"]] == ["queen"]


def test_evaluate(source: Path, tmp_path: Path, capsys: Captured) -> None:
    pairs, questions = tmp_path / "pairs.csv", tmp_path / "questions.txt"
    pairs.write_text("word1,word2,score\nking,man,7\nking,woman,1\nking,queen,5\nsea,cat,2\n")
    questions.write_text(": family\nman king woman queen\nman king woman sea\n: gram1\nman king woman cat\n")
    found = document(capsys, "evaluate", source, pairs, questions)
    assert [file["kind"] for file in found["files"]] == ["similarity", "analogies"]
    assert found["files"][0]["n"] == 3
    assert found["files"][0]["missing"] == [["sea", "cat"]]
    assert found["files"][0]["scores"] == {"spearman": pytest.approx(1.0)}
    assert len(found["files"][0]["intervals"]["spearman"]) == 2
    assert found["files"][1]["scores"] == {"accuracy": 0.5, "semantic": 0.5, "syntactic": None}
    assert found["files"][1]["categories"]["family"] == {"n": 2, "right": 1, "accuracy": 0.5}
    assert found["files"][1]["not_asked"] == 1
    assert run("evaluate", source, pairs, questions) == 0
    shown = capsys.readouterr().out
    assert "3 of 4" in shown
    assert "sea – cat" in shown
    assert "1 not asked" in shown
    assert max(map(len, shown.splitlines())) <= max(80, len(str(pairs)), len(str(questions)))


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_map(source: Path, tmp_path: Path, method: str, capsys: Captured) -> None:
    svg = tmp_path / "map.svg"
    found = document(capsys, "map", source, "--svg", svg, "--method", method)
    assert [row["word"] for row in found["words"]] == ["king", "man", "woman", "queen", "sea"]
    root = ElementTree.parse(svg).getroot()
    assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    first = svg.read_bytes()
    assert run("map", source, "--svg", svg, "--method", method) == 0
    assert svg.read_bytes() == first


def test_map_of_words_that_are_named(source: Path, tmp_path: Path, capsys: Captured) -> None:
    listed = tmp_path / "words.txt"
    listed.write_text("king\nKing\n\n,\nwomam\nman\n")
    found = document(capsys, "map", source, "--words", listed, "--svg", tmp_path / "a.svg")
    assert [row["word"] for row in found["words"]] == ["king", ",", "man"]
    assert found["missing"] == ["womam"]
    assert run("map", source, "--words", "king, queen,womam", "--svg", tmp_path / "b.svg") == 0
    shown = capsys.readouterr().out
    assert "without a vector: womam" in shown
    assert str(tmp_path / "b.svg") in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nearest", "SOURCE", "womam"), 2, "Did you mean woman"),
        (("analogy", "SOURCE", "man", "king", "womam"), 2, "Did you mean woman"),
        (("analogy", "SOURCE", "man", "king", "woman", "--method", "ad"), 2, "Did you mean add"),
        (("nearest", "nowhere.txt", "king"), 3, "no such word vectors"),
        (("evaluate", "SOURCE", "nowhere.csv"), 3, "no such file"),
        (("map", "SOURCE", "--words", "king,x", "--svg", "OUT"), 2, "a map of 1 words"),
        (("map", "SOURCE", "--words", "nowhere.txt", "--svg", "OUT"), 3, "a,b,c"),
        (("train", "TEXT", "--out", "."), 2, "is a folder"),
        (("train", "TEXT", "--out", "OUT", "--method", "bert"), 2, "unknown method"),
        (("train", "TEXT", "--out", "OUT", "--method", "glove", "--cbow"), 2, "no CBOW"),
        (("train", "TEXT", "--out", "OUT", "--minimum-count", "500"), 3, "lower --minimum-count"),
        (("train", "nowhere.txt", "--out", "OUT"), 3, "no such file"),
    ],
)
def test_a_wrong_call(
    words: tuple[str, ...], code: int, said: str, source: Path, text: Path, tmp_path: Path, capsys: Captured
) -> None:
    stands_for = {"SOURCE": source, "TEXT": text, "OUT": tmp_path / "out"}
    assert run(*(stands_for.get(word, word) for word in words)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("word", ["train", "nearest", "analogy", "evaluate", "map"])
def test_help_fits_and_has_the_common_options(word: str, capsys: Captured) -> None:
    assert run(word, "--help") == 0
    shown = capsys.readouterr().out
    assert all(flag in shown for flag in ("--json", "--offline", "--quiet", "--debug"))
    assert max(map(len, shown.splitlines())) <= 80
