"""`regard attention`: the patterns of attention, drawn from their own definitions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli.answer import Answer

if TYPE_CHECKING:
    from regard.nn.attention.cost import Cost
    from regard.nn.attention.picture import Picture

CELLS = 37  # two columns each, with the rows' numbers before them, are 80 columns
LONG = 4096
STYLES = {"·": "dim", "■": "blue", "░": "blue", "▒": "blue", "▓": "blue", "█": "blue"}


LENGTH = "Tokens of the text; 16 when not given."


def show(
    word: Annotated[str, typer.Argument(metavar="PATTERN", help="Its word (see: regard attention list).")],
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the pattern; may be repeated.")
    ] = None,
    length: Annotated[int | None, typer.Option("--length", metavar="N", help=LENGTH, min=1, max=2048)] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Write the picture as SVG too.")] = None,
) -> Answer:
    """Draw which query meets which key, and say what that costs; with small settings where none are given.

    For example: regard attention show window --set left=2 --set right=2
    """
    from regard import recipe
    from regard.nn import attention
    from regard.nn.attention.cost import cost
    from regard.nn.attention.picture import draw, to_svg
    from regard.records import write_atomically
    from regard.registry import PATTERNS

    settings = recipe.parse_sets(sets or [])
    if not settings and length is None and word in PATTERNS:  # the defaults would fill a picture of any size
        settings, length = PATTERNS[word].load_options().picture
    pattern, length = attention.pattern(word, **settings), length or 16
    picture = draw(pattern, length)
    costs = [cost(pattern, length), cost(pattern, LONG)]
    if svg is not None:
        write_atomically(svg, to_svg(picture))
    document = {
        "pattern": word,
        "settings": pattern.options.model_dump(mode="json"),
        "length": length,
        "random_vectors": picture.random,
        "counts": picture.counts.tolist(),
        "costs": [_as_json(one) for one in costs],
        "svg": None if svg is None else str(svg),
    }
    beyond = [place for place in getattr(pattern.options, "global_tokens", ()) if place >= length]
    return Answer(document, lambda: _show(picture, costs, svg, beyond))


def list_() -> Answer:
    """List the patterns with their settings, and the scores."""
    from regard.registry import PATTERNS, SCORES

    patterns = [
        {
            "word": entry.word,
            "summary": entry.summary,
            "settings": {name: field.default for name, field in entry.load_options().model_fields.items()},
        }
        for entry in PATTERNS.values()
    ]
    scores = [{"word": entry.word, "summary": entry.summary} for entry in SCORES.values()]
    return Answer({"patterns": patterns, "scores": scores}, lambda: _list(patterns, scores))


COMMANDS: dict[str, Callable[..., Answer]] = {"show": show, "list": list_}


def _as_json(cost: Cost) -> dict[str, int]:
    return {"length": cost.length, "pairs_met": cost.met, "pairs_computed": cost.computed, "pairs_full": cost.full}


def _show(picture: Picture, costs: list[Cost], svg: Path | None, beyond: list[int]) -> None:
    from rich.text import Text

    from regard.cli import console
    from regard.nn.attention.picture import legend, to_signs

    rows, side = to_signs(picture, CELLS)
    out = console.out()
    out.print(picture.pattern, style="bold", markup=False)
    out.print("A row is a query, a column a key." + (f" A cell is {side} × {side} pairs." if side > 1 else ""))
    for number, row in enumerate(rows):
        line = Text(f"{number * side:>4} ")
        for sign in row:
            line.append(sign * 2 if side > 1 and sign != "·" else f"{sign} ", style=STYLES.get(sign, "yellow"))
        line.rstrip()
        out.print(line)
    out.print(Text("   ".join(f"{sign} {told}" for sign, told in legend(picture, side))))
    if picture.random:
        out.print("It hashes vectors; these are random ones, so that what meets here means nothing.")
    if beyond:
        out.print(f"Global places behind the last token meet nothing: {', '.join(map(str, beyond))}.", markup=False)
    for cost in costs:
        out.print(_told(cost), markup=False)
    if svg is not None:
        console.say(f"picture: {svg}")


def _told(cost: Cost) -> str:
    blocks = f"{cost.computed / cost.full:.1%} computed in blocks" if cost.computed < cost.full else "all computed"
    return f"{cost.length:,} tokens: {cost.met:,} of {cost.full:,} pairs meet ({cost.met / cost.full:.1%}), {blocks}"


def _list(patterns: list[dict[str, Any]], scores: list[dict[str, Any]]) -> None:
    from regard.cli import console

    table = console.table("pattern", "settings", "what it is")
    for row in patterns:
        table.add_row(row["word"], ", ".join(row["settings"]) or "–", row["summary"])
    console.out().print(table)
    table = console.table("score", "what it is")
    for row in scores:
        table.add_row(row["word"], row["summary"])
    console.out().print(table)
    console.say("Draw one: regard attention show window --set left=2 --set right=2 --length 16")
