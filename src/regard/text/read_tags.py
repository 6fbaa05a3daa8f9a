"""Texts with a tag for each word, from wherever they are: CoNLL columns, CoNLL-U, JSONL, Parquet, the hub, a DataFrame.

As in `text.read` nothing is guessed silently, nothing is converted, and no row is lost: what can't be read is an error
that names its line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.records import Corpus, TaggedCorpus
from regard.text import tag_tables
from regard.text.formats.conll import numbered_lines, read_conll
from regard.text.formats.conllu import read_conllu
from regard.text.formats.sentences import Sentences
from regard.text.formats.table import decode, read_bytes
from regard.text.read import opener, read, table_of
from regard.text.tag_corpus import corpus_of
from regard.text.words import with_words
from regard.text.write_tags import write_tagged

__all__ = ["read_tagged", "require_tagged", "write_tagged"]

COLUMNS_OF_WORDS = (".conll", ".iob", ".iob2", ".bio", ".bioes", ".txt")
CONLLU = (".conllu",)
DELIMITED = (".csv", ".tsv", ".tab")


def read_tagged(
    source: str | Path | Corpus | Any,
    *,
    words_column: str | int | None = None,
    tags_column: str | int | None = None,
    needs_tags: bool = True,
    offline: bool = False,
) -> TaggedCorpus:
    """Read texts, their words, and the tags of these.

    `source` is a path, a hub id, a DataFrame or a corpus. `.conll`, `.iob`, `.bio` and `.txt` are CoNLL columns, where
    `tags_column` is a number (the last unless said); `.conllu` has `upos` (unless said), `xpos`, `deprel` and the
    entries of MISC; JSONL, Parquet and the rest have a column of lists of words and one of lists of tags. Where the
    source gives the text (`# text =`, a column `text`) the words are found in it; a row whose words are not its text,
    and every row without one, is its words with a blank between them.

    Without `needs_tags` faults of the tags make `labels` None, and plain texts are taken too, cut by `split_words`: any
    file that `text.read.read` takes, `.txt` with one text a line. Raises `DataError` with file, line and mend,
    `UsageError` for a source that is nothing known.
    """
    if isinstance(source, Corpus):
        return _given(source, needs_tags)
    found = _sentences(source, words_column, tags_column, needs_tags, offline)
    return found if isinstance(found, TaggedCorpus) else corpus_of(found, needs_tags=needs_tags)


def require_tagged(source: str | Path) -> None:
    """Raise what `read_tagged` would raise for a source that is nothing known. Nothing is read."""
    path = Path(source).expanduser()
    if path.suffix.lower() not in (*COLUMNS_OF_WORDS, *CONLLU):
        opener(source, offline=True)
    elif not path.exists():
        raise DataError("no such file", file=source, mend="check the path")


def _given(corpus: Corpus, needs_tags: bool) -> TaggedCorpus:
    tagged = corpus if isinstance(corpus, TaggedCorpus) else None
    if needs_tags and (tagged is None or tagged.labels is None):
        raise DataError("the corpus has no tags", file=corpus.source)
    return with_words(corpus) if tagged is None else tagged


def _sentences(
    source: Any, words: str | int | None, tags: str | int | None, needs_tags: bool, offline: bool
) -> Sentences | TaggedCorpus:
    suffix = ""
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        suffix = path.suffix.lower()
        if suffix in (*COLUMNS_OF_WORDS, *CONLLU):
            require_tagged(source)
            return _of_file(path, suffix, words, tags, needs_tags)
        if suffix in DELIMITED and needs_tags and path.exists():
            raise _delimited(path)
    words, tags = (None if name is None else str(name) for name in (words, tags))
    table = table_of(source, offline)
    if needs_tags or tag_tables.is_of_words(table, words):
        return tag_tables.sentences(table, words, tags, needs_tags=needs_tags)
    return with_words(read(source, text_column=words, needs_labels=False, offline=offline))


def _of_file(
    path: Path, suffix: str, words: str | int | None, tags: str | int | None, needs_tags: bool
) -> Sentences | TaggedCorpus:
    if suffix in CONLLU:
        return read_conllu(path, tags=None if tags is None else str(tags))
    if suffix == ".txt" and not needs_tags:
        return with_words(_lines(path))
    return read_conll(path, words=words, tags=tags)


def _delimited(path: Path) -> DataError:
    mend = 'name it .conll if a line has a word and its tag; else write JSONL, {"tokens": [...], "tags": [...]} a line'
    return DataError("a table of cells has no lists of words and tags", file=path, mend=mend)


def _lines(path: Path) -> Corpus:
    """One text a line; blank lines are none."""
    filled = [(n, line) for n, line in numbered_lines(decode(read_bytes(path), path)) if line.strip()]
    ids = [str(row) for row in range(1, len(filled) + 1)]
    texts = [line for _, line in filled]
    return Corpus(str(path), ids, texts, None, [number for number, _ in filled], {"text": "one a line"})
