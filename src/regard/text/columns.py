"""Which column is the text, which the label, which the id: named by the user, or guessed by a rule and shown.

The rule. Text: a column with a name of the first tier, else of the second; else, of the columns that are neither
label nor id, the one with clearly the longest texts. Label: a name of the first tier, else of the second; else
the only other column that repeats a few values. An `id` is never text or label. Where two columns fit equally
well nothing is guessed: the error names both.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from regard.errors import DataError
from regard.text.formats.table import Cell, Table

TEXT_NAMES = (
    ("text", "texts"),
    ("review", "sentence", "content", "document", "body", "message", "comment", "tweet", "article", "utterance"),
)
LABEL_NAMES = (
    ("label", "labels"),
    ("class", "category", "sentiment", "target", "topic", "intent", "polarity", "emotion", "genre", "rating"),
)
ID_NAMES = ("id", "idx", "index", "uid", "guid", "")
_CLEARLY_LONGER = 2.0
_FEW_VALUES = 50
_SAMPLE = 1000


@dataclass(frozen=True)
class Choice:
    """A column and, for the user to see, how it was found."""

    name: str
    how: str


def choose_text(table: Table, named: str | None, label: str | None) -> Choice:
    """The text column. Raises `DataError` where the named one is missing or none can be guessed."""
    if named is not None:
        return _named(table, named, "--text-column")
    candidates = [name for name in _guessable(table) if name != label] or _guessable(table)
    if by_name := _by_name(table, candidates, TEXT_NAMES, "text"):
        return by_name
    lengths = sorted(((_mean_length(table.columns[name]), name) for name in candidates), reverse=True)
    if not lengths:
        raise _nothing(table, "text")
    if len(lengths) > 1 and lengths[0][0] < _CLEARLY_LONGER * lengths[1][0]:
        raise _ambiguous(table, [name for _, name in lengths[:3]], "text")
    how = "guessed: longest texts" if len(lengths) > 1 else "guessed: the only column left"
    return Choice(lengths[0][1], how)


def choose_label(table: Table, named: str | None, text: str | None) -> Choice:
    """The label column. Raises `DataError` where the named one is missing or none can be guessed."""
    if named is not None:
        return _named(table, named, "--label-column")
    text_names = {name for tier in TEXT_NAMES for name in tier}
    candidates = [name for name in _guessable(table) if name != text]
    if by_name := _by_name(table, candidates, LABEL_NAMES, "label"):
        return by_name
    few = [name for name in candidates if _plain(name) not in text_names and _repeats_few(table.columns[name])]
    if len(few) > 1:
        raise _ambiguous(table, few, "label")
    if not few:
        raise _nothing(table, "label")
    if few[0] in table.columns[few[0]]:
        message = f"the first line should name the columns, but {few[0]!r} is also a value below it"
        raise DataError(message, file=table.source, line=1, mend="add a line such as text,label at the top")
    return Choice(few[0], "guessed: repeats a few values")


def ids(table: Table) -> list[str] | None:
    """The `id` column where it is there, complete and unique."""
    for name, cells in table.columns.items():
        if _plain(name) == "id":
            found = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
            return found if len(found) == len(cells) == len(set(found)) else None
    return None


def _named(table: Table, name: str, option: str) -> Choice:
    if name in table.columns:
        return Choice(name, "named")
    near = get_close_matches(name, table.columns, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    message = f"there is no column {name!r}{hint} Columns: {_list(table)}"
    raise DataError(message, file=table.source, mend=f"give {option} one of these")


def _guessable(table: Table) -> list[str]:
    columns = table.columns.items()
    return [
        name
        for name, cells in columns
        if _plain(name) not in ID_NAMES
        and not _plain(name).startswith("unnamed:")
        and any(isinstance(cell, str | list) for cell in cells)
    ]


def _by_name(table: Table, candidates: list[str], tiers: tuple[tuple[str, ...], ...], noun: str) -> Choice | None:
    for tier in tiers:
        found = [name for name in candidates if _plain(name) in tier]
        if len(found) > 1:
            raise _ambiguous(table, found, noun)
        if found:
            return Choice(found[0], "guessed: its name")
    return None


def _plain(name: str) -> str:
    return name.strip().lower()


def _mean_length(cells: list[Cell]) -> float:
    lengths = [len(cell) for cell in cells[:_SAMPLE] if isinstance(cell, str)]
    return sum(lengths) / max(len(lengths), 1)


def _repeats_few(cells: list[Cell]) -> bool:
    """At most 50 different values, each met twice on average; a lone row may have any."""
    values = [tuple(cell) if isinstance(cell, list) else cell for cell in cells]
    return len(set(values)) <= min(_FEW_VALUES, max(len(cells) // 2, 2))


def _list(table: Table) -> str:
    return ", ".join(repr(name[:40]) for name in list(table.columns)[:12])


def _ambiguous(table: Table, names: list[str], noun: str) -> DataError:
    found = " and ".join(repr(name) for name in names)
    message = f"more than one column could be the {noun}: {found}"
    return DataError(message, file=table.source, mend=f"name it: --{noun}-column {names[0]}")


def _nothing(table: Table, noun: str) -> DataError:
    message = f"no column looks like the {noun}. Columns: {_list(table)}"
    return DataError(message, file=table.source, mend=f"name it with --{noun}-column")
