"""Parquet, and what else Arrow holds: numbers become their digits, nulls stay nulls, objects are passed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regard.errors import DataError
from regard.text.formats.table import NESTED, Cell, Table, cell_of, read_bytes

if TYPE_CHECKING:
    import pyarrow


def read_parquet(path: Path) -> Table:
    """Read a .parquet file. Raises `DataError` where it is damaged, as far as Parquet lets one notice."""
    import pyarrow
    from pyarrow import parquet

    content = read_bytes(path)
    try:
        with parquet.ParquetFile(pyarrow.BufferReader(content), page_checksum_verification=True) as file:
            promised = file.metadata.num_rows
            table = file.read()
            table.validate(full=True)
        columns = arrow_columns(table)
    # A damaged file raises whatever its bytes lead to, from ArrowInvalid to UnicodeDecodeError and MemoryError.
    except Exception as error:
        message = f"this Parquet file is damaged or no Parquet file ({_first_line(error)})"
        raise DataError(message, file=path, mend="write or download it again") from None
    if table.num_rows != promised:
        message = f"damaged: {promised} rows are promised, {table.num_rows} are there"
        raise DataError(message, file=path, mend="write or download it again")
    if promised == 0:
        raise DataError("the file has no rows", file=path, mend="give a file with at least one row")
    return Table(str(path), columns, list(range(1, promised + 1)), unit="row")


def arrow_columns(table: pyarrow.Table) -> dict[str, list[Cell]]:
    """Every column as cells; the first wins where two have one name."""
    columns: dict[str, list[Cell]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        columns.setdefault(name, _cells(column))
    return columns


def _cells(column: pyarrow.ChunkedArray) -> list[Cell]:
    from pyarrow import types

    kind = column.type
    nested = (types.is_struct, types.is_map, types.is_union, types.is_binary, types.is_large_binary)
    if any(is_kind(kind) for is_kind in nested):
        return [NESTED] * len(column)
    return [cell_of(value) for value in column.to_pylist()]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
