"""Pieces of Markdown that hold whatever names, labels and texts hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKDOWN = re.compile(r"[\\`*_\[\]<>#|~&{}]|^[-+]")
_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def plain(text: str) -> str:
    """A text that Markdown shows as it is, on one line: names and labels may hold anything."""
    return _MARKDOWN.sub(r"\\\g<0>", _BREAK.sub(" ", text))


def code(text: str) -> str:
    """A code span of any text: its fence is longer than every run of backticks in it."""
    text = _BREAK.sub(" ", text)
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def python(*lines: str) -> str:
    """A block of Python."""
    return "\n".join(["```python", *lines, "```"])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is words and whose others are numbers; cells are Markdown already."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
