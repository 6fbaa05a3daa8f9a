"""Rows of questions as a source has them: Parquet, a DataFrame, a hub id, any table; JSON is in `squad`.

Notable: unlike a `Table`, cells keep their shape, since the answers of a question are an object or a list of objects.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import DataError
from regard.text.formats.hub import PREFIX
from regard.text.formats.table import Table, line_of, read_bytes

if TYPE_CHECKING:
    import pyarrow

_ON = ("1", "ON", "YES", "TRUE")


@dataclass
class Rows:
    """Columns of equal length, cells of any shape; `ABSENT` (of `table`) where a row has no such key.

    `lines` are 1-based lines or rows, `unit` says which; `names` say instead what SQuAD's JSON calls each question, and
    `content` is its text, in which the line of one is looked for when it is needed.
    """

    source: str
    columns: dict[str, list[Any]]
    lines: list[int] | None = None
    unit: str = "line"
    names: list[str] | None = None
    content: str = ""
    origins: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def place(self, row: int) -> str:
        """Where a row is, in words."""
        if self.names is not None:
            return f"question {self.names[row]}"
        return f"{self.unit} {row + 1 if self.lines is None else self.lines[row]}"

    def error(self, row: int, message: str, *, column: str | None = None, mend: str | None = None) -> DataError:
        """A `DataError` at this row: by line number where one is known, else in words."""
        if self.names is None and self.unit == "line" and self.lines is not None:
            return DataError(message, file=self.source, line=self.lines[row], column=column, mend=mend)
        line = None if self.names is None else self._line_of(self.names[row])
        return DataError(f"{self.place(row)}: {message}", file=self.source, line=line, column=column, mend=mend)

    def _line_of(self, name: str) -> int | None:
        found = list(re.finditer(rf'"id"\s*:\s*{re.escape(json.dumps(name))}', self.content))
        return line_of(self.content[: found[0].start()].encode()) if len(found) == 1 else None


def rows_of_table(table: Table) -> Rows:
    """CSV, TSV: what is flat already."""
    return Rows(table.source, dict(table.columns), table.lines, table.unit, origins=table.origins, facts=table.facts)


def read_parquet_rows(path: Path) -> Rows:
    """A .parquet file with its structs. Raises `DataError` where it is damaged, as far as Parquet lets one notice."""
    import pyarrow
    from pyarrow import parquet

    content = read_bytes(path)
    try:
        with parquet.ParquetFile(pyarrow.BufferReader(content), page_checksum_verification=True) as file:
            table = file.read()
            table.validate(full=True)
        return arrow_rows(table, str(path))
    # A damaged file raises whatever its bytes lead to, from ArrowInvalid to UnicodeDecodeError and MemoryError.
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        message = f"this Parquet file is damaged or no Parquet file ({said})"
        raise DataError(message, file=path, mend="write or download it again") from None


def arrow_rows(table: pyarrow.Table, source: str) -> Rows:
    """Every column with its structs as dicts; the first wins where two have one name."""
    columns: dict[str, list[Any]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name not in columns:
            columns[name] = column.to_pylist()
    return Rows(source, columns, list(range(1, table.num_rows + 1)), unit="row")


def frame_rows(frame: Any) -> Rows:
    """A pandas DataFrame; NaN, NaT and NA are None. Raises `DataError` for a doubled name."""
    names = [str(name) for name in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"two columns are named {twice[0]!r}", file="DataFrame", mend="rename one of them")
    columns = {}
    for position, name in enumerate(names):
        column = frame.iloc[:, position]
        missing = column.isna().tolist()
        columns[name] = [None if gone else cell for cell, gone in zip(column.tolist(), missing, strict=True)]
    return Rows("DataFrame", columns, list(range(1, len(frame) + 1)), unit="row")


def hub_rows(source: str, *, offline: bool = False) -> Rows:
    """One split of a data set of the Hugging Face hub (`train` unless named), with its structs.

    Raises `DataError` where it is offline, or there is no such data set or split.
    """
    if offline or any(os.environ.get(name, "").upper() in _ON for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")):
        mend = "download it where there is a network, and give the file; or leave --offline out"
        raise DataError("a hub id can't be loaded offline", file=source, mend=mend)
    from datasets import load_dataset

    name, _, split = source.removeprefix(PREFIX).partition(":")
    try:
        data = load_dataset(name, split=split or "train")
    # Network, server, missing data set, configuration or split: `datasets` has no common base for them.
    except Exception as error:
        mend = "check the id and the split (org/name:split), and that there is a network"
        raise DataError(f"the hub did not give this data set ({error})", file=source, mend=mend) from None
    if len(data) == 0:
        raise DataError("the data set has no rows", file=source)
    rows = arrow_rows(data.with_format("arrow")[:], source)
    rows.facts["split"] = split or "train (guessed)"
    return rows
