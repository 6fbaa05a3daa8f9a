"""What every format is read into: named columns of cells that are text, and the line each row came from."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regard.errors import DataError


class NoCell(enum.Enum):
    """Where there is no value that could be a text or a label: no such key in this row, or an object."""

    ABSENT = "absent"
    NESTED = "nested"


ABSENT, NESTED = NoCell.ABSENT, NoCell.NESTED
Cell = str | list[str] | None | NoCell


@dataclass
class Table:
    """Columns of equal length. No cell has a guessed type: all are strings, lists of strings, null or absent.

    `lines` are 1-based line numbers (CSV, JSONL) or row numbers; `unit` says which. `origins` says for a column
    where it comes from when its name alone does not; `facts` is what else the reader settled, to be shown.
    """

    source: str
    columns: dict[str, list[Cell]]
    lines: list[int] | None = None
    unit: str = "line"
    origins: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    contiguous: bool = False

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def error(self, row: int, message: str, *, column: str | None = None, mend: str | None = None) -> DataError:
        """A `DataError` at this row: by line number where lines are what is counted, else in words."""
        if self.lines is None or self.unit != "line":
            message = f"{self.unit} {row + 1 if self.lines is None else self.lines[row]}: {message}"
            return DataError(message, file=self.source, column=column, mend=mend)
        return DataError(message, file=self.source, line=self.lines[row], column=column, mend=mend)


def scalar_text(value: Any) -> str:
    """A value as a string; the spelling of a string is never touched."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def cell_of(value: Any) -> Cell:
    """A value of a typed source as a cell: text, a list of texts, null (NaN too), or `NESTED` for more."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, list | tuple):
        items = [cell_of(item) for item in value]
        return [item for item in items if isinstance(item, str)] if _flat(items) else NESTED
    if isinstance(value, dict | set | bytes | bytearray):
        return NESTED
    return scalar_text(value)


def _flat(items: list[Cell]) -> bool:
    return all(isinstance(item, str) for item in items)


def read_bytes(path: Path) -> bytes:
    """The content of a file; raises `DataError` where it can't be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"this can't be read: {error.strerror}", file=path) from None
    if not content.strip():
        raise DataError("the file is empty", file=path, mend="give a file with at least one row")
    return content


def decode(content: bytes, path: Path) -> str:
    """UTF-8 with or without a byte order mark, no NUL. Raises `DataError` with line and place."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError("this is UTF-16, not UTF-8", file=path, line=1, mend="save the file as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        message = f"byte {error.object[error.start]:#04x} is no UTF-8 (byte {error.start} of the file)"
        mend = f"save the file as UTF-8 (from Latin-1: iconv -f latin1 -t utf8 {path.name})"
        raise DataError(message, file=path, line=line_of(before), mend=mend) from None
    if (place := text.find("\0")) >= 0:
        line = line_of(text[:place].encode("utf-8", "surrogatepass"))
        raise DataError("a NUL character", file=path, line=line, mend="take it out; is this a text file?")
    return text


def line_of(before: bytes) -> int:
    """The number of the line that follows these bytes; \\n, \\r and \\r\\n end a line."""
    return before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1
