"""Word vectors as files: the `glove` asset, GloVe or word2vec text, or an .npy with its words; text is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from regard import assets
from regard.errors import DataError
from regard.records import write_atomically
from regard.text.vectors.word_vectors import WordVectors


def load(source: str) -> WordVectors:
    """The vectors that an asset's word or a file names. Raises `DataError` with file and line."""
    if source in assets.words("vectors"):
        return _load_folder(assets.path(source))
    path = Path(source)
    if path.is_dir():
        return _load_folder(path)
    if not path.is_file():
        raise DataError("no such word vectors", file=source, mend="give the asset's word `glove` or a file")
    return _load_text(path)


def save(vectors: WordVectors, path: Path) -> None:
    """Write word2vec's text format: a line with rows and width, then a word and its numbers a line.

    Nine digits give back every float32 as it was.
    """
    lines = [f"{len(vectors)} {vectors.matrix.shape[1]}"]
    for word, row in zip(vectors.words, vectors.matrix.tolist(), strict=True):
        lines.append(" ".join([word, *(f"{number:.9g}" for number in row)]))
    write_atomically(path, "\n".join(lines) + "\n")


def _load_folder(folder: Path) -> WordVectors:
    """One .npy matrix beside one .parquet whose first column holds the words."""
    from pyarrow import parquet

    matrices, tables = sorted(folder.glob("**/*.npy")), sorted(folder.glob("**/*.parquet"))
    if len(matrices) != 1 or len(tables) != 1:
        raise DataError(f"expected one .npy and one .parquet, found {len(matrices)} and {len(tables)}", file=folder)
    words = parquet.read_table(tables[0]).column(0).to_pylist()
    matrix = np.load(matrices[0], allow_pickle=False)
    if len(words) != len(matrix):
        raise DataError(f"{len(words)} words but {len(matrix)} vectors", file=folder)
    return WordVectors(words, matrix.astype(np.float32, copy=False))


def _load_text(path: Path) -> WordVectors:
    """One word and its numbers a line, separated by blanks; word2vec's header line (rows, width) is passed over.

    The first line says how many numbers there are: some published files have words with blanks in them.
    """
    words: dict[str, int] = {}
    vectors: list[np.ndarray] = []
    width = 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            fields = line.rstrip().split(" ")
            if number == 1 and len(fields) == 2:
                width = int(fields[1]) if fields[1].isdigit() else 0
                continue
            width = width or len(fields) - 1
            word, numbers = " ".join(fields[:-width]), fields[-width:]
            try:
                vector = np.array(numbers, dtype=np.float32)
            except ValueError:
                raise DataError("a word's vector holds something that is no number", file=path, line=number) from None
            if not word or len(vector) != width:
                found = len(fields) - 1
                raise DataError(f"{found} numbers where {width or 'some'} are expected", file=path, line=number)
            if words.setdefault(word, len(vectors)) == len(vectors):
                vectors.append(vector)
    if not vectors:
        raise DataError("no word vectors in it", file=path)
    return WordVectors(list(words), np.stack(vectors))
