"""Labelled texts from wherever they are: a file, a folder, an asset's word, a hub id, a DataFrame.

Nothing is guessed silently: the columns that were taken, and how they were found, are in `Corpus.columns`.
Nothing is converted: `NA`, `007` and `1e5` stay the strings they are. No row is lost: one that can't be read is
an error that names its line.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from regard import assets
from regard.errors import DataError, UsageError
from regard.records import Corpus, Label, without_surrogates
from regard.registry import unknown_word
from regard.text import columns
from regard.text.formats.delimited import read_delimited
from regard.text.formats.folder import read_folder
from regard.text.formats.frame import is_frame, read_frame
from regard.text.formats.hub import PREFIX, is_hub_id, read_hub
from regard.text.formats.jsonl import read_jsonl
from regard.text.formats.packaged import read_packaged
from regard.text.formats.parquet import read_parquet
from regard.text.formats.po import read_po
from regard.text.formats.table import ABSENT, NESTED, Cell, Table

FORMATS: dict[str, Callable[[Path], Table]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".tab": read_delimited,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_jsonl,
    ".parquet": read_parquet,
    ".pq": read_parquet,
    ".po": read_po,
}
UNSAFE = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin", ".dill", ".npy", ".npz")
"""Formats that can run code on loading; refused unopened."""


def read(
    source: str | Path | Corpus | Any,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_separator: str | None = None,
    needs_labels: bool = True,
    offline: bool = False,
) -> Corpus:
    """Read texts and labels.

    `source` is a path, an asset's word, a hub id (`org/name`, `org/name:split`), in this order; or a pandas
    DataFrame, or a Corpus. A text has several labels where its cell is a list or `label_separator` splits it.
    Without `needs_labels`, labels that are not there (or not in every row) make `labels` None.
    Raises `DataError` for what can't be read, `UsageError` for a source that is nothing known.
    """
    if isinstance(source, Corpus):
        if needs_labels and source.labels is None:
            raise DataError("the corpus has no labels", file=source.source)
        return source
    table = table_of(source, offline)
    text = _text_choice(table, text_column, label_column)
    texts = [_text(table, text.name, row) for row in range(len(table))]
    label, labels = _labels(table, label_column, text.name, label_separator, needs_labels)
    multi_label = any(isinstance(item, tuple) for item in labels or [])
    shown = {"text": _shown(table, text), "label": label, **table.facts}
    return Corpus(
        source=table.source,
        ids=columns.ids(table) or [str(row) for row in range(1, len(table) + 1)],
        texts=texts,
        labels=labels,
        lines=table.lines,
        columns=shown,
        multi_label=multi_label,
        contiguous=table.contiguous,
    )


def require(source: str | Path) -> None:
    """Raise what `read` would raise for a source that is nothing known. Nothing is read."""
    opener(source, offline=True)


def table_of(source: Any, offline: bool) -> Table:
    if is_frame(source):
        return read_frame(source)
    if not isinstance(source, str | Path):
        raise UsageError(f"data can't be read from a {type(source).__name__}", mend="give a path or a DataFrame")
    return opener(source, offline)()


def opener(source: str | Path, offline: bool) -> Callable[[], Table]:
    path = Path(source).expanduser()
    if path.is_dir():
        return partial(read_folder, path)
    if path.exists():
        return partial(_reader(path), path)
    word = str(source)
    if assets.is_data(word):
        return partial(read_packaged, word)
    if is_hub_id(word) and not _means_a_file(path):
        return partial(read_hub, word, offline=offline)
    raise _unknown(word, path)


def _reader(path: Path) -> Callable[[Path], Table]:
    suffix = path.suffix.lower()
    if suffix in UNSAFE:
        message = f"{suffix} files can run code when they are opened, so they are refused"
        raise DataError(message, file=path, mend="save the data as CSV, JSONL or Parquet")
    if suffix not in FORMATS:
        message = f"the name does not end like a format that is known ({', '.join(FORMATS)})"
        raise DataError(message, file=path, mend="save the data as CSV, JSONL or Parquet")
    return FORMATS[suffix]


def _means_a_file(path: Path) -> bool:
    """data/train.csv has the form of a hub id too: the ending or a folder that exists says what is meant."""
    looks_like_one = path.suffix.lower() in (*FORMATS, *UNSAFE) or path.parent.is_dir()
    return looks_like_one and not str(path).startswith(PREFIX)


def _unknown(word: str, path: Path) -> DataError | UsageError:
    if path.parent == Path() and not path.suffix:
        mend = "give a file, a folder, one of these words, or a hub id such as org/name"
        return UsageError(unknown_word("data set", word, assets.words("data")), mend=mend)
    siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, siblings, n=3, cutoff=0.5)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return DataError(f"no such file{hint}", file=word, mend="check the path")


def _text_choice(table: Table, text_column: str | None, label_column: str | None) -> columns.Choice:
    """The label is found first where it has a telling name, so that it is not taken for the text."""
    label = label_column
    if label is None and text_column is None:
        try:
            label = columns.choose_label(table, None, None).name
        except DataError:
            label = None
    return columns.choose_text(table, text_column, label)


def _shown(table: Table, choice: columns.Choice) -> str:
    if choice.name in table.origins:
        return table.origins[choice.name]
    return f"{choice.name} ({choice.how})"


def _text(table: Table, column: str, row: int) -> str:
    """A null is an empty text, which the doctor counts; a key that is not there is an error."""
    cell = table.columns[column][row]
    if isinstance(cell, str):
        return without_surrogates(cell)
    if cell is None:
        return ""
    what = "this row has no such key" if cell is ABSENT else "this is no text"
    raise table.error(row, what, column=column, mend="every row needs a text")


def _labels(
    table: Table, named: str | None, text: str, separator: str | None, needed: bool
) -> tuple[str, list[Label] | None]:
    """How the label column was found, and its labels."""
    try:
        choice = columns.choose_label(table, named, text)
        labels = [_label(table, choice.name, row, separator) for row in range(len(table))]
    except DataError as error:
        if needed:
            raise
        return f"none ({error.message})", None
    if any(isinstance(label, tuple) for label in labels):
        labels = [label if isinstance(label, tuple) else (label,) for label in labels]
    return _shown(table, choice), labels


def _label(table: Table, column: str, row: int, separator: str | None) -> Label:
    cell: Cell = table.columns[column][row]
    if isinstance(cell, str) and separator:
        cell = [part for part in cell.split(separator) if part.strip()] or None
    if isinstance(cell, list):
        return tuple(sorted({without_surrogates(part.strip()) for part in cell if part.strip()}))
    if isinstance(cell, str) and cell.strip():
        return without_surrogates(cell.strip())
    what = "this is no label" if cell is NESTED else "there is no label here"
    raise table.error(row, what, column=column, mend="give every row a label, or take the row out")
