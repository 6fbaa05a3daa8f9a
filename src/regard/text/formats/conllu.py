"""CoNLL-U (Universal Dependencies; Nivre et al. 2020): ten columns apart by tabs.

The words are the syntactic words, as the scorer of its shared task counts them (Zeman et al. 2018): a range
(`1-2 zum`) only says how words are written together, an empty node (`1.1`) is in no text; both are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from regard.errors import DataError
from regard.records.tags import OUTSIDE, parts
from regard.text.formats.conll import note, numbered_lines
from regard.text.formats.sentences import Sentence, Sentences
from regard.text.formats.table import decode, read_bytes

COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_TAGS = ("UPOS", "XPOS", "DEPREL")
_MISC = COLUMNS.index("MISC")
_ID = re.compile(r"(\d+)(?:([-.])\d+)?")
_NO_VALUE = "_"


def read_conllu(path: Path, *, tags: str | None = None) -> Sentences:
    """Read a .conllu file. `tags` is `upos` (unless said), `xpos`, `deprel`, or the key of an entry of MISC.

    A word without the entry has the tag `O` where the others follow a scheme. Raises `DataError` with file, line and
    mend.
    """
    named = "UPOS" if tags is None else str(tags)
    upper = named.upper()
    column = COLUMNS.index(upper) if upper in _TAGS else _MISC
    rows = list(_sentences(decode(read_bytes(path), path), column, named, path))
    if not rows:
        raise DataError("no sentence in it", file=path, mend="one word a line, ten columns apart by tabs")
    how = "unless named" if tags is None else "named"
    if column == _MISC:
        how = f"entry of MISC, {_settled(rows, named, path)}"
    shown = {"words": "FORM", "tags": f"{upper if column != _MISC else named} ({how})"}
    return Sentences(str(path), rows, shown, tags_column=upper if column != _MISC else named)


def _sentences(text: str, column: int, named: str, path: Path) -> Iterator[Sentence]:
    sentence = Sentence(0)
    for number, line in numbered_lines(text):
        if not line.strip():
            if sentence.words:
                yield sentence
            sentence = Sentence(0)
        elif line.startswith("#"):
            note(sentence, line)
        elif (cells := _cells(line, number, path)) is not None:
            _add(sentence, number, cells[1], _tag(cells, column, named))
    if sentence.words:
        yield sentence


def _cells(line: str, number: int, path: Path) -> list[str] | None:
    """The ten columns; None for a range or an empty node."""
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        message = f"this line has {len(cells)} columns apart by tabs, CoNLL-U has {len(COLUMNS)}"
        mend = "name the file .conll where it has other columns"
        raise DataError(message, file=path, line=number, mend=mend)
    found = _ID.fullmatch(cells[0])
    if not found:
        message = f"{cells[0]!r} is no number of a word"
        raise DataError(message, file=path, line=number, column="ID", mend="number the words 1, 2, ...")
    return None if found[2] else cells


def _add(sentence: Sentence, line: int, word: str, tag: str) -> None:
    if sentence.tags is None:
        sentence.line, sentence.tags = line, []
    sentence.words.append(word)
    sentence.tags.append(tag)
    sentence.lines.append(line)


def _tag(cells: list[str], column: int, named: str) -> str:
    """The tag, or the empty string where the file gives none."""
    if column == _MISC:
        return _entries(cells[_MISC]).get(named, "")
    return "" if cells[column] == _NO_VALUE else cells[column]


def _entries(misc: str) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in misc.split("|"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _settled(rows: list[Sentence], named: str, path: Path) -> str:
    """`O` for words without the entry, where the other tags follow a scheme; how it was settled, in words."""
    tags = {tag for row in rows for tag in row.tags or []}
    if tags == {""}:
        message = f"there is no entry {named!r} in MISC, and it is none of {', '.join(_TAGS)}"
        raise DataError(message, file=path, mend=_mend(named, path))
    if "" not in tags or not all(parts(tag)[0] for tag in tags - {""}):
        return "of every word"
    for row in rows:
        row.tags = [tag or OUTSIDE for tag in row.tags or []]
    return f"{OUTSIDE} where a word has none"


def _mend(named: str, path: Path) -> str:
    """What else could be named: the entries of MISC that the file has."""
    keys: dict[str, None] = {}
    for _, line in numbered_lines(decode(read_bytes(path), path)):
        if line.count("\t") == _MISC:
            keys.update(dict.fromkeys(key for key in _entries(line.split("\t")[_MISC]) if key != _NO_VALUE))
    by_small = {key.lower(): key for key in keys}
    if near := get_close_matches(named.lower(), by_small, n=1):
        return f"give --label-column {by_small[near[0]]}"
    return f"give --label-column one of {', '.join([key.lower() for key in _TAGS] + list(keys)[:10])}"
