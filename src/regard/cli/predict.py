"""`regard predict RUN "text"`: labels for texts given as words, in a file, or on standard input."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options
from regard.cli.answer import Answer
from regard.errors import DataError, UsageError

if TYPE_CHECKING:
    from regard.records import Prediction

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a text must not steer the terminal


def predict(
    run: options.Run,
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts to label.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Any file that train takes; .txt: one text a line."),
    ] = None,
    text_column: options.TextColumn = None,
    offline: bool = False,
) -> Answer:
    """Label texts: one line each with label, confidence and text, separated by tabs.

    Without TEXT and --file, texts are read from standard input, one a line.
    """
    from regard.jobs.load import load

    model = load(run)
    if texts and file is not None:
        raise UsageError("texts are given and --file too", mend="give one of them")
    if texts == ["-"] or file == Path("-"):
        texts, file = None, None
    given = texts or (_from_file(file, text_column, offline) if file else _from_standard_input())
    predictions = model.predict(given)
    document = {
        "task": model.recipe.task,
        "n": len(predictions),
        "run": str(run),
        "predictions": [prediction.to_json() for prediction in predictions],
    }
    return Answer(document, lambda: _show(predictions))


def _from_standard_input() -> list[str]:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("no text is given", mend='add "a text", --file FILE, or pipe texts in, one a line')
    return _lines(sys.stdin.buffer.read(), "standard input")


def _from_file(file: Path, text_column: str | None, offline: bool) -> list[str]:
    if file.suffix.lower() == ".txt":
        try:
            return _lines(file.read_bytes(), str(file))
        except OSError as error:
            raise DataError(str(error.strerror), file=file) from None
    from regard.text.read import read

    return read(file, text_column=text_column, needs_labels=False, offline=offline).texts


def _lines(content: bytes, name: str) -> list[str]:
    """One text a line, empty lines too, so that line n of the answer is line n of what was given."""
    from regard.text.formats.table import decode

    text = decode(content, Path(name))
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if lines == [""]:
        raise DataError("there is no text in it", file=name, mend="give one text a line")
    return lines


def _show(predictions: list[Prediction]) -> None:
    for prediction in predictions:
        label = prediction.output if isinstance(prediction.output, str) else ",".join(prediction.output)
        print(_on_one_line(label), f"{prediction.confidence:.4f}", _on_one_line(prediction.input), sep="\t")


def _on_one_line(text: str) -> str:
    return CONTROL.sub("\ufffd", " ".join(text.split()))
