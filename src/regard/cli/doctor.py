"""`regard doctor FILE`: what is wrong with labelled texts, before a training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli import options
from regard.cli.answer import Answer
from regard.errors import DataError, UsageError


def doctor(
    source: options.Source,
    task: options.Task = None,
    validation: options.Validation = None,
    test: options.Test = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    question_column: options.QuestionColumn = None,
    label_separator: options.LabelSeparator = None,
    mend: Annotated[
        Path | None,
        typer.Option("--mend", metavar="FILE", help="Write DATA with its broken tags mended, as Parquet (tag)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="End with 0 although something blocks.")] = False,
    offline: bool = False,
) -> Answer:
    """Look for empty and doubled texts, contradicting and ordered labels, imbalance and leaks between parts; broken
    tags; answers that are not in their text.

    Ends with 3 where something makes a training meaningless.
    """
    from regard.recipe import DataOptions
    from regard.tasks.task import task_of

    asked = task_of(task or "classify")
    _refuse_unused(asked.word, question_column=question_column, label_separator=label_separator)
    if mend is not None and mend.exists():
        raise UsageError(f"--mend {mend} is there already", mend="name another file, or move that one away")
    columns = DataOptions(
        text_column=text_column,
        label_column=label_column,
        question_column=question_column,
        label_separator=label_separator,
    )
    parts = {
        name: asked.read(given, columns, offline=offline)
        for name, given in (("train", source), ("validation", validation), ("test", test))
        if given is not None
    }
    diagnosis = asked.examine(parts)
    mended = [] if mend is None else asked.mend(parts["train"], mend)
    document = {
        "task": asked.word,
        "n": sum(map(len, parts.values())),
        "blocked": diagnosis.blocked,
        "columns": {name: part.columns for name, part in parts.items()},
        **diagnosis.to_json(),
        **({} if mend is None else {"mended": mended, "written": str(mend)}),
    }

    def show() -> None:
        for name, part in parts.items():
            print(f"{name}: {part.told()}")
        for line in diagnosis.lines():
            print(line)
        for change in mended:
            print(f"mended: {change}")
        if mend is not None:
            print(f"written: {mend}")

    return Answer(document, show, exit_code=DataError.exit_code if diagnosis.blocked and not force else 0)


def _refuse_unused(task: str, **columns: str | None) -> None:
    """Raise `UsageError` for a column that a task has no use for."""
    from regard.registry import TASKS

    unused = TASKS[task].load_options().unused
    for name, column in columns.items():
        if column is not None and f"data.{name}" in unused:
            raise UsageError(f"data.{name}: {task} does not use this setting", mend="leave it out")
