"""Every source gives the same corpus; nothing is converted, nothing is guessed silently, every error has a place."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from regard import assets
from regard.errors import DataError, UsageError
from regard.records import Corpus
from regard.text.formats import hub, packaged
from regard.text.read import read

TEXTS = ["a good film", "NA", "007", 'she said "no",\nthen left', "1e5", "2020-01-01", "null", "  kept  "]
LABELS = ["1", "2", "1", "2", "1", "2", "1", "2"]


def write_csv(path: Path, delimiter: str = ",") -> None:
    quoted = ['"' + text.replace('"', '""') + '"' for text in TEXTS]
    rows = [f"{text}{delimiter}{label}" for text, label in zip(quoted, LABELS, strict=True)]
    path.write_text("\n".join([f"review{delimiter}sentiment", *rows]) + "\n", encoding="utf-8")


def write_jsonl(path: Path) -> None:
    rows = [{"review": text, "sentiment": label} for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_parquet(path: Path) -> None:
    parquet.write_table(pyarrow.table({"review": TEXTS, "sentiment": [int(label) for label in LABELS]}), path)


WRITERS = {
    "csv": write_csv,
    "tsv": lambda path: write_csv(path, "\t"),
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_every_format_gives_the_same_strings(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    WRITERS[suffix](path)
    corpus = read(path)
    assert corpus.texts == TEXTS
    assert corpus.labels == LABELS
    assert corpus.ids == [str(row) for row in range(1, 9)]
    assert corpus.columns["text"] == "review (guessed: its name)"
    assert corpus.columns["label"] == "sentiment (guessed: its name)"
    assert corpus.source == str(path)
    assert not corpus.multi_label


def test_a_frame_and_a_corpus() -> None:
    frame = pandas.DataFrame({"review": TEXTS, "sentiment": [int(label) for label in LABELS]})
    corpus = read(frame)
    assert (corpus.texts, corpus.labels) == (TEXTS, LABELS)
    assert read(corpus) is corpus
    with pytest.raises(DataError, match="no labels"):
        read(Corpus("x", ["1"], ["a"]))


def test_nulls_of_a_frame_are_no_words() -> None:
    frame = pandas.DataFrame({"text": ["a", None, "b"], "label": ["x", "y", "x"]})
    assert read(frame).texts == ["a", "", "b"]
    with pytest.raises(DataError, match="row 2: there is no label"):
        read(pandas.DataFrame({"text": ["a", "b"], "label": [1.0, float("nan")]}))


def test_lines_are_physical_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    write_csv(path)
    assert read(path).lines == [2, 3, 4, 5, 7, 8, 9, 10]


def test_labels_in_json_keep_their_spelling(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\ufeff{"text": "a", "label": 1}\n\n{"text": "b", "label": "2"}\n{"text": 1e5, "label": true}\n')
    corpus = read(path)
    assert corpus.labels == ["1", "2", "true"]
    assert corpus.texts == ["a", "b", "1e5"]
    assert corpus.lines == [1, 3, 4]


def test_a_folder(tmp_path: Path) -> None:
    for name, text in {"neg/1.txt": "bad", "pos/1.txt": "good", "pos/2.txt": "fine\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pos" / "notes.md").write_text("x")
    corpus = read(tmp_path)
    assert corpus.ids == ["neg/1.txt", "pos/1.txt", "pos/2.txt"]
    assert corpus.texts == ["bad", "good", "fine\n"]
    assert corpus.labels == ["neg", "pos", "pos"]
    assert corpus.columns["other files"].startswith("1 passed over")
    (tmp_path / "neg" / "2.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"2\.txt:1: byte 0xe9 is no UTF-8"):
        read(tmp_path)


def test_a_folder_is_read_to_its_bottom_and_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    for name in ("a/1.txt", "b/more/2.txt", "b/3.text", "top.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    corpus = read(tmp_path)
    assert dict(zip(corpus.ids, corpus.labels, strict=True)) == {"a/1.txt": "a", "b/more/2.txt": "b"}
    assert corpus.columns["other files"].startswith("2 passed over")


def test_a_folder_without_texts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one folder a label"):
        read(tmp_path)


def test_the_packaged_reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "text,label,source\nbad,0,imdb\ngood,1,imdb\nother,1,rotten_tomatoes\n"
    (tmp_path / "reviews.csv").write_text(rows)
    monkeypatch.setattr("regard.assets.path", lambda word: tmp_path)
    corpus = read("imdb")
    assert corpus.labels == ["negative", "positive"]
    assert corpus.contiguous
    assert corpus.source == "imdb"
    assert corpus.lines == [2, 3]
    assert corpus.columns["label"] == "0 read as negative, 1 as positive"


def test_the_packaged_tweets_are_mac_roman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged.assets, "path", lambda word: tmp_path)
    rows = "sentiment,confidence,text\r\nnegative,0.7,it\u2019s late\r\nneutral,0.5,a bus\r\n"
    (tmp_path / "tweets.csv").write_bytes(rows.encode("mac-roman"))
    corpus = read("tweets")
    assert corpus.texts == ["it\u2019s late", "a bus"]
    assert corpus.labels == ["negative", "neutral"]


def test_the_packaged_news_may_be_latin_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sport").mkdir()
    (tmp_path / "sport" / "001.txt").write_bytes(b"caf\xe9")
    monkeypatch.setattr("regard.assets.path", lambda word: tmp_path)
    assert read("bbc").texts == ["café"]
    assert set(packaged.READERS) == set(assets.words("data"))


def test_hub_data_get_their_class_names() -> None:
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    data = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    assert hub.table_of(data, "org/name", "train").columns["label"] == ["yes", "no"]


@pytest.mark.parametrize("source", ["org/name", "org/name:test", "hub:name"])
def test_a_hub_id_offline_is_refused_before_any_request(source: str) -> None:
    with pytest.raises(DataError, match="offline"):
        read(source, offline=True)


def test_several_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "labels": ["y", "x", "y"]}\n{"text": "b", "labels": []}\n')
    corpus = read(path)
    assert corpus.multi_label
    assert corpus.labels == [("x", "y"), ()]
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,y|x\nb,x\n")
    assert read(path, label_separator="|").labels == [("x", "y"), ("x",)]
    assert read(path).labels == ["y|x", "x"]


def test_ids_come_from_their_column_where_they_are_unique(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,label\n7,a,x\n8,b,y\n")
    assert read(path).ids == ["7", "8"]
    path.write_text("id,text,label\n7,a,x\n7,b,y\n")
    assert read(path).ids == ["1", "2"]


def test_columns_named_by_the_user(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,title,label,stars\na,b,c,d\n")
    corpus = read(path, text_column="title", label_column="stars")
    assert (corpus.texts, corpus.labels) == (["b"], ["d"])
    assert corpus.columns == {"text": "title (named)", "label": "stars (named)"}
    with pytest.raises(DataError, match="no column 'titel'; did you mean 'title'"):
        read(path, text_column="titel")


def test_columns_guessed_by_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,x,y\n" + "".join(f"{i},some longer words {i},{'ab'[i % 2]}\n" for i in range(8)))
    assert read(path).columns == {
        "text": "x (guessed: the only column left)",
        "label": "y (guessed: repeats a few values)",
    }
    path.write_text("x,y,z\n" + "".join(f"{i},some longer words {i},{'ab'[i % 2]}\n" for i in range(8)))
    assert read(path).columns["text"] == "y (guessed: longest texts)"


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("review,sentence,label", "a,b,c", "could be the text: 'review' and 'sentence'.*--text-column"),
        ("text,topic,sentiment", "a,b,c", "could be the label: 'topic' and 'sentiment'.*--label-column"),
        ("one,two,label", "abc,abd,c", "could be the text"),
        ("text,id", "a,1", "no column looks like the label.*--label-column"),
        ("text,pos", "a,pos", "'pos' is also a value"),
        (f"{'a very good film ' * 6},1", "b,2", "reads like a row"),
        ("text,text", "a,b", "two columns are named 'text'"),
    ],
)
def test_nothing_is_guessed_where_two_would_do(tmp_path: Path, header: str, row: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{row}\n{row}\n")
    with pytest.raises(DataError, match=f"(?s){message}"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"text,label\n", "a header line and no rows"),
        ("a.csv", b"text,label\na,x\nb\n", r"a\.csv:3: this row has 1 cells, the header has 2"),
        ("a.csv", b'text,label\n"a\nb",x\nc,d,e\n', r"a\.csv:4: this row has 3 cells"),
        ("a.csv", b'text,label\na,x\n"b,y\nc,z\n', r"a\.csv:3: a quote is opened in this row and never closed"),
        ("a.csv", b'text,label\n"a"b,x\n', r"a\.csv:2: a quote inside a quoted cell is not doubled"),
        ("a.csv", b"text,label\na,x\nb\xff,y\n", r"a\.csv:3: byte 0xff is no UTF-8"),
        ("a.csv", b"text,label\r\na,x\r\nb\0,y\r\n", r"a\.csv:3: a NUL"),
        ("a.csv", "text,label\na,b\n".encode("utf-16"), "UTF-16"),
        ("a.csv", b"text,label\na,x\nb,\n", r"a\.csv:3, column 'label': there is no label"),
        ("a.jsonl", b'{"text": "a", "label": "b"}\n{"text": \n', r"a\.jsonl:2: no JSON"),
        ("a.jsonl", b'{"text": "a", "label": "b"}\n{"label": "b"}\n', r"a\.jsonl:2, column 'text': .* no such key"),
        ("a.jsonl", b'{"text": "a", "label": "b"}\n{"text": "b"}\n', r"a\.jsonl:2, column 'label': there is no"),
        ("a.jsonl", b'{"text": {"a": 1}, "label": "b"}\n{"text": "x", "label": "b"}', r":1, column 'text': .* no text"),
        ("a.jsonl", b'["text"]\n', r"a\.jsonl:1: a list instead"),
        ("a.jsonl", b"[" * 100_000, r"a\.jsonl:1: (JSON nested too deep|no JSON)"),
        ("a.parquet", b"PAR1 no", r"a\.parquet: this Parquet file is damaged"),
        ("a.pkl", b"x", "can run code"),
        ("a.xlsx", b"x", "does not end like a format"),
    ],
)
def test_malformed_files_name_their_place(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert caught.value.exit_code == 3
    assert caught.value.mend


def test_other_separators_and_tabs_without_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text;label\na, b;x\nc;y\n")
    corpus = read(path)
    assert corpus.texts == ["a, b", "c"]
    assert corpus.columns["separator"] == "semicolon (guessed: header line)"
    path = tmp_path / "a.tsv"
    path.write_text('text\tlabel\n"Hello\tx\n6" pipe\ty\nend"\tx\n')
    corpus = read(path)
    assert corpus.texts == ['"Hello', '6" pipe', 'end"']
    assert "taken as they are" in corpus.columns["quotes"]


def test_texts_without_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\na\nb\n")
    corpus = read(path, needs_labels=False)
    assert corpus.texts == ["a", "b"]
    assert corpus.labels is None
    assert corpus.columns["label"].startswith("none (")
    with pytest.raises(DataError, match="the label"):
        read(path)
    path.write_text("text,label\na,x\nb,\n")
    assert read(path, needs_labels=False).labels is None
    path.write_text("phrase\na\nb\n")
    assert read(path, needs_labels=False).columns["text"] == "phrase (guessed: the only column left)"


def test_what_is_not_there_has_neighbours(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\na,b\n")
    with pytest.raises(DataError, match=r"no such file; near it: train\.csv"):
        read(tmp_path / "trian.csv")
    with pytest.raises(UsageError, match=r"unknown data set 'imbd'.*Did you mean imdb"):
        read("imbd")
    with pytest.raises(UsageError, match="can't be read from a int"):
        read(3)


def test_a_text_of_ten_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,label\n{'word ' * 2_000_000},x\n")
    assert len(read(path).texts[0]) == 10_000_000
