"""Plain texts come as they are from every source; what can't be read is an error with a place and a mend."""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pyarrow
import pytest
from pyarrow import parquet

from regard.errors import DataError, UsageError
from regard.records import Corpus, TextPairCorpus
from regard.text.read_plain import keep_plain, read_plain, require_plain

TEXTS = ["  One line,\n\nand another.\n", "NA", "tabs\tand “signs” é 👩\u200d👧"]


def test_a_txt_file_is_one_text_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text(TEXTS[0], encoding="utf-8")
    corpus = read_plain(path)
    assert (corpus.texts, corpus.ids, corpus.labels) == ([TEXTS[0]], ["book"], None)
    assert corpus.columns == {"text": "the whole file"}


def test_a_folder_holds_a_text_a_file_at_any_depth(tmp_path: Path) -> None:
    for name, text in (("b.txt", "second"), ("a/deep.txt", "first"), ("a/picture.png", "no text")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    corpus = read_plain(tmp_path)
    assert dict(zip(corpus.ids, corpus.texts, strict=True)) == {"a/deep": "first", "b": "second"}
    assert corpus.columns["other files"] == "1 passed over (not .txt)"


def test_tables_lose_their_labels_only(tmp_path: Path) -> None:
    rows = [{"text": text, "label": str(number)} for number, text in enumerate(TEXTS)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    parquet.write_table(pyarrow.table({"body": TEXTS, "year": [1, 2, 3]}), tmp_path / "rows.parquet")
    sources = [tmp_path / "rows.jsonl", tmp_path / "rows.parquet", pandas.DataFrame(rows)]
    for source in sources:
        corpus = read_plain(source)
        assert (corpus.texts, corpus.labels, len(corpus.ids)) == (TEXTS, None, 3)
        assert "label" not in corpus.columns
    assert read_plain(sources[1], text_column="year").texts == ["1", "2", "3"]


def test_a_corpus_of_another_kind_is_taken_without_what_it_knows() -> None:
    pairs = TextPairCorpus("given", ["7"], ["a text"], [("ein Text",)])
    corpus = read_plain(pairs)
    assert type(corpus) is Corpus
    assert (corpus.ids, corpus.texts, corpus.labels) == (["7"], ["a text"], None)


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    corpus = Corpus("given", ["x", "y", "z"], TEXTS)
    for column in (None, "body"):
        path = keep_plain(corpus, tmp_path / "kept" / f"{column}.parquet", text_column=column)
        again = read_plain(path, text_column=column)
        assert (again.ids, again.texts) == (corpus.ids, corpus.texts)
        assert again.sha256() == corpus.sha256()


def test_errors_say_where_and_how_to_mend(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "latin.txt").write_bytes(b"caf\n\xe9")
    (tmp_path / "none").mkdir()
    (tmp_path / "rows.jsonl").write_text('{"text": "a"}\n{"other": "b"}\n')
    with pytest.raises(DataError, match="empty"):
        read_plain(tmp_path / "empty.txt")
    with pytest.raises(DataError, match="no UTF-8") as caught:
        read_plain(tmp_path / "latin.txt")
    assert caught.value.line == 2
    with pytest.raises(DataError, match=r"no \.txt files in this folder"):
        read_plain(tmp_path / "none")
    with pytest.raises(DataError, match="no such key") as caught:
        read_plain(tmp_path / "rows.jsonl")
    assert caught.value.line == 2
    for read in (read_plain, require_plain):
        with pytest.raises(DataError, match="no such file"):
            read(tmp_path / "missing.txt")
        with pytest.raises(UsageError, match="unknown data set"):
            read("unheardof")
