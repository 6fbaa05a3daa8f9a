"""Assets that hold data: what each word's files mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from regard import assets
from regard.errors import DataError
from regard.text.formats.delimited import read_delimited
from regard.text.formats.folder import read_folder
from regard.text.formats.po import read_po
from regard.text.formats.table import Cell, Table


def read_packaged(word: str) -> Table:
    """The asset `word` from the cache; `assets.path` raises where it is missing or damaged."""
    if word not in READERS:
        mend = f"give its files: they lie in {assets.path(word)}"
        raise DataError(f"the asset {word!r} can't be read as labelled texts yet", mend=mend)
    return replace(READERS[word](assets.path(word)), source=word)


def _imdb(folder: Path) -> Table:
    """The 25,000 training reviews of IMDB (Maas et al. 2011) in their original order, of a file that holds
    sentences from elsewhere too: 12,500 negative, then 12,500 positive, the reviews of a film side by side."""
    table = _only_csv(folder, "imdb")
    rows = [row for row, source in enumerate(table.columns["source"]) if source == "imdb"]
    names = {"0": "negative", "1": "positive"}
    labels: list[Cell] = [names[str(table.columns["label"][row])] for row in rows]
    columns: dict[str, list[Cell]] = {"text": [table.columns["text"][row] for row in rows], "label": labels}
    lines = [(table.lines or [])[row] for row in rows]
    origins = {"label": "0 read as negative, 1 as positive"}
    return Table(table.source, columns, lines, origins=origins, contiguous=True)


def _bbc(folder: Path) -> Table:
    """2,225 BBC news articles in five folders, one a topic (Greene and Cunningham 2006); some are Latin-1."""
    return read_folder(folder, fallback="latin-1")


def _tweets(folder: Path) -> Table:
    """38,000 tweets, each with the sentiment that most of its readers gave it."""
    table = _only_csv(folder, "tweets", encoding="mac-roman")
    columns = {"text": table.columns["text"], "label": table.columns["sentiment"]}
    return Table(table.source, columns, table.lines, origins={"label": "sentiment"})


def _only_csv(folder: Path, word: str, encoding: str | None = None) -> Table:
    files = sorted(folder.rglob("*.csv"))
    if not files:
        raise DataError("the asset holds no CSV file", file=folder, mend=f"`regard get {word}` again")
    return read_delimited(files[0], encoding=encoding)


def _interface(folder: Path) -> Table:
    """What a content management system says to its users, in two languages; each pair once."""
    pairs: dict[tuple[Cell, Cell], None] = {}
    for path in sorted(folder.rglob("*.po")):
        table = read_po(path)
        pairs.update(dict.fromkeys(zip(table.columns["source"], table.columns["target"], strict=True)))
    sources, targets = (list(side) for side in zip(*pairs, strict=True))
    return Table(str(folder), {"source": sources, "target": targets}, unit="message")


READERS: dict[str, Callable[[Path], Table]] = {
    "imdb": _imdb,
    "bbc": _bbc,
    "tweets": _tweets,
    "interface-de": _interface,
    "interface-fr": _interface,
}
