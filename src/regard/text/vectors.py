"""Word vectors that a network starts from: the `glove` asset, GloVe or word2vec text, or an .npy with its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard import assets
from regard.errors import DataError


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors `[v d]`, float32."""

    words: list[str]
    matrix: np.ndarray

    def rows_for(self, vocabulary: Mapping[str, int], seed: int) -> tuple[np.ndarray, int]:
        """A matrix `[len(vocabulary) d]` for a tokenizer's words, and how many of them have a vector.

        A word without one gets noise as wide as the vectors are, so that no row stands out by its length.
        """
        place = {word: row for row, word in enumerate(self.words)}
        noise = np.random.default_rng([seed, 1]).standard_normal((max(vocabulary.values()) + 1, self.matrix.shape[1]))
        rows = (noise * self.matrix.std()).astype(np.float32)
        found = 0
        for word, index in vocabulary.items():
            row = place.get(word, place.get(word.lower()))
            if row is not None:
                rows[index] = self.matrix[row]
                found += 1
        return rows, found


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
