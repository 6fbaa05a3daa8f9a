"""Damaged files of questions: every answer of what is read stands in its context, or a `DataError` names the file."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from tests.text.test_read_mutations import mutate

from regard.errors import DataError
from regard.text.read_questions import read_questions

CONTEXTS = [f'Line one, with a comma\nand a "quote" é; the number is {n}{n + 1}. {"x" * (n % 7)}' for n in range(12)]
ROWS: list[dict[str, Any]] = [
    {
        "id": f"q{n}",
        "context": text,
        "question": "Which number?",
        "answers": {"text": [f"{n}{n + 1}"], "answer_start": [text.index(f"is {n}{n + 1}") + 3]},
    }
    for n, text in enumerate(CONTEXTS)
]
NESTED: dict[str, Any] = {
    "data": [
        {
            "paragraphs": [
                {
                    "context": row["context"],
                    "qas": [
                        {
                            "id": row["id"],
                            "question": row["question"],
                            "answers": [
                                {"text": row["answers"]["text"][0], "answer_start": row["answers"]["answer_start"][0]}
                            ],
                        }
                    ],
                }
            ]
        }
        for row in ROWS
    ]
}
ODD: list[Any] = [None, 3, -1, 1.5, True, "", " ", "x", [], {}, [[]], [{}], {"text": "x"}, ["x", 3], "\ud83d", 10**30]


def parquet_file() -> bytes:
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink, write_page_checksum=True)
    return sink.getvalue().to_pybytes()


FILES = {
    "json": json.dumps(NESTED, indent=1).encode(),
    "jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
    "parquet": parquet_file(),
}


def is_read(path: Path) -> bool:
    refusal: DataError | None = None
    try:
        corpus = read_questions(path)
    except DataError as error:
        refusal = error
    if refusal is not None:
        assert str(refusal.file) == str(path)
        assert refusal.mend
        return False
    assert len(corpus) == len(corpus.questions) == len(corpus.labels or []) == len(corpus.starts or []) > 0
    for text, label, starts in zip(corpus.texts, corpus.labels or [], corpus.starts or [], strict=True):
        assert all(text.startswith(answer, start) for answer, start in zip(label, starts, strict=True))
    corpus.sha256()
    return True


@pytest.mark.parametrize("kind", sorted(FILES))
def test_150_damaged_files(kind: str, tmp_path: Path) -> None:
    path, read = tmp_path / f"a.{kind}", 0
    for seed in range(150):
        path.write_bytes(mutate(FILES[kind], seed))
        read += is_read(path)
    assert read < 130


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*place, key)
        yield from places(item, (*place, key))


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_odd_values_everywhere(kind: str, tmp_path: Path) -> None:
    generator, path = random.Random(0), tmp_path / f"a.{kind}"
    whole: Any = NESTED if kind == "json" else ROWS
    read = 0
    for place in generator.sample(list(places(whole)), 60):
        document = copy.deepcopy(whole)
        parent = document
        for key in place[:-1]:
            parent = parent[key]
        if generator.random() < 0.3 and isinstance(parent, dict):
            del parent[place[-1]]
        else:
            parent[place[-1]] = generator.choice(ODD)
        lines = [json.dumps(document)] if kind == "json" else map(json.dumps, document)
        path.write_text("\n".join(lines))
        read += is_read(path)
    assert 0 < read < 50
