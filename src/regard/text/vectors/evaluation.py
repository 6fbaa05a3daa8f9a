"""Files that vectors are scored on: pairs of words that people scored, or analogies; what a file is, its columns say.

Known are the columns of the published files: WordSim-353 (Word 1, Word 2, Human (mean)), SimLex-999 (word1, word2, ...,
SimLex999), the analogies' a, b, c, d and category, and questions-words.txt, which has a line `: category` and below it
four words a line.
"""

from __future__ import annotations

import math
from pathlib import Path

from regard.errors import DataError
from regard.text.formats.delimited import read_delimited
from regard.text.formats.table import Cell, Table, decode, read_bytes
from regard.text.read import FORMATS
from regard.text.vectors.analogies import Questions, Solved, solve
from regard.text.vectors.similarity import Pairs, Similarity, score_pairs
from regard.text.vectors.word_vectors import WordVectors

FIRST = ("word1", "word 1")
SECOND = ("word2", "word 2")
SCORE = ("score", "human (mean)", "simlex999")
ANALOGY = ("a", "b", "c", "d")
CATEGORY = "category"
_MEND = "name the columns word1, word2, score, or a, b, c, d and category"


def evaluate(vectors: WordVectors, file: str | Path, *, words: int = 50_000, seed: int = 0) -> Similarity | Solved:
    """Score vectors on a file. `words` is for analogies (see `solve`), `seed` for the interval of a similarity.

    Raises `DataError` where the file can't be read or is neither.
    """
    read = read_evaluation(Path(file))
    return score_pairs(vectors, read, seed=seed) if isinstance(read, Pairs) else solve(vectors, read, words=words)


def read_evaluation(path: Path) -> Pairs | Questions:
    """Pairs or analogies from CSV, TSV, JSONL or Parquet with columns as above, or from a published .txt."""
    if not path.is_file():
        raise DataError("no such file", file=path, mend="check the path")
    suffix = path.suffix.lower()
    if suffix == ".txt" and (text := decode(read_bytes(path), path)).lstrip().startswith(":"):
        return _published_questions(text, path)
    if suffix != ".txt" and suffix not in FORMATS:
        message = f"the name does not end like a format that is known (.txt, {', '.join(FORMATS)})"
        raise DataError(message, file=path, mend="save it as CSV, JSONL or Parquet")
    return _from_table(FORMATS.get(suffix, read_delimited)(path))


def _from_table(table: Table) -> Pairs | Questions:
    names = {name.strip().lower(): name for name in table.columns}
    if all(letter in names for letter in ANALOGY):
        sides = [_words(table, names[letter]) for letter in ANALOGY]
        categories = _words(table, names[CATEGORY]) if CATEGORY in names else [""] * len(table)
        return Questions(categories, list(zip(*sides, strict=True)))
    first, second, score = (_one_of(names, known) for known in (FIRST, SECOND, SCORE))
    if first is None or second is None or score is None:
        shown = ", ".join(repr(name[:40]) for name in list(table.columns)[:12])
        message = f"neither scored pairs of words nor analogies. Columns: {shown}"
        raise DataError(message, file=table.source, mend=_MEND)
    return Pairs(_words(table, first), _words(table, second), _numbers(table, score))


def _one_of(names: dict[str, str], known: tuple[str, ...]) -> str | None:
    return next((names[name] for name in known if name in names), None)


def _words(table: Table, column: str) -> list[str]:
    return [_text(table, column, row, cell) for row, cell in enumerate(table.columns[column])]


def _numbers(table: Table, column: str) -> list[float]:
    found = []
    for row, cell in enumerate(table.columns[column]):
        try:
            found.append(float(_text(table, column, row, cell)))
        except ValueError:
            raise table.error(row, f"{cell!r} is no number", column=column, mend="give every pair a score") from None
        if not math.isfinite(found[-1]):
            raise table.error(row, f"{cell!r} is no number to rank", column=column, mend="give every pair a score")
    return found


def _text(table: Table, column: str, row: int, cell: Cell) -> str:
    if isinstance(cell, str) and cell.strip():
        return cell.strip()
    raise table.error(row, "there is nothing here", column=column, mend="fill the cell, or take the row out")


def _published_questions(text: str, path: Path) -> Questions:
    categories, words, category = [], [], ""
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if line.startswith(":"):
            category = line[1:].strip()
        elif len(fields) == 4:
            categories.append(category)
            words.append((fields[0], fields[1], fields[2], fields[3]))
        elif fields:
            message = f"{len(fields)} words where an analogy has 4"
            raise DataError(message, file=path, line=number, mend="four words a line, or `: category`")
    if not words:
        raise DataError("no analogies in it", file=path, mend="four words a line, below a line `: category`")
    return Questions(categories, words)
