"""A pandas DataFrame, without importing pandas: whoever has one has imported it."""

from __future__ import annotations

from typing import Any

from regard.errors import DataError
from regard.text.formats.table import Cell, Table, cell_of

SOURCE = "DataFrame"


def is_frame(source: Any) -> bool:
    kind = type(source)
    return kind.__name__ == "DataFrame" and kind.__module__.split(".")[0] == "pandas"


def read_frame(frame: Any) -> Table:
    """Every column as cells; NaN, NaT and NA are nulls. Raises `DataError` for no rows or a doubled name."""
    names = [str(name) for name in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"two columns are named {twice[0]!r}", file=SOURCE, mend="rename one of them")
    if len(frame) == 0:
        raise DataError("no rows", file=SOURCE)
    columns = {name: _cells(frame.iloc[:, position]) for position, name in enumerate(names)}
    return Table(SOURCE, columns, list(range(1, len(frame) + 1)), unit="row")


def _cells(column: Any) -> list[Cell]:
    missing = column.isna().tolist()
    return [None if gone else _cell(value) for value, gone in zip(column.tolist(), missing, strict=True)]


def _cell(value: Any) -> Cell:
    if type(value).__name__ == "ndarray":
        value = value.tolist()
    return cell_of(sorted(value, key=str) if isinstance(value, set | frozenset) else value)
