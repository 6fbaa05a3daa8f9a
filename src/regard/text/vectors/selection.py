"""Which of the words are meant: those that are named, or the commonest."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from regard.errors import DataError
from regard.text.formats.table import decode, read_bytes
from regard.text.vectors.word_vectors import WordVectors


def chosen(vectors: WordVectors, words: str) -> tuple[list[int], list[str]]:
    """The rows of the words that a file names, one a line, or that stand there with commas between; each row once, in
    their order, and the words that have no vector. Raises `DataError` where there is no comma and no such file."""
    named = words.split(",") if "," in words else _lines(Path(words))
    named = [word.strip() for word in named if word.strip()]
    found = dict.fromkeys(row for word in named if (row := vectors.find(word)) is not None)
    return list(found), [word for word in named if vectors.find(word) is None]


def commonest(vectors: WordVectors, top: int) -> list[int]:
    """The rows of the `top` first words that hold a letter: punctuation and numbers are common and say little."""
    lettered = (row for row, word in enumerate(vectors.words) if any(map(str.isalpha, word)))
    return list(islice(lettered, top))


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError("no such file", file=path, mend="give a file with a word a line, or words with commas: a,b,c")
    return decode(read_bytes(path), path).splitlines()
