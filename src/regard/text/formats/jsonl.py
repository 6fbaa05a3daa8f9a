"""JSON Lines: one object a line. Numbers keep their spelling (`1e5`, `1.0`), since a label is a name."""

from __future__ import annotations

import json
from pathlib import Path

from regard.errors import DataError
from regard.text.formats.table import ABSENT, Cell, Table, cell_of, decode, read_bytes

_MEND = 'one object a line, such as {"text": "...", "label": "..."}'


def read_jsonl(path: Path) -> Table:
    """Read a .jsonl file. Raises `DataError` with file, line and mend."""
    text = decode(read_bytes(path), path)
    records, lines = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            records.append(_parse(line, number, path))
            lines.append(number)
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: [record.get(name, ABSENT) for record in records] for name in names}
    return Table(str(path), columns, lines)


def _parse(line: str, number: int, path: Path) -> dict[str, Cell]:
    try:
        record = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        message = f"no JSON: {error.msg} (character {error.colno})"
        raise DataError(message, file=path, line=number, mend=_MEND) from None
    except RecursionError:
        raise DataError("JSON nested too deep", file=path, line=number, mend=_MEND) from None
    if not isinstance(record, dict):
        kind = "a list" if isinstance(record, list) else "a lone value"
        raise DataError(f"{kind} instead of an object", file=path, line=number, mend=_MEND)
    return {name: cell_of(value) for name, value in record.items()}
