"""Plain texts, without labels: what language models learn from. A book, a folder of them, a column of any table.

As in `text.read` nothing is guessed silently, nothing is converted and no row is lost. A text is kept as it is, line
breaks and all; a file that ends in .txt is one text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.records import Corpus
from regard.text import read as labelled
from regard.text.formats.folder import SUFFIX
from regard.text.formats.table import decode, read_bytes


def read_plain(source: str | Path | Corpus | Any, *, text_column: str | None = None, offline: bool = False) -> Corpus:
    """Read texts; labels are passed over.

    `source` is a .txt file (one text), a folder (each .txt file in it or below is a text), a CSV, JSONL or Parquet file
    with a column of texts, an asset's word, a hub id, a DataFrame, or a corpus of any kind. Raises `DataError` with
    file, line and mend, `UsageError` for a source that is nothing known.
    """
    if isinstance(source, Corpus):
        return _plain(source)
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        if path.is_dir():
            return _of_folder(path)
        if path.suffix.lower() == SUFFIX:
            require_plain(source)
            return Corpus(str(path), [path.stem], [_text(path)], columns={"text": "the whole file"})
    return _plain(labelled.read(source, text_column=text_column, needs_labels=False, offline=offline))


def require_plain(source: str | Path) -> None:
    """Raise what `read_plain` would raise for a source that is nothing known. Nothing is read."""
    path = Path(source).expanduser()
    if path.suffix.lower() != SUFFIX:
        labelled.require(source)
    elif not path.exists():
        raise DataError("no such file", file=source, mend="check the path")


def keep_plain(corpus: Corpus, path: Path, *, text_column: str | None = None) -> Path:
    """Write ids and texts as Parquet that `read_plain` gives back."""
    import pyarrow as pa
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"id": corpus.ids, text_column or "text": corpus.texts})
    parquet.write_table(table, path, compression="zstd")
    return path


def _plain(corpus: Corpus) -> Corpus:
    """The texts of a corpus of any kind, without what is known of them."""
    columns = {what: how for what, how in corpus.columns.items() if what != "label"}
    return Corpus(
        corpus.source, corpus.ids, corpus.texts, lines=corpus.lines, columns=columns, contiguous=corpus.contiguous
    )


def _of_folder(path: Path) -> Corpus:
    files = sorted(file for file in path.rglob(f"*{SUFFIX}") if file.is_file())
    if not files:
        mend = f"put texts into it, each a {SUFFIX} file; or give a file with a column of texts"
        raise DataError(f"no {SUFFIX} files in this folder", file=path, mend=mend)
    names = [file.relative_to(path).with_suffix("").as_posix() for file in files]
    shown = {"text": f"content of the {SUFFIX} files"}
    if passed := sum(1 for item in path.rglob("*") if item.is_file()) - len(files):
        shown["other files"] = f"{passed} passed over (not {SUFFIX})"
    return Corpus(str(path), names, [_text(file) for file in files], columns=shown)


def _text(path: Path) -> str:
    return decode(read_bytes(path), path)
