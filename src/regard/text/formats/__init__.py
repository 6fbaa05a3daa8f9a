"""One file a format: each reads a source into a `Table` of cells, which `text.read` turns into a `Corpus`."""

from __future__ import annotations

from regard.text.formats.table import ABSENT, NESTED, Cell, Table

__all__ = ["ABSENT", "NESTED", "Cell", "Table"]
