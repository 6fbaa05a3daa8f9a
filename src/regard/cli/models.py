"""`regard models`: every word that `--model` takes, and which task it does."""

from __future__ import annotations

from typing import Any

from regard.cli.answer import Answer


def models() -> Answer:
    """List the words that --model takes with the tasks that each does, and the packaged data."""
    rows = _rows()
    from regard.cli import console

    assets = console.asset_rows()
    return Answer({"n": len(rows), "models": rows, "assets": assets}, lambda: _show(rows))


def _rows() -> list[dict[str, Any]]:
    """The architectures, then the packaged checkpoints, each with its tasks."""
    from regard import assets
    from regard.registry import ARCHITECTURES

    rows = [
        {"word": entry.word, "kind": entry.kind, "tasks": list(entry.tasks), "summary": entry.summary}
        for entry in ARCHITECTURES.values()
    ]
    tasks = list(ARCHITECTURES["checkpoint"].tasks)
    for word in assets.models():
        rows.append({"word": word, "kind": "asset", "tasks": tasks, "summary": assets.ASSETS[word].summary})
    return rows


def _show(rows: list[dict[str, Any]]) -> None:
    from regard import assets
    from regard.cli import console
    from regard.registry import TASKS

    table = console.table("model", *TASKS, "what it is")
    for row in rows:
        table.add_row(row["word"], *("yes" if task in row["tasks"] else "–" for task in TASKS), row["summary"])
    console.out().print(table)
    table = console.table("data and vectors", "what it is")
    for word in [*assets.words("data"), *assets.words("vectors")]:
        table.add_row(word, assets.ASSETS[word].summary)
    console.out().print(table)
    console.say("Fetch an asset: regard get WORD. Use one: regard train imdb --model minilm")
