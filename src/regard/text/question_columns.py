"""Which columns hold the contexts, the questions and the answers: named by the user, or found by their names."""

from __future__ import annotations

from difflib import get_close_matches

from regard.errors import DataError
from regard.text.formats.questions import Rows

NAMES = {
    "context": (("context",), ("passage", "paragraph", "text", "document", "article", "story")),
    "question": (("question",), ("query",)),
    "answers": (("answers",), ("answer", "answer_text")),
}
"""Of each column the names by which it is found: those of the second tier only where none of the first is there."""

OPTIONS = {"context": "--text-column", "question": "--question-column", "answers": "--label-column"}
"""How the user names each."""


def choose(rows: Rows, named: str | None, noun: str) -> str:
    """The column for `noun`, a key of `NAMES`. Raises `DataError` where the named one is missing or none is found."""
    listed = ", ".join(repr(name[:40]) for name in list(rows.columns)[:12])
    option, tiers = OPTIONS[noun], NAMES[noun]
    if named is not None:
        if named in rows.columns:
            return named
        near = get_close_matches(named, rows.columns, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        message = f"there is no column {named!r}{hint} Columns: {listed}"
        raise DataError(message, file=rows.source, mend=f"give {option} one of these")
    for tier in tiers:
        found = [name for name in rows.columns if _plain(name) in tier]
        if len(found) > 1:
            message = f"more than one column could be the {noun}: {' and '.join(map(repr, found))}"
            raise DataError(message, file=rows.source, mend=f"name it: {option} {found[0]}")
        if found:
            return found[0]
    names = " or ".join(name for tier in tiers for name in tier)
    message = f"no column is called {names}. Columns: {listed}"
    raise DataError(message, file=rows.source, mend=f"name the {noun} with {option}")


def beside(rows: Rows, *names: str) -> str | None:
    """A column with one of these names, which may be there or not."""
    return next((column for name in names for column in rows.columns if _plain(column) == name), None)


def shown(rows: Rows, column: str, named: str | None) -> str:
    """How a column was found, for the user."""
    return rows.origins.get(column) or f"{column} ({'named' if named else 'guessed: its name'})"


def _plain(name: str) -> str:
    return name.strip().lower()
