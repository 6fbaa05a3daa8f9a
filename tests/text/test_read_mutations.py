"""Damaged files (RELIABILITY 10): a corpus with every row accounted for, or a `DataError` that names the file."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from regard.errors import DataError
from regard.text.read import read

ROWS = [(f'text {i}, with a comma\nand a "quote" é {"x" * (i % 7)}', f"label{i % 3}") for i in range(30)]
BYTES = [b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xc3", b"{", b"}", b"\\", b"\x80PAR1", b"1" * 40, b"\xef\xbb\xbf"]


def csv_file() -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([("text", "label"), *ROWS])
    return file.getvalue().encode()


def jsonl_file() -> bytes:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS).encode()


def parquet_file() -> bytes:
    sink = pyarrow.BufferOutputStream()
    table = pyarrow.table({"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]})
    parquet.write_table(table, sink, write_page_checksum=True)
    return sink.getvalue().to_pybytes()


def rows_of_csv(content: bytes) -> int:
    """What Python's own reader makes of it, blank lines apart, the header taken off."""
    lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    return sum(1 for row in lines if row) - 1


def rows_of_jsonl(content: bytes) -> int:
    return sum(1 for line in content.decode("utf-8-sig").split("\n") if line.strip())


def rows_of_parquet(content: bytes) -> int:
    return len(ROWS)


KINDS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], int]]] = {
    "csv": (csv_file, rows_of_csv),
    "jsonl": (jsonl_file, rows_of_jsonl),
    "parquet": (parquet_file, rows_of_parquet),
}


def mutate(content: bytes, seed: int) -> bytes:
    """One to three changes: bytes flipped, put in, taken out, doubled, or the end cut off."""
    generator = random.Random(seed)
    for _ in range(generator.randint(1, 3)):
        place = generator.randrange(len(content)) if content else 0
        end = min(len(content), place + generator.choice([1, 1, 2, 8, 64, 500]))
        match generator.randrange(5):
            case 0:
                flipped = bytes(byte ^ (1 << generator.randrange(8)) for byte in content[place : place + 1])
                content = content[:place] + flipped + content[place + 1 :]
            case 1:
                content = content[:place] + generator.choice(BYTES) + content[place:]
            case 2:
                content = content[:place] + content[end:]
            case 3:
                content = content[:end] + content[place:]
            case _:
                content = content[: max(place, len(content) // 2)] if generator.random() < 0.5 else content[:place]
    return content


def check(kind: str, seeds: range, folder: Path) -> tuple[int, int]:
    """Read every mutated file; returns how many were read and how many refused."""
    make, count = KINDS[kind]
    original = make()
    path = folder / f"mutated.{kind}"
    refused: list[tuple[int, DataError]] = []
    for seed in seeds:
        content = mutate(original, seed)
        path.write_bytes(content)
        try:
            corpus = read(path)
        except DataError as refusal:
            refused.append((seed, refusal))
        else:
            assert len(corpus) == count(content), f"seed {seed}: rows lost"
            assert all(isinstance(text, str) for text in corpus.texts)
            assert len(corpus.labels or []) == len(corpus)
    assert all(str(refusal.file) == str(path) and refusal.mend for _, refusal in refused), refused
    return len(seeds) - len(refused), len(refused)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_whole_file_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"whole.{kind}"
    path.write_bytes(KINDS[kind][0]())
    corpus = read(path)
    assert list(zip(corpus.texts, corpus.labels or [], strict=True)) == ROWS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_150_damaged_files(kind: str, tmp_path: Path) -> None:
    taken, refused = check(kind, range(150), tmp_path)
    assert taken + refused == 150
    assert refused > 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_1000_damaged_files(kind: str, tmp_path: Path) -> None:
    assert sum(check(kind, range(1000, 2000), tmp_path)) == 1000
