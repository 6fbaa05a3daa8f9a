"""Names of class numbers, which `datasets` keeps in the metadata of the Parquet files that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def class_names(source: str, column: str) -> list[str] | None:
    """The names of the numbers in a column of numbers, or of lists of them; None where the file has none."""
    path = Path(source)
    if path.suffix.lower() not in (".parquet", ".pq") or not path.is_file():
        return None
    from pyarrow import parquet

    metadata = parquet.read_schema(path).metadata or {}
    try:
        feature = json.loads(metadata[b"huggingface"])["info"]["features"][column]
    except (KeyError, ValueError, TypeError):
        return None
    return _names(feature)


def _names(feature: Any) -> list[str] | None:
    """A list of classes is spelled `{"feature": {"names": ...}}`, or, by older versions, `[{"names": ...}]`."""
    if isinstance(feature, list):
        return _names(feature[0]) if feature else None
    if not isinstance(feature, dict):
        return None
    names = feature.get("names")
    return [str(name) for name in names] if isinstance(names, list) else _names(feature.get("feature"))
