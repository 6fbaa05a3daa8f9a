"""`regard predict RUN "text"`: what a model says of texts given as words, in a file, or on standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli import options
from regard.cli.answer import Answer
from regard.errors import DataError, UsageError

if TYPE_CHECKING:
    from regard.records import MaskedPrediction, TagPrediction

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a text must not steer the terminal


def predict(
    run: options.Run,
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts to ask about.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Any file that train takes; .txt: one text a line."),
    ] = None,
    question: options.Question = None,
    text_column: options.TextColumn = None,
    question_column: options.QuestionColumn = None,
    offline: bool = False,
) -> Answer:
    """Ask a trained model about texts. One line a text with label, confidence and text; of a tagger one for each name
    that it finds, with its place; of a model that answers, the answer; of a pretrained one the words that it puts where
    [MASK] stands, or where it hides some itself. Separated by tabs.

    Without TEXT and --file, texts are read from standard input, one a line.
    """
    from regard.jobs.load import load

    model = load(run)
    if texts and file is not None:
        raise UsageError("texts are given and --file too", mend="give one of them")
    if texts == ["-"] or file == Path("-"):
        texts, file = None, None
    if file is not None and file.suffix.lower() != ".txt":
        if question is not None:
            raise UsageError("a question is given, and FILE has its own", mend="name them with --question-column")
        columns = {"text_column": text_column, "question_column": question_column}
        predictions = model.ask(model.read(file, **columns, needs_gold=False, offline=offline))
    else:
        given = texts or (_from_text_file(file) if file is not None else _from_standard_input())
        predictions = model.predict(given, question)
    document = {
        "task": model.recipe.task,
        "n": len(predictions),
        "run": str(run),
        "predictions": [prediction.to_json() for prediction in predictions],
    }
    return Answer(document, lambda: _show(predictions))


def _from_text_file(file: Path) -> list[str]:
    try:
        return _lines(file.read_bytes(), str(file))
    except OSError as error:
        raise DataError(str(error.strerror), file=file) from None


def _from_standard_input() -> list[str]:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("no text is given", mend='add "a text", --file FILE, or pipe texts in, one a line')
    return _lines(sys.stdin.buffer.read(), "standard input")


def _lines(content: bytes, name: str) -> list[str]:
    """One text a line, empty lines too, so that line n of the answer is line n of what was given."""
    from regard.text.formats.table import decode

    text = decode(content, Path(name))
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if lines == [""]:
        raise DataError("there is no text in it", file=name, mend="give one text a line")
    return lines


def _show(predictions: Sequence[Any]) -> None:
    from regard.records import AnswerPrediction, MaskedPrediction, TagPrediction

    for prediction in predictions:
        rows = [_row(prediction)]
        if isinstance(prediction, TagPrediction):
            rows = _found(prediction)
        elif isinstance(prediction, AnswerPrediction):
            rows = [(prediction.output or "(no answer)", f"{prediction.confidence:.4f}", prediction.question)]
        elif isinstance(prediction, MaskedPrediction):
            rows = _guessed(prediction)
        for row in rows:
            print(*map(_on_one_line, row), sep="\t")


def _row(prediction: Any) -> tuple[str, ...]:
    label = prediction.output if isinstance(prediction.output, str) else ",".join(prediction.output)
    return label, f"{prediction.confidence:.4f}", prediction.input


def _found(prediction: TagPrediction) -> list[tuple[str, ...]]:
    """Each entity with its characters; of tags that mark none, the text with a tag behind each word."""
    if not prediction.marks:
        words = (prediction.input[start:end] for start, end in prediction.words)
        return [(" ".join(f"{word}/{tag}" for word, tag in zip(words, prediction.output, strict=True)),)]
    return [
        (item.label, f"{item.confidence:.4f}", f"{item.start}:{item.end}", prediction.input[item.start : item.end])
        for item in prediction.entities
    ] or [("-", f"{prediction.confidence:.4f}", "", prediction.input)]


def _guessed(prediction: MaskedPrediction) -> list[tuple[str, ...]]:
    """Of each hidden place what most likely stands there, its characters, and what is in the text."""
    rows = zip(prediction.output, prediction.confidences, prediction.places, strict=True)
    return [
        (word, f"{confidence:.4f}", f"{start}:{end}", prediction.input[start:end])
        for word, confidence, (start, end) in rows
    ] or [("-", f"{prediction.confidence:.4f}", "", prediction.input)]


def _on_one_line(text: str) -> str:
    return CONTROL.sub("\ufffd", " ".join(text.split()))
