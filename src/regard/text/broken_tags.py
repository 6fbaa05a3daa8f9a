"""Tags that do not follow their scheme, each with its line, and the same texts with tags that do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regard.records import Label, TaggedCorpus
from regard.records.tags import Scheme, entities, follows, parts, scheme_of, spelled
from regard.text.lined import word_line


@dataclass(frozen=True)
class Broken:
    """A word whose tag can't stand where it stands; `before` is the tag before it, None at the beginning, and `what`
    says in words what is wrong. `line` is None where the corpus does not come from a file."""

    row: int
    id: str
    line: int | None
    word: str
    tag: str
    before: str | None
    what: str

    def told(self) -> str:
        """One line for the user."""
        after = "at the beginning" if self.before is None else f"after {self.before}"
        return f"{self.tag} on {self.word!r} {after}"


@dataclass(frozen=True)
class Mended:
    """A tag that was changed: the line of its word (None where there is no file), the word, and both tags."""

    row: int
    id: str
    line: int | None
    word: str
    before: str
    after: str

    def __str__(self) -> str:
        where = f"text {self.id}" if self.line is None else f"line {self.line}"
        return f"{where}: {self.word!r} has {self.after}, not {self.before}"

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "line": self.line, "word": self.word, "before": self.before, "after": self.after}


def broken(corpus: TaggedCorpus) -> list[Broken]:
    """Every tag that breaks the scheme, in order; none where the tags follow none."""
    scheme = scheme_of(corpus.label_names())
    if scheme is None:
        return []
    return [item for row, tags in enumerate(corpus.labels or []) for item in _broken(corpus, row, tags, scheme)]


def mend_tags(corpus: TaggedCorpus) -> tuple[TaggedCorpus, list[Mended]]:
    """The corpus with tags that follow their scheme and mark the same entities, as `records.tags.entities` reads them,
    and every change. A corpus whose tags follow it, or follow none, is given back."""
    scheme = scheme_of(corpus.label_names())
    rows = {item.row for item in broken(corpus)}
    if scheme is None or not rows:
        return corpus, []
    bilou = any(tag.startswith(("L-", "U-")) for tag in corpus.label_names())
    labels: list[Label] = [
        _mended(tags, scheme, bilou=bilou) if row in rows else tags for row, tags in enumerate(corpus.labels or [])
    ]
    changes = [item for row in sorted(rows) for item in _changes(corpus, row, labels[row])]
    return replace(corpus, labels=labels), changes


def _broken(corpus: TaggedCorpus, row: int, tags: Sequence[str], scheme: Scheme) -> Iterator[Broken]:
    for place, tag in enumerate(tags):
        before = tags[place - 1] if place else None
        if what := _goes_wrong(before, tag, scheme):
            yield _at(corpus, row, place, tag, before, what)
        if scheme == "bioes" and (ends := _never_ends(tag, [*tags[place + 1 : place + 2]])):
            yield _at(corpus, row, place, tag, before, ends)


def _goes_wrong(before: str | None, tag: str, scheme: Scheme) -> str | None:
    """What is wrong with a tag after another; that the one before never ended is said there."""
    prefix = parts(tag)[0]
    if prefix not in ("I", "E") or follows(before, tag, scheme):
        return None
    return f"{prefix}- without its B-"


def _never_ends(tag: str, after: Sequence[str]) -> str | None:
    prefix = parts(tag)[0]
    following = after[0] if after else None
    if prefix not in ("B", "I") or follows(tag, following, "bioes"):
        return None
    return f"{prefix}- without its E-"


def _at(corpus: TaggedCorpus, row: int, place: int, tag: str, before: str | None, what: str) -> Broken:
    start, end = corpus.words[row][place]
    word = corpus.texts[row][start:end]
    return Broken(row, corpus.ids[row], word_line(corpus, row, place), word, tag, before, what)


def _mended(tags: Sequence[str], scheme: Scheme, *, bilou: bool) -> tuple[str, ...]:
    mended = spelled(entities(tags), len(tags), scheme)
    if bilou:
        mended = [{"E": "L", "S": "U"}.get(tag[0], tag[0]) + tag[1:] for tag in mended]
    return tuple(mended)


def _changes(corpus: TaggedCorpus, row: int, after: Label) -> Iterator[Mended]:
    tags: Label = (corpus.labels or [])[row]
    for place, (old, new) in enumerate(zip(tags, after, strict=True)):
        if old != new:
            start, end = corpus.words[row][place]
            word = corpus.texts[row][start:end]
            yield Mended(row, corpus.ids[row], word_line(corpus, row, place), word, old, new)
