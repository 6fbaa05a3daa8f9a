"""Predictions as Parquet: written whole or not at all, read with a sentence where they are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import ModelError

if TYPE_CHECKING:
    import pyarrow


def write_table(path: Path, rows: Sequence[dict[str, Any]], schema: pyarrow.Schema) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    temporary = path.with_name(f".{path.name}.tmp")
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=schema), temporary, compression="zstd")
    temporary.replace(path)


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a file that `write_table` wrote. Raises `ModelError` where it is missing, damaged, or of another
    task."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        missing = set(columns) - set(table.column_names)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ModelError(f"{path} can't be read: {error}", mend="train or evaluate again") from None
    if missing:
        raise ModelError(f"{path} has no column {sorted(missing)[0]!r}", mend="train or evaluate again")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
