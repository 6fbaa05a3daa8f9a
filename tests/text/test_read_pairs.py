"""Every source gives the same pairs; nothing is guessed where names do not tell; every error has its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pyarrow
import pytest
from pyarrow import parquet

from regard.errors import DataError, UsageError
from regard.records import Corpus, TextPairCorpus
from regard.text.read_pairs import read_pairs, write_pairs

ROWS: list[dict[str, Any]] = [
    {"id": "a", "source": "Two men, by a car.", "target": "Zwei Männer an einem Auto."},
    {"id": "b", "source": 'She said "no"', "target": "Sie sagte „nein“ 😀"},
]
EXPECTED = TextPairCorpus(
    "", ["a", "b"], [row["source"] for row in ROWS], labels=[(row["target"],) for row in ROWS]
).sha256()


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_every_source_gives_the_same_pairs(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(ROWS))
    (tmp_path / "b.jsonl").write_text(lines([{**row, "target": [row["target"]]} for row in ROWS]))
    pandas.DataFrame(ROWS).to_csv(tmp_path / "a.csv", index=False)
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    for source in (*sorted(tmp_path.iterdir()), pandas.DataFrame(ROWS)):
        corpus = read_pairs(source)
        assert corpus.sha256() == EXPECTED, source
        assert corpus.ids == ["a", "b"]
        assert corpus.columns["source"].startswith("source")
        assert not corpus.multi_label


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    corpus = TextPairCorpus("made up", ["1", "2"], ["x", "y"], labels=[("a", "b"), ("c",)])
    again = read_pairs(write_pairs(corpus, tmp_path / "deep" / "p.parquet"))
    assert again.sha256() == corpus.sha256()
    named = write_pairs(corpus, tmp_path / "n.parquet", source_column="en", target_column="de")
    assert read_pairs(named, source_column="en", target_column="de").labels == corpus.labels


def test_several_references_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines([{"document": "long", "summaries": ["z first", " ", "a second"]}]))
    corpus = read_pairs(tmp_path / "a.jsonl")
    assert corpus.labels == [("z first", "a second")]
    assert read_pairs(corpus) is corpus


def test_languages_are_named_by_the_user(tmp_path: Path) -> None:
    rows = [{"en": "a dog", "de": "ein Hund", "fr": "un chien"}]
    (tmp_path / "a.jsonl").write_text(lines(rows))
    with pytest.raises(DataError, match="which column is the source") as error:
        read_pairs(tmp_path / "a.jsonl")
    assert "--text-column" in str(error.value.mend)
    with pytest.raises(DataError, match=r"which column is the target.*en, de, fr"):
        read_pairs(tmp_path / "a.jsonl", source_column="en")
    with pytest.raises(DataError, match="no column 'es'"):
        read_pairs(tmp_path / "a.jsonl", source_column="en", target_column="es")
    assert read_pairs(tmp_path / "a.jsonl", source_column="en", target_column="fr").labels == [("un chien",)]
    (tmp_path / "b.jsonl").write_text(lines([{"id": "1", "en": "a dog", "de": "ein Hund"}]))
    assert read_pairs(tmp_path / "b.jsonl", target_column="de").texts == ["a dog"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"source": " ", "target": "x"}, "an empty source"),
        ({"source": None, "target": "x"}, "an empty source"),
        ({"target": "x"}, "this row has no such key"),
        ({"source": {"a": 1}, "target": "x"}, "this is no text"),
        ({"source": "x", "target": ""}, "an empty target"),
        ({"source": "x", "target": []}, "an empty target"),
        ({"source": "x", "target": [" "]}, "an empty target"),
        ({"source": "x"}, "this row has no such key"),
    ],
)
def test_a_row_without_a_side_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    (tmp_path / "a.jsonl").write_text(lines([*ROWS, row]))
    with pytest.raises(DataError, match=message) as error:
        read_pairs(tmp_path / "a.jsonl")
    assert (error.value.line, error.value.exit_code) == (3, 3)
    assert error.value.column in ("source", "target")


def test_without_targets_there_is_still_something_to_translate(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("source\nA dog.\n\n")
    assert read_pairs(tmp_path / "a.csv", needs_targets=False).labels is None
    (tmp_path / "b.jsonl").write_text(lines([{"source": "", "target": "x"}, {"source": "y", "target": None}]))
    corpus = read_pairs(tmp_path / "b.jsonl", needs_targets=False)
    assert corpus.texts == ["", "y"]
    assert corpus.labels is None
    assert "empty target" in corpus.columns["target"]
    with pytest.raises(DataError):
        read_pairs(tmp_path / "a.csv")
    bare = TextPairCorpus("given", ["0"], ["x"])
    assert read_pairs(bare, needs_targets=False) is bare
    with pytest.raises(DataError, match="no targets"):
        read_pairs(bare)
    with pytest.raises(DataError, match="have no targets"):
        read_pairs(Corpus("other", ["0"], ["x"]))
    with pytest.raises(UsageError):
        read_pairs(7)


def test_a_lone_surrogate_becomes_a_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"source": "a \\ud800 b", "target": "c \\udfff"}\n')
    corpus = read_pairs(tmp_path / "a.jsonl")
    assert corpus.texts == ["a \ufffd b"]
    assert corpus.labels == [("c \ufffd",)]
