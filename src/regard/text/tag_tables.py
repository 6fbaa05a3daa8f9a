"""Tables with a list of words and a list of tags in each row: which columns they are, and the sentences they make.

The rule is that of `text.columns`: a column of lists with a name of the first tier, else of the next; else the only
other column of lists. Where two fit equally well nothing is guessed: the error names both.
"""

from __future__ import annotations

from regard.errors import DataError
from regard.text.columns import ID_NAMES, Choice, choose_label, choose_text, ids
from regard.text.formats.class_names import class_names
from regard.text.formats.sentences import Sentence, Sentences
from regard.text.formats.table import ABSENT, NESTED, Cell, Table

WORD_NAMES = (("tokens", "words"), ("token", "word", "forms", "form"))
TAG_NAMES = (
    ("tags", "labels"),
    ("ner_tags", "ner", "tag", "label", "entities"),
    ("upos", "pos", "pos_tags", "upos_tags", "universal_tags"),
    ("xpos", "xpos_tags"),
    ("chunk_tags", "chunks", "deprel"),
)
STARTS, ENDS = "starts", "ends"
"""Columns with the characters of each word in `text`, as `write_tagged` writes them."""

_MEND = 'a row such as {"tokens": ["In", "Paris"], "tags": ["O", "B-location"]}'


def is_of_words(table: Table, named: str | None) -> bool:
    """Whether rows are lists of words, rather than plain texts: by the column that is named, or by a list's name, or
    because there is no text at all."""
    lists = _lists(table)
    if named is not None:
        return named in lists
    telling = {name for tier in WORD_NAMES for name in tier}
    if any(name.strip().lower() in telling for name in lists):
        return True
    texts = {name for name, cells in table.columns.items() if any(isinstance(cell, str) for cell in cells)}
    return bool(lists) and texts <= {name for name in texts if name.strip().lower() in ID_NAMES}


def sentences(table: Table, words_column: str | None, tags_column: str | None, *, needs_tags: bool) -> Sentences:
    """The rows of a table. Raises `DataError` for a column that is missing, or can't be told, or is no list; faults of
    the tags make them None unless `needs_tags`."""
    tags, how = None, ""
    try:
        tags = _choose_tags(table, tags_column, words_column)
        how = f"{tags.name} ({tags.how})"
    except DataError as error:
        if needs_tags:
            raise
        how = f"none ({error.message})"
    words = _choose_words(table, words_column, tags)
    column = tags.name if tags else None
    found = Sentences(
        table.source,
        [_sentence(table, row, words.name, column) for row in range(len(table))],
        {"words": f"{words.name} ({words.how})", "tags": how, **table.facts},
        unit=table.unit,
        tags_column=column,
        contiguous=table.contiguous,
    )
    for sentence, name in zip(found.sentences, _ids(table) or [], strict=False):
        sentence.name = name
    if column is not None and _are_numbers(found):
        found.class_names = class_names(table.source, column) or []
    return found


def _lists(table: Table) -> list[str]:
    return [name for name, cells in table.columns.items() if any(isinstance(cell, list) for cell in cells)]


def _choose_words(table: Table, named: str | None, tags: Choice | None) -> Choice:
    if named is not None:
        return choose_text(table, named, None)
    return _choose(table, WORD_NAMES, "words", "--text-column", taken=tags.name if tags else None)


def _choose_tags(table: Table, named: str | None, words: str | None) -> Choice:
    if named is not None:
        return choose_label(table, named, None)
    by_name = _by_name(table, _lists(table), WORD_NAMES, "words", "--text-column") if words is None else None
    return _choose(table, TAG_NAMES, "tags", "--label-column", taken=by_name.name if by_name else words)


def _choose(table: Table, tiers: tuple[tuple[str, ...], ...], noun: str, option: str, *, taken: str | None) -> Choice:
    offsets = {STARTS, ENDS}
    lists = [name for name in _lists(table) if name != taken and name not in offsets]
    if found := _by_name(table, lists, tiers, noun, option):
        return found
    if len(lists) > 1:
        raise _ambiguous(table, lists, noun, option)
    # Without a name that tells words from tags, one list alone could be either.
    if lists and (taken is not None or noun == "words"):
        return Choice(lists[0], "guessed: the only list left")
    columns = ", ".join(repr(name[:40]) for name in list(table.columns)[:12])
    message = f"no column is a list that could be the {noun} (columns: {columns})"
    raise DataError(message, file=table.source, mend=f"name it with {option}; {_MEND}")


def _by_name(
    table: Table, lists: list[str], tiers: tuple[tuple[str, ...], ...], noun: str, option: str
) -> Choice | None:
    for tier in tiers:
        found = [name for name in lists if name.strip().lower() in tier]
        if len(found) > 1:
            raise _ambiguous(table, found, noun, option)
        if found:
            return Choice(found[0], "guessed: its name")
    return None


def _ambiguous(table: Table, names: list[str], noun: str, option: str) -> DataError:
    found = " and ".join(repr(name) for name in names[:6])
    message = f"more than one column could be the {noun}: {found}"
    return DataError(message, file=table.source, mend=f"name it: {option} {names[0]}")


def _sentence(table: Table, row: int, words: str, tags: str | None) -> Sentence:
    own = _list(table, row, words, "words")
    line = row + 1 if table.lines is None else table.lines[row]
    sentence = Sentence(line, own, lines=[line] * len(own))
    if tags is not None:
        cell = table.columns[tags][row]
        # What is no list is refused where tags are needed, with the other faults of tags.
        sentence.tags = list(cell) if isinstance(cell, list) else None
    text = table.columns.get("text", [None] * (row + 1))[row]
    sentence.text = text if isinstance(text, str) else None
    starts, ends = _numbers(table, row, STARTS), _numbers(table, row, ENDS)
    if sentence.text is not None and starts is not None and ends is not None:
        sentence.spans = list(zip(starts, ends, strict=False))
    return sentence


def _list(table: Table, row: int, column: str, noun: str) -> list[str]:
    cell: Cell = table.columns[column][row]
    if isinstance(cell, list):
        return list(cell)
    what = f"this is no list of {noun}"
    if cell is ABSENT or cell is None:
        what = f"there are no {noun} here"
    elif cell is NESTED:
        what = f"a list or a null among the {noun}, or no list at all"
    raise table.error(row, what, column=column, mend=_MEND)


def _numbers(table: Table, row: int, column: str) -> list[int] | None:
    cell = table.columns[column][row] if column in table.columns else None
    return [int(item) for item in cell] if isinstance(cell, list) and all(map(str.isdecimal, cell)) else None


def _ids(table: Table) -> list[str] | None:
    if found := ids(table):
        return found
    cells = table.columns.get("sent_id", [])
    found = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    return found if found and len(found) == len(cells) == len(set(found)) else None


def _are_numbers(found: Sentences) -> bool:
    tags = {tag for sentence in found.sentences for tag in sentence.tags or []}
    return bool(tags) and all(tag.strip().removeprefix("-").isdecimal() for tag in tags)
