"""A folder with one folder a label, each text a .txt file."""

from __future__ import annotations

from pathlib import Path

from regard.errors import DataError
from regard.text.formats.table import Cell, Table, decode

SUFFIX = ".txt"
_MEND = "one folder a label, each text a .txt file in it: DATA/positive/1.txt, DATA/negative/1.txt"


def read_folder(path: Path, *, fallback: str | None = None) -> Table:
    """Read `path/LABEL/**/*.txt`. `fallback` is the encoding of files that are no UTF-8, where that is known.

    Raises `DataError` where there is no such file, or one of them can't be read.
    """
    labels = sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))
    files = {label: sorted(label.rglob(f"*{SUFFIX}")) for label in labels}
    if not any(files.values()):
        raise DataError("no folders with .txt files in this folder", file=path, mend=_MEND)
    texts: list[Cell] = [_text(file, fallback) for label in labels for file in files[label]]
    names: list[Cell] = [label.name for label in labels for _ in files[label]]
    ids: list[Cell] = [str(file.relative_to(path)) for label in labels for file in files[label]]
    passed = sum(1 for item in path.rglob("*") if item.is_file()) - len(texts)
    facts = {"other files": f"{passed} passed over (no {SUFFIX} below the folder of a label)"} if passed else {}
    origins = {"text": f"content of the {SUFFIX} files", "label": "name of the folder"}
    columns = {"id": ids, "text": texts, "label": names}
    return Table(str(path), columns, unit="file", origins=origins, facts=facts)


def _text(path: Path, fallback: str | None) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"this can't be read: {error.strerror}", file=path) from None
    try:
        return decode(content, path)
    except DataError:
        if fallback is None:
            raise
        return content.decode(fallback)
