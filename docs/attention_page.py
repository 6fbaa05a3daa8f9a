"""The parts of docs/attention.md that are made from the code: each pattern's picture, definition, settings and cost."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent

from regard.nn import attention
from regard.nn.attention.cost import cost
from regard.nn.attention.picture import draw, to_svg
from regard.registry import PATTERNS

PICTURES = "pictures/attention"
LENGTH = 4096


def svg(word: str) -> str:
    """The pattern's picture with the settings that show it well."""
    settings, length = PATTERNS[word].load_options().picture
    return to_svg(draw(attention.pattern(word, **settings), length))


def filled(page: Path, table: Callable[..., Iterable[str]]) -> str:
    """The page with what stands between its marks written anew. Raises `ValueError` for a pattern without marks."""
    text = page.read_text(encoding="utf-8")
    for word in PATTERNS:
        marks = re.compile(rf"(<!-- begin {word} -->\n).*?(<!-- end {word} -->)", re.DOTALL)
        if not marks.search(text):
            raise ValueError(f"{page.name} has no part for the pattern {word}: add its marks")
        part = _part(word, table)
        text = marks.sub(lambda found, part=part: found[1] + part + found[2], text)
    return text


def _part(word: str, table: Callable[..., Iterable[str]]) -> str:
    pattern, options = attention.pattern(word), PATTERNS[word].load_options()
    settings, length = options.picture
    shown = ", ".join(f"{name} = {value}" for name, value in settings.items()) or "no settings"
    found = cost(pattern, LENGTH)
    blocks = f"; blocks compute {found.computed / found.full:.1%}" if found.computed < found.full else ""
    definition = dedent(inspect.getsource(type(pattern).count)).strip()
    lines = [
        "",
        f"![{PATTERNS[word].summary}: {length} tokens, {shown}]({PICTURES}/{word}.svg)",
        "",
        f"The definition, from `{Path(inspect.getfile(type(pattern))).name}`:",
        "",
        "```py",
        definition,
        "```",
        "",
        *([*table(options), ""] if options.model_fields else []),
        f"With its defaults at {LENGTH:,} tokens: {found.met:,} of {found.full:,} pairs ({found.met / found.full:.1%})"
        + f"{blocks}.",
        "",
    ]
    return "\n".join(lines) + "\n"
