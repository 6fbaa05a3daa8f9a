"""`regard doctor FILE`: what is wrong with labelled texts, before a training."""

from __future__ import annotations

from typing import Annotated

import typer

from regard.cli import options
from regard.cli.answer import Answer
from regard.errors import DataError


def doctor(
    source: options.Source,
    validation: options.Validation = None,
    test: options.Test = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    label_separator: options.LabelSeparator = None,
    force: Annotated[bool, typer.Option("--force", help="End with 0 although something blocks.")] = False,
    offline: bool = False,
) -> Answer:
    """Look for empty and doubled texts, contradicting and ordered labels, imbalance and leaks between parts.

    Ends with 3 where something makes a training meaningless.
    """
    from regard.text.doctor import examine
    from regard.text.read import read

    parts = {
        name: read(
            given,
            text_column=text_column,
            label_column=label_column,
            label_separator=label_separator,
            offline=offline,
        )
        for name, given in (("train", source), ("validation", validation), ("test", test))
        if given is not None
    }
    diagnosis = examine(parts)
    document = {
        "task": "classify",
        "n": sum(map(len, parts.values())),
        "blocked": diagnosis.blocked,
        "columns": {name: part.columns for name, part in parts.items()},
        **diagnosis.to_json(),
    }

    def show() -> None:
        for name, part in parts.items():
            print(f"{name}: {part.told()}")
        for line in diagnosis.lines():
            print(line)

    return Answer(document, show, exit_code=DataError.exit_code if diagnosis.blocked and not force else 0)
