"""`regard explain RUN "text"`: which words counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options
from regard.cli.answer import Answer

if TYPE_CHECKING:
    from regard.records import Explanation


def explain(
    run: options.Run,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text to explain.")],
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="WORD",
            help="weights, integrated_gradients or attention; the model's best when not given.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="LABEL",
            help="What to speak for: a label; tag: a word of the text or its number from 0; translate: another output. "
            "The output when not given.",
        ),
    ] = None,
    question: options.Question = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the highlighted text as a page too.")
    ] = None,
) -> Answer:
    """Highlight the words of a text that spoke for and against its label; of a translator, show which words of the
    text it looked at for each word that it wrote."""
    from regard.jobs.load import load

    model = load(run)
    explanation = model.explain(text, method=method, target=target, question=question)
    if html is not None:
        _write_page(html, explanation)
    document = {"task": model.recipe.task, "n": 1, "run": str(run), **explanation.to_json()}
    return Answer(document, lambda: _show(explanation, html))


def _write_page(path: Path, explanation: Explanation) -> None:
    from regard.records import write_atomically
    from regard.records.alignment import Alignment
    from regard.report import alignment_map
    from regard.report.highlight import to_html

    if isinstance(explanation, Alignment):
        write_atomically(path, alignment_map.page(explanation))
        return

    write_atomically(
        path,
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Explanation</title>\n<body>\n{to_html(explanation)}\n</body>\n</html>\n",
    )


def _show(explanation: Explanation, html: Path | None) -> None:
    from regard.cli import alignment, console
    from regard.records.alignment import Alignment

    if isinstance(explanation, Alignment):
        alignment.print_alignment(explanation)
    else:
        console.print_explanation(explanation)
    if html is not None:
        console.say(f"page: {html}")
