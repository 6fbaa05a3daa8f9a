"""A data set of the Hugging Face hub: `org/name`, `org/name:split`, or `hub:name` where it has no organisation."""

from __future__ import annotations

import os
import re
from typing import Any

from regard.errors import DataError
from regard.text.formats.parquet import arrow_columns
from regard.text.formats.table import Cell, Table

PREFIX = "hub:"
_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(?::[\w.\[\]%-]+)?")


def is_hub_id(source: str) -> bool:
    return source.startswith(PREFIX) or bool(_ID.fullmatch(source))


def read_hub(source: str, *, offline: bool = False) -> Table:
    """Load one split (`train` unless named). Class numbers become the names the data set gives them.

    No code of a data set is run: `datasets` knows no such thing any more, and this asks for none.
    Raises `DataError` where it is offline, or there is no such data set or split.
    """
    if offline or _offline_by_environment():
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
    return table_of(data, source, split or "train (guessed)")


def table_of(data: Any, source: str, split: str) -> Table:
    """A `datasets.Dataset` as a table."""
    if len(data) == 0:
        raise DataError("the data set has no rows", file=source)
    columns = arrow_columns(data.with_format("arrow")[:])
    for name, feature in data.features.items():
        if names := _class_names(feature):
            columns[name] = [_named(cell, names) for cell in columns[name]]
    return Table(source, columns, list(range(1, len(data) + 1)), unit="row", facts={"split": split})


def _class_names(feature: Any) -> list[str] | None:
    """The names of a column's classes, of a column of lists too; None where it holds no classes."""
    while feature is not None and not getattr(feature, "names", None):
        feature = getattr(feature, "feature", None)
    return getattr(feature, "names", None)


def _named(cell: Cell, names: list[str]) -> Cell:
    """A class or a list of them by name; in a list one that is not given is empty."""
    if isinstance(cell, list):
        return [named if isinstance(named := _class_name(item, names), str) else "" for item in cell]
    return _class_name(cell, names)


def _class_name(cell: Cell, names: list[str]) -> Cell:
    """The name of a class number; -1 is how `datasets` writes a label that is not given."""
    if not isinstance(cell, str):
        return cell
    return names[int(cell)] if 0 <= int(cell) < len(names) else None


def _offline_by_environment() -> bool:
    values = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"))
    return any(value.upper() in ("1", "ON", "YES", "TRUE") for value in values)
