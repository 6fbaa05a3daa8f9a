"""Every source gives the same questions; every answer stands in its context; every error has its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from regard.errors import DataError, UsageError
from regard.records import Corpus, QuestionCorpus
from regard.text.read_questions import read_questions, write_questions

BRIDGE = 'The bridge was built in 1883, "in a hurry",\nby Ada Stone. It fell in 1891.'
RIVER = "The river Lune — 😀 — is 85 km long."
ROWS: list[dict[str, Any]] = [
    {"id": "q1", "context": BRIDGE, "question": "When was it built?", "answers": {"text": ["1883"]}},
    {"id": "q2", "context": BRIDGE, "question": "Who built it?", "answers": {"text": ["Ada Stone", "Stone"]}},
    {"id": "q3", "context": BRIDGE, "question": "Who paid for it?", "answers": {"text": []}},
    {"id": "q4", "context": RIVER, "question": "How long is the river?", "answers": {"text": ["85 km"]}},
]
for row in ROWS:
    row["answers"]["answer_start"] = [row["context"].index(text) for text in row["answers"]["text"]]


def nested() -> dict[str, Any]:
    paragraphs = []
    for context in (BRIDGE, RIVER):
        questions = []
        for row in (row for row in ROWS if row["context"] == context):
            pairs = zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)
            answers = [{"text": text, "answer_start": start} for text, start in pairs]
            more = {} if answers else {"is_impossible": True, "plausible_answers": [{"text": "x", "answer_start": 1}]}
            questions.append({"id": row["id"], "question": row["question"], "answers": answers, **more})
        paragraphs.append({"context": context, "qas": questions})
    return {"version": "2.0", "data": [{"title": "made up", "paragraphs": paragraphs}]}


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_every_source_gives_the_same_corpus(tmp_path: Path) -> None:
    (tmp_path / "nested.json").write_text(json.dumps(nested(), indent=1))
    (tmp_path / "lines.jsonl").write_text(lines(ROWS))
    (tmp_path / "list.json").write_text(json.dumps(ROWS))
    (tmp_path / "data.json").write_text(json.dumps({"version": "1", "data": ROWS}))
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "struct.parquet")
    sources: list[Any] = [*sorted(tmp_path.iterdir()), pandas.DataFrame(ROWS)]
    sources.append(pandas.read_parquet(tmp_path / "struct.parquet"))
    found = [read_questions(source) for source in sources]
    assert len(found) == 7
    for corpus in found:
        assert corpus.ids == ["q1", "q2", "q3", "q4"]
        assert corpus.texts == [BRIDGE, BRIDGE, BRIDGE, RIVER]
        assert corpus.labels == [("1883",), ("Ada Stone", "Stone"), (), ("85 km",)]
        assert corpus.starts == [(24,), (47, 51), (), (24,)]
        assert corpus.columns["without answer"] == "1 of 4 questions"
        assert corpus.sha256() == found[0].sha256()
        assert read_questions(corpus) is corpus
    assert found[-1].columns["answers"] == "answers (guessed: its name)"
    assert "SQuAD" in next(c for c in found if c.source.endswith("nested.json")).columns["context"]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_flat_file_with_and_without_starts(tmp_path: Path, suffix: str) -> None:
    columns = {"passage": [row["context"] for row in ROWS], "query": [row["question"] for row in ROWS]}
    flat = pandas.DataFrame({**columns, "answer": ["".join(row["answers"]["text"][:1]) for row in ROWS]})
    path, separator = tmp_path / f"a.{suffix}", "," if suffix == "csv" else "\t"
    flat.to_csv(path, index=False, sep=separator)
    corpus = read_questions(path)
    assert corpus.labels == [("1883",), ("Ada Stone",), (), ("85 km",)]
    assert corpus.starts == [(24,), (47,), (), (24,)]
    assert corpus.lines == [2, 4, 6, 8]
    assert corpus.ids == ["1", "2", "3", "4"]
    assert corpus.columns["starts"].startswith("none for 3 of 3 answers")
    starts = [24, 40, None, 24]
    flat.assign(answer_start=starts).to_csv(path, index=False, sep=separator)
    corpus = read_questions(path)
    assert corpus.starts == [(24,), (47,), (), (24,)]
    assert corpus.columns["moved answers"] == "1 of 3, from a wrong start to the nearest right one (line 4)"
    assert "starts" not in corpus.columns


def test_it_reads_back_what_it_wrote(tmp_path: Path) -> None:
    corpus = read_questions(pandas.DataFrame(ROWS))
    path = write_questions(corpus, tmp_path / "new" / "a.parquet")
    again = read_questions(path)
    assert (again.sha256(), again.ids) == (corpus.sha256(), corpus.ids)
    assert list(path.parent.iterdir()) == [path]
    other = write_questions(corpus, path, context_column="text", question_column="asked", answers_column="gold")
    named = {"context_column": "text", "question_column": "asked", "answers_column": "gold"}
    assert read_questions(other, **named).sha256() == corpus.sha256()
    bare = read_questions(pandas.DataFrame(ROWS).drop(columns="answers"), needs_answers=False)
    assert read_questions(write_questions(bare, path), needs_answers=False).sha256() == bare.sha256()


def test_questions_without_answers(tmp_path: Path) -> None:
    frame = pandas.DataFrame(ROWS).drop(columns="answers")
    with pytest.raises(DataError, match=r"(?s)no column is called answers or answer.*--label-column"):
        read_questions(frame)
    corpus = read_questions(frame, needs_answers=False)
    assert corpus.labels is None
    assert corpus.starts is None
    assert corpus.columns["answers"].startswith("none (")
    with pytest.raises(DataError, match="no answers"):
        read_questions(corpus)
    frame["answers"] = None
    with pytest.raises(DataError, match="no row has an answer"):
        read_questions(frame)
    frame["answers"] = "not there"
    assert read_questions(frame, needs_answers=False).labels is None


def test_a_corpus_without_starts_gets_them() -> None:
    corpus = QuestionCorpus("made", ["1"], [BRIDGE], [("Ada Stone",)], questions=["Who?"])
    assert read_questions(corpus).starts == [(47,)]
    with pytest.raises(DataError, match="row 1: the answer 'Bob' is not in its context"):
        read_questions(QuestionCorpus("made", ["1"], [BRIDGE], [("Bob",)], questions=["Who?"]))
    with pytest.raises(DataError, match="no questions"):
        read_questions(Corpus("made", ["1"], [BRIDGE]))


def broken(**changes: Any) -> bytes:
    return lines([ROWS[0], {**ROWS[1], **changes}]).encode()


def broken_nested(**changes: Any) -> bytes:
    document = nested()
    question = document["data"][0]["paragraphs"][0]["qas"][1]
    question.update(changes)
    question = {key: value for key, value in question.items() if value != "gone"}
    document["data"][0]["paragraphs"][0]["qas"][1] = question
    return json.dumps(document, indent=1).encode()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", broken(answers={"text": ["Bob"], "answer_start": [3]}), r"a\.jsonl:2, .*'Bob' is not in its con"),
        ("a.jsonl", broken(answers={"text": ["ADA  stone"]}), r"a\.jsonl:2, .*not in its context; it has 'Ada Stone'"),
        ("a.jsonl", broken(answers={"text": ["Ada", "Stone"], "answer_start": [47]}), r":2, .*2 answers, but 1 starts"),
        ("a.jsonl", broken(answers={"text": ["Ada"], "answer_start": ["x"]}), r":2, .*no whole number: 'x'"),
        ("a.jsonl", broken(answers={"text": [" "]}), r"a\.jsonl:2, column 'answers': an empty answer"),
        ("a.jsonl", broken(answers={"texts": ["Ada"]}), r"a\.jsonl:2, .*without the key 'text'"),
        ("a.jsonl", broken(is_impossible=True), r"a\.jsonl:2, column 'is_impossible': .* but it has answers"),
        ("a.jsonl", broken(question=" "), r"a\.jsonl:2, column 'question': an empty question"),
        ("a.jsonl", broken(context=None), r"a\.jsonl:2, column 'context': an empty context"),
        ("a.jsonl", broken(question=["Who?"]), r"a\.jsonl:2, column 'question': this is no text"),
        ("a.jsonl", lines([ROWS[0], {"question": "Who?"}]).encode(), r"a\.jsonl:2, column 'context': .*no such key"),
        ("a.jsonl", lines([ROWS[0]]).encode() + b"[1]\n", r"a\.jsonl:2: this is no object"),
        ("a.jsonl", lines([ROWS[0]]).encode() + b"{\n", r"a\.jsonl:2: no JSON"),
        ("a.json", b'{"data": [\n{"paragraphs": }]}', r"a\.json:2: no JSON"),
        ("a.json", b"[" * 100_000, r"a\.json:1: (JSON nested too deep|no JSON)"),
        ("a.json", b'[{"question": "a"}, 3]', "row 2: this is no object"),
        ("a.json", b"[]", "has no rows"),
        ("a.json", b'{"data": []}', "no question in it"),
        ("a.json", b'{"data": [{"title": "x"}]}', r"data\[0\] has no list 'paragraphs'"),
        ("a.json", b'{"data": [{"paragraphs": [{"context": "x"}]}]}', r"data\[0\]\.paragraphs\[0\] has no list 'qas'"),
        ("a.json", b'{"data": [{"paragraphs": [{"qas": [1]}]}]}', r"data\[0\]\.paragraphs\[0\]\.qas\[0\] is no object"),
        ("a.json", broken_nested(answers=[{"text": "Bob", "answer_start": 3}]), r"a\.json:\d+, .*question q2: .*'Bob'"),
        ("a.json", broken_nested(question="gone"), r"a\.json:\d+, column 'question': question q2: .*no such key"),
        ("a.json", broken_nested(id="gone", question=""), r"question data\[0\]\.paragraphs\[0\]\.qas\[1\]: an empty"),
        ("a.csv", b"context,question,answer\nA b.,c?,b\nA b.,d?,e\n", r"a\.csv:3, column 'answer': .*'e' is not in"),
        ("a.parquet", b"PAR1 no", r"a\.parquet: this Parquet file is damaged"),
        ("a.pkl", b"x", "can run code"),
    ],
)
def test_malformed_files_name_their_place(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_questions(path)
    assert caught.value.exit_code == 3
    assert caught.value.mend


def test_the_line_of_a_question_in_nested_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(broken_nested(answers=[{"text": "Bob", "answer_start": 3}]))
    with pytest.raises(DataError) as caught:
        read_questions(path)
    assert '"q2"' in path.read_text().split("\n")[caught.value.line - 1]


def test_a_parquet_row_is_named(tmp_path: Path) -> None:
    rows = [ROWS[0], {**ROWS[1], "answers": {"text": ["Bob"], "answer_start": [3]}}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet, column 'answers': row 2: the answer 'Bob' is not in its context"):
        read_questions(tmp_path / "a.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows).slice(0, 0), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no rows"):
        read_questions(tmp_path / "a.parquet")


def test_numbers_keep_their_spelling(tmp_path: Path) -> None:
    row = '{"context": "It cost 1.50 in 2003.", "question": "How much?", "answers": {"text": [1.50]}}\n'
    (tmp_path / "a.jsonl").write_text(row)
    assert read_questions(tmp_path / "a.jsonl").labels == [("1.50",)]


def test_columns_are_named_or_one_is_clear() -> None:
    frame = pandas.DataFrame(ROWS)
    with pytest.raises(DataError, match="no column 'contxt'; did you mean 'context'"):
        read_questions(frame, context_column="contxt")
    twins = frame.rename(columns={"context": "text"}).assign(passage="x")
    with pytest.raises(DataError, match="could be the context: 'text' and 'passage'"):
        read_questions(twins)
    assert read_questions(twins, context_column="text").columns["context"] == "text (named)"
    with pytest.raises(DataError, match="no rows"):
        read_questions(frame.iloc[:0])


def test_what_has_no_questions(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder of texts has no questions"):
        read_questions(tmp_path)
    with pytest.raises(DataError, match="the asset 'imdb' has no questions"):
        read_questions("imdb")
    with pytest.raises(DataError, match="no such file"):
        read_questions(tmp_path / "a.json")
    with pytest.raises(UsageError, match="can't be read from a int"):
        read_questions(3)


def test_a_hub_id(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="can't be loaded offline"):
        read_questions("org/squad", offline=True)
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.delenv(name)
    asked = []

    def load_dataset(name: str, split: str) -> datasets.Dataset:
        asked.append((name, split))
        return datasets.Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    corpus = read_questions("org/squad:validation")
    assert asked == [("org/squad", "validation")]
    assert corpus.starts == [(24,), (47, 51), (), (24,)]
    assert corpus.columns["split"] == "validation"
