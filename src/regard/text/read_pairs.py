"""Texts with what is to be made of them (translations, summaries): CSV, JSON Lines, Parquet, a hub id, a DataFrame.

A cell of the target column is one text, or a list of several that are all right. Nothing is guessed silently: the
columns that were taken are in `TextPairCorpus.columns`; where names do not tell source from target, the user does.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.records import Corpus, TextPairCorpus, without_surrogates
from regard.text import columns
from regard.text.formats.table import ABSENT, Table
from regard.text.read import table_of

PAIRS = (
    ("source", "target"),
    ("src", "tgt"),
    ("source", "summary"),
    ("document", "summary"),
    ("document", "summaries"),
    ("article", "highlights"),
    ("dialogue", "summary"),
    ("text", "summary"),
    ("text", "translation"),
    ("input", "output"),
    ("input", "target"),
    ("question", "answer"),
    ("text", "target"),
)
"""Names of a source and a target that need no asking, the likeliest first."""
MEND = "name them: --text-column for what is read, --label-column for what is written"


def read_pairs(
    source: str | Path | Corpus | Any,
    *,
    source_column: str | None = None,
    target_column: str | None = None,
    needs_targets: bool = True,
    offline: bool = False,
) -> TextPairCorpus:
    """Read sources and targets.

    Without `needs_targets`, targets that are not there (or not in every row) make `labels` None, and a source may be
    empty. Raises `DataError` for what can't be read, with its line; `UsageError` for a source that is nothing known.
    """
    if isinstance(source, Corpus):
        return _given(source, needs_targets)
    table = table_of(source, offline)
    read, written = _choose(table, source_column, target_column, needs_targets)
    corpus = TextPairCorpus(
        source=table.source,
        ids=columns.ids(table) or [str(row) for row in range(1, len(table) + 1)],
        texts=[_source(table, read.name, row, may_be_empty=not needs_targets) for row in range(len(table))],
        lines=table.lines,
        columns={"source": _shown(table, read), "target": "none", **table.facts},
        contiguous=table.contiguous,
    )
    if written is None:
        return corpus
    try:
        labels = [_targets(table, written.name, row) for row in range(len(table))]
    except DataError as error:
        if needs_targets:
            raise
        return replace(corpus, columns={**corpus.columns, "target": f"none ({error.message})"})
    return replace(corpus, labels=list(labels), columns={**corpus.columns, "target": _shown(table, written)})


def write_pairs(
    corpus: TextPairCorpus, path: Path, *, source_column: str = "source", target_column: str = "target"
) -> Path:
    """Write a corpus as Parquet, which `read_pairs` reads back with the same `sha256`. A file whole or none."""
    import pyarrow as pa
    from pyarrow import parquet

    written = {
        "id": pa.array(corpus.ids, pa.string()),
        source_column: pa.array(map(without_surrogates, corpus.texts), pa.string()),
    }
    if corpus.labels is not None:
        targets = [[without_surrogates(text) for text in label] for label in corpus.labels]
        written[target_column] = pa.array(targets, pa.list_(pa.string()))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    parquet.write_table(pa.table(written), temporary, compression="zstd")
    temporary.replace(path)
    return path


def _given(corpus: Corpus, needs_targets: bool) -> TextPairCorpus:
    if not isinstance(corpus, TextPairCorpus):
        raise DataError("these texts have no targets", file=corpus.source, mend="give a TextPairCorpus")
    if needs_targets and corpus.labels is None:
        raise DataError("the corpus has no targets", file=corpus.source)
    return corpus


def _choose(
    table: Table, source: str | None, target: str | None, needed: bool
) -> tuple[columns.Choice, columns.Choice | None]:
    """The columns of sources and targets; without `needed`, the target may be missing."""
    known = {name.strip().lower(): name for name in table.columns}
    how = "guessed: named like one"
    if source is None and target is None:
        for names in PAIRS:
            if all(name in known for name in names):
                read, written = (columns.Choice(known[name], how) for name in names)
                return read, written
    if source is not None:
        read = columns.choose_text(table, source, None)
    else:
        others = [name for name in known.values() if name != target and name.strip().lower() not in columns.ID_NAMES]
        named = [known[first] for first, _ in PAIRS if first in known and known[first] != target]
        read = _only(table, named[:1] or others, how if named else "guessed: the only column left", "source")
    if target is not None:
        if target in table.columns or needed:
            return read, columns.choose_label(table, target, read.name)
        return read, None
    rest = [name for name in known.values() if name != read.name and name.strip().lower() not in columns.ID_NAMES]
    named = [known[last] for _, last in PAIRS if last in known and known[last] != read.name]
    try:
        return read, _only(table, named[:1] or rest, how if named else "guessed: the only column left", "target")
    except DataError:
        if needed:
            raise
        return read, None


def _only(table: Table, names: list[str], how: str, what: str) -> columns.Choice:
    if len(names) == 1:
        return columns.Choice(names[0], how)
    found = ", ".join(table.columns)
    why = "no column is left for it" if not names else "nothing tells it from the others"
    raise DataError(f"which column is the {what}? {why} (columns: {found})", file=table.source, mend=MEND)


def _shown(table: Table, choice: columns.Choice) -> str:
    return table.origins.get(choice.name, f"{choice.name} ({choice.how})")


def _source(table: Table, column: str, row: int, *, may_be_empty: bool) -> str:
    cell = table.columns[column][row]
    if isinstance(cell, str) and (cell.strip() or may_be_empty):
        return without_surrogates(cell)
    if cell is None and may_be_empty:
        return ""
    empty = cell is None or isinstance(cell, str)
    what = "this row has no such key" if cell is ABSENT else "an empty source" if empty else "this is no text"
    raise table.error(row, what, column=column, mend="every row needs a source, or is taken out")


def _targets(table: Table, column: str, row: int) -> tuple[str, ...]:
    cell = table.columns[column][row]
    texts = [cell] if isinstance(cell, str) else cell if isinstance(cell, list) else []
    if found := tuple(without_surrogates(text) for text in texts if text.strip()):
        return found
    empty = cell is None or isinstance(cell, str | list)
    what = "this row has no such key" if cell is ABSENT else "an empty target" if empty else "this is no text"
    raise table.error(row, what, column=column, mend="every row needs a target, or is taken out")
