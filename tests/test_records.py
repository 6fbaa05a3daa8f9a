"""What passes between rooms: order of labels, files that are whole or not there, JSON that any reader takes."""

import json
from itertools import permutations

import pytest

from regard.errors import ModelError
from regard.records import Corpus, RunFolder, write_atomically


def test_labels_have_one_order_whatever_they_are():
    words = ["10", "9", "nan", "inf", "b", "a"]
    for order in permutations(words):
        assert Corpus("made up", list("abcdef"), list("abcdef"), list(order)).label_names() == [
            "9", "10", "a", "b", "inf", "nan",
        ]  # fmt: skip


def test_a_hash_is_of_texts_and_labels_and_computed_once(monkeypatch):
    corpus = Corpus("made up", ["1", "2"], ["a film", "a play"], ["good", "bad"])
    known = corpus.sha256()
    assert known == Corpus("other", ["3", "4"], ["a film", "a play"], ["good", "bad"]).sha256()
    assert known not in (corpus.take([0]).sha256(), corpus.take([1, 0]).sha256())
    monkeypatch.setattr("regard.records.corpus.hashlib", None)
    assert corpus.sha256() == known


def test_a_lone_surrogate_survives_json(tmp_path):
    run = RunFolder(tmp_path)
    run.write_json(tmp_path / "a.json", {"text": "x\ud83dy"})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"text": "x\ud83dy"}


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "a" / "file.txt"
    write_atomically(path, "first")
    with pytest.raises(TypeError):
        write_atomically(path, object())
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_what_is_no_run_is_said(tmp_path):
    with pytest.raises(ModelError, match="no finished run"):
        RunFolder.open(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ModelError, match=r"run\.json is damaged"):
        RunFolder(tmp_path).read_json(tmp_path / "run.json")


def test_a_log_cut_off_in_a_line_gives_the_lines_before(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"ste')
    assert RunFolder(tmp_path).read_log() == [{"step": 1}]
