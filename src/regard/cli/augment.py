"""`regard augment DATA`: more texts with the same labels; before and after, or a file to train on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from regard.cli import options
from regard.cli.answer import Answer
from regard.registry import AUGMENTATIONS

if TYPE_CHECKING:
    from rich.text import Text

    from regard.jobs.augment import Augmented
    from regard.text.augment import Copy

SHOWN = 20
CONTEXT = 40  # characters shown on both sides of a change
STYLES = {"old": "strike dark_orange", "new": "underline bold blue", "same": ""}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def augment(
    data: options.Source,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", metavar="WORD", help=f"{', '.join(AUGMENTATIONS)}; may be repeated. Else: eda."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="METHOD.NAME=VALUE", help="An option of a method; may be repeated."),
    ] = None,
    copies: Annotated[int, typer.Option("--copies", metavar="N", help="Of each text by each method.", min=1)] = 1,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of everything random.", min=0)] = 1,
    show: Annotated[
        int | None,
        typer.Option("--show", metavar="N", help="Show the copies of the first N texts; 20 without --out.", min=0),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write texts and copies, a Parquet file.")
    ] = None,
    task: Annotated[str, typer.Option("--task", metavar="WORD", help="classify or tag.")] = "classify",
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    label_separator: options.LabelSeparator = None,
    offline: bool = False,
) -> Answer:
    """Make more texts with the same labels by small changes, and show them before and after.

    Example: regard augment reviews.csv --method synonyms --method keyboard --show 5
    """
    from regard import recipe
    from regard.jobs import augment as job

    most = show if show is not None else (SHOWN if out is None else 0)
    found = job.augment(
        data,
        methods or job.DEFAULT,
        task=task,
        copies=copies,
        seed=seed,
        options=recipe.nest(sets or []),
        text_column=text_column,
        label_column=label_column,
        label_separator=label_separator,
        most=most if out is None else None,
        out=out,
        offline=offline,
    )
    shown = sorted((copy for copy in found.drawn.copies if copy.row < most), key=lambda copy: copy.row)
    document = {
        "task": task,
        "n": len(found.corpus),
        "copies": len(found.drawn.copies),
        "left_out": found.drawn.left_out,
        "columns": found.corpus.columns,
        "out": None if found.out is None else str(found.out),
        "shown": [_as_json(found, copy) for copy in shown],
    }
    return Answer(document, lambda: _show(found, shown))


class Piece(NamedTuple):
    """A stretch of the text before (`old`), after (`new`) or of both (`same`)."""

    kind: str
    text: str


def pieces(copy: Copy) -> Iterator[Piece]:
    """Before and after in one: what went, what came, and what stayed around them."""
    position = 0
    for change in copy.changes:
        yield Piece("same", copy.before.text[position : change.start])
        yield Piece("old", copy.before.text[change.start : change.end])
        yield Piece("new", change.replacement)
        position = change.end
    yield Piece("same", copy.before.text[position:])


def in_marks(copy: Copy) -> str:
    """`a [-film-]{+movie+} to see`, for where there is no colour."""
    signs = {"old": "[-{}-]", "new": "{{+{}+}}", "same": "{}"}
    return "".join(signs[piece.kind].format(_printable(piece.text)) for piece in _shortened(copy) if piece.text)


def in_colour(copy: Copy) -> Text:
    """What went struck through, what came underlined."""
    from rich.text import Text

    return Text.assemble(*((_printable(piece.text), STYLES[piece.kind]) for piece in _shortened(copy)))


def _shortened(copy: Copy) -> Iterator[Piece]:
    """The pieces, of long ones that stayed only what lies beside a change."""
    found = list(pieces(copy))
    for number, piece in enumerate(found):
        first, last = number == 0, number == len(found) - 1
        left, right = 0 if first else CONTEXT, 0 if last else CONTEXT
        if piece.kind != "same" or len(piece.text) <= left + right + 3:
            yield piece
        else:
            beginning, end = piece.text[:left], piece.text[len(piece.text) - right :]
            yield Piece("same", f"{beginning}{' ' if left else ''}…{' ' if right else ''}{end}")


def _printable(text: str) -> str:
    """On one line, and without what would steer a terminal."""
    return _CONTROL.sub("\ufffd", re.sub(r"\s+", " ", text))


def _as_json(found: Augmented, copy: Copy) -> dict[str, Any]:
    labels = found.corpus.labels
    document: dict[str, Any] = {
        "id": copy.id,
        "method": copy.method,
        "label": None if labels is None else labels[copy.row],
        "before": copy.before.text,
        "after": copy.after.text,
        "changes": [
            {"start": change.start, "end": change.end, "replacement": change.replacement} for change in copy.changes
        ],
    }
    if any(word.tag is not None for word in copy.after.words):
        document["words"] = [[word.start, word.end] for word in copy.after.words]
        document["label"] = [word.tag for word in copy.after.words]
    return document


def _show(found: Augmented, shown: list[Copy]) -> None:
    from regard.cli import console

    out = console.out()
    labels, row = found.corpus.labels, None
    for copy in shown:
        if copy.row != row:
            row = copy.row
            label = f" ({labels[row]})" if labels is not None and isinstance(labels[row], str) else ""
            out.print(_printable(f"{copy.of}{label}"), style="bold", markup=False)
        coloured = out.is_terminal and not out.no_color
        out.print(f"  {copy.method}: ", in_colour(copy) if coloured else in_marks(copy), sep="", markup=False)
    console.say(found.drawn.told())
    if found.out is not None:
        console.say(f"written: {found.out} ({len(found.corpus) + len(found.drawn.copies):,} texts)")
        console.say("train on it with a --validation of its own: copies of one text must not be on both sides")
