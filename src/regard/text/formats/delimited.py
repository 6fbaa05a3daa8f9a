"""CSV and TSV, read strictly: a row with the wrong number of cells or an open quote is an error, not a guess.

Notable: every row keeps the physical line on which it begins, quoted line breaks counted.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regard.errors import DataError
from regard.text.formats.table import Cell, Table, decode, read_bytes

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LONGEST_NAME = 80

Row = tuple[int, list[str]]
"""The line on which a row begins, and its cells."""


def read_delimited(path: Path, *, encoding: str | None = None) -> Table:
    """Read a .csv or .tsv file with a header line, UTF-8 unless its `encoding` is known to be another.

    Raises `DataError` with file, line and mend.
    """
    content = read_bytes(path)
    text = decode(content, path) if encoding is None else content.decode(encoding)
    expected = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    delimiter = _delimiter(text, expected)
    facts = {} if delimiter == expected else {"separator": f"{DELIMITERS[delimiter]} (guessed: header line)"}
    literal = _literal_rows(text) if delimiter == "\t" else []
    try:
        header, rows = _checked(list(_quoted_rows(text, delimiter, path)), delimiter, path)
    except DataError:
        if not literal:
            raise
        rows = []
    # Tab-separated files often quote nothing: where quotes fail or join lines that are rows, they are characters.
    if literal and len(rows) != len(literal) - 1:
        header, rows = _checked(literal, delimiter, path)
        facts["quotes"] = "taken as they are (guessed: every line has the same number of tabs)"
    if not rows:
        raise DataError("a header line and no rows", file=path, line=1, mend="give at least one row below it")
    columns: dict[str, list[Cell]] = {name: [cells[i] for _, cells in rows] for i, name in enumerate(header)}
    return Table(str(path), columns, [line for line, _ in rows], facts=facts)


def _delimiter(text: str, expected: str) -> str:
    """The expected one, unless the header line has none of it and some of another."""
    header = text.lstrip().splitlines()[0]
    others = [delimiter for delimiter in DELIMITERS if delimiter in header]
    return expected if expected in header or len(others) != 1 else others[0]


def _checked(rows: list[Row], delimiter: str, path: Path) -> tuple[list[str], list[Row]]:
    """The columns' names and the rows below them, all of one width."""
    header = _header(rows[0], path)
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            raise _ragged(line, len(cells), header, delimiter, path)
    return header, rows[1:]


def _quoted_rows(text: str, delimiter: str, path: Path) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    with _long_fields():
        try:
            for cells in reader:
                # A line without a character is no row; `""` is how a lone empty cell is written.
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise _malformed(str(error), line, reader.line_num, path) from None


def _malformed(error: str, line: int, last: int, path: Path) -> DataError:
    if "end of data" in error:
        message = f"a quote is opened in this row and never closed (the file ends on line {last})"
    elif "expected after" in error:
        message = f"a quote inside a quoted cell is not doubled (noticed on line {last})"
    else:
        message = f"this row can't be read: {error}"
    return DataError(message, file=path, line=line, mend='close the quote; write a quote inside a cell as ""')


def _literal_rows(text: str) -> list[Row]:
    """Each line split at its tabs, quotes being plain characters; none where the lines are not alike."""
    lines = [(i, line) for i, line in enumerate(io.StringIO(text, newline=None), start=1) if line != "\n"]
    rows = [(i, line.removesuffix("\n").split("\t")) for i, line in lines]
    return rows if len({len(cells) for _, cells in rows}) == 1 else []


def _header(row: Row, path: Path) -> list[str]:
    line, cells = row
    names = [name.strip() for name in cells]
    mend = "put a line with the columns' names, such as text,label, at the top"
    if long := [name for name in names if len(name) > _LONGEST_NAME]:
        message = f"the first line should name the columns, but reads like a row ({long[0][:40]!r}...)"
        raise DataError(message, file=path, line=line, mend=mend)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"two columns are named {twice[0]!r}", file=path, line=line, mend="rename one of them")
    return names


def _ragged(line: int, found: int, header: list[str], delimiter: str, path: Path) -> DataError:
    message = f"this row has {found} cells, the header has {len(header)} ({', '.join(header)[:100]})"
    mend = f"put a cell that holds a {DELIMITERS[delimiter]} or a line break in double quotes"
    if found < len(header):
        mend = "add the missing cells, or close a quote that swallows them"
    return DataError(message, file=path, line=line, mend=mend)


@contextmanager
def _long_fields() -> Iterator[None]:
    """The csv module refuses cells over 128 KiB unless told; a text of 10 MB is allowed here."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
