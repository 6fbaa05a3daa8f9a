"""CoNLL columns (Tjong Kim Sang and De Meulder 2003, section 2): a word a line, its tags in columns after it, a blank
line between sentences, `-DOCSTART-` between documents.

Columns lie apart by tabs where every word's line has one, else by blanks. Every word's line has as many columns as the
first one's: a line that lost its tag is an error, never a comment.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from regard.errors import DataError
from regard.text.formats.sentences import Sentence, Sentences
from regard.text.formats.table import decode, read_bytes

DOCUMENT = "-DOCSTART-"
META = re.compile(r"#\s+(text|sent_id|id|newdoc|newpar)\b\s*=?\s*(.*)")
"""Comments with a meaning: `# text = ...`, `# sent_id = ...`; `#` as a word has tags after it, none of these."""

_COMMENT = re.compile(r"#(?:\s|$|begin |end )")
_BLANKS = re.compile(r"[ \t]+")

Row = tuple[int, list[str]]


def read_conll(path: Path, *, words: str | int | None = None, tags: str | int | None = None) -> Sentences:
    """Read a file of columns. `words` and `tags` are the numbers of theirs, from 1: the first and the last unless said.

    Tags are None where the file has one column. Raises `DataError` with file, line and mend.
    """
    lines = list(numbered_lines(decode(read_bytes(path), path)))
    tabs, width = _layout(lines, path)
    word, tag = _number(words, width, path, "--text-column"), _number(tags, width, path, "--label-column")
    word = 1 if word is None else word
    if tag is None and width > 1:
        tag = width
    found = Sentences(
        str(path),
        list(_sentences(lines, tabs, width, word, tag, path)),
        {"words": f"column {word}", "tags": "none (one column only)", "columns": f"apart by {_apart(tabs)}"},
    )
    if tag is not None:
        found.columns["tags"] = f"column {tag} of {width} ({'the last' if tags is None else 'named'})"
        found.tags_column = str(tag)
    if not found.sentences:
        raise DataError("no sentence in it", file=path, mend="one word a line with its tag, as in: Paris B-location")
    return found


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, from 1; \\n, \\r and \\r\\n end one."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        yield number, line.removesuffix("\n")


def note(sentence: Sentence, comment: str) -> None:
    """Keep the text or the id that a comment gives."""
    meta = META.match(comment)
    if meta and meta[2] and meta[1] == "text":
        sentence.text = meta[2].strip()
    elif meta and meta[2] and meta[1] in ("sent_id", "id"):
        sentence.name = meta[2].strip()


def _apart(tabs: bool) -> str:
    return "tabs" if tabs else "blanks"


def _layout(lines: list[tuple[int, str]], path: Path) -> tuple[bool, int]:
    """Whether tabs part the columns, and how many there are."""
    filled = [line for _, line in lines if line.strip() and not line.startswith(DOCUMENT)]
    words = [line for line in filled if not META.match(line) and not _COMMENT.match(line)]
    # A file may hold nothing but sentences of the word "#".
    words = words or [line for line in filled if not META.match(line)]
    if not words:
        raise DataError("nothing but comments in it", file=path, mend="one word a line with its tag")
    tabs = all("\t" in line for line in words)
    return tabs, len(_cells(words[0], tabs))


def _cells(line: str, tabs: bool) -> list[str]:
    """Only blanks and tabs part columns: other white space is a part of its word."""
    return line.split("\t") if tabs else _BLANKS.split(line.strip(" \t"))


def _sentences(
    lines: list[tuple[int, str]], tabs: bool, width: int, word: int, tag: int | None, path: Path
) -> Iterator[Sentence]:
    sentence = Sentence(0)
    for number, line in lines:
        if not line.strip() or line.startswith(DOCUMENT):
            if sentence.words:
                yield sentence
                sentence = Sentence(0)
            continue
        cells = _cells(line, tabs)
        if _is_comment(line, cells, width, tabs, begins=not sentence.words):
            note(sentence, line)
            continue
        if len(cells) != width:
            raise _ragged(number, len(cells), width, tabs, path)
        if not sentence.words:
            sentence.line, sentence.tags = number, None if tag is None else []
        sentence.words.append(cells[word - 1])
        sentence.lines.append(number)
        if sentence.tags is not None and tag is not None:
            sentence.tags.append(cells[tag - 1])
    if sentence.words:
        yield sentence


def _is_comment(line: str, cells: list[str], width: int, tabs: bool, *, begins: bool) -> bool:
    """`#` is a word too (`# O`): a comment has another number of columns, and apart by blanks it stands before the
    first word of its sentence, where a line that lost its tag is no such thing."""
    if begins and META.match(line):
        return True
    return bool(_COMMENT.match(line)) and len(cells) != width and (begins or tabs)


def _number(named: str | int | None, width: int, path: Path, option: str) -> int | None:
    if named is None:
        return None
    if str(named).isdecimal() and 1 <= int(named) <= width:
        return int(named)
    has = f"columns 1 to {width}" if width > 1 else "one column"
    message = f"there is no column {named!r}: this file's have no names, and it has {has}"
    raise DataError(message, file=path, mend=f"give {option} a number")


def _ragged(line: int, found: int, width: int, tabs: bool, path: Path) -> DataError:
    has = f"{found} column{'' if found == 1 else 's'}"
    message = f"this line has {has}, the first word's line has {width} (apart by {_apart(tabs)})"
    mend = "a word and its tag a line, a blank line between sentences"
    if found > width:
        mend = "no blank inside a word, or tabs between all columns"
    return DataError(message, file=path, line=line, mend=mend)
