"""The rows of a corpus as examples, and copies as rows of a corpus."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from regard.errors import DataError
from regard.records import Corpus, TaggedCorpus, tags
from regard.text.augment.example import Change, Example, example

C = TypeVar("C", bound=Corpus)


@dataclass(frozen=True)
class Copy:
    """One copy of a text: `number` counts a method's copies of it from 1, `changes` lead from `before` to `after`."""

    row: int
    of: str
    method: str
    number: int
    before: Example
    changes: list[Change]
    after: Example

    @property
    def id(self) -> str:
        return f"{self.of}+{self.method}{self.number}"


class Rows:
    """A corpus's rows as examples. Where its tags follow a scheme, words of entities are not free, and a row that
    breaks the scheme is spelled anew (`I-` where an entity begins becomes `B-`)."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.scheme: tags.Scheme | None = None
        if isinstance(corpus, TaggedCorpus):
            if corpus.labels is None:
                raise DataError("there are no tags to augment", file=corpus.source, mend="name the column of tags")
            self.scheme = tags.scheme_of(tag for row in corpus.labels for tag in row)

    def __len__(self) -> int:
        return len(self.corpus)

    def __getitem__(self, row: int) -> Example:
        if not isinstance(self.corpus, TaggedCorpus):
            return example(self.corpus.texts[row])
        assert self.corpus.labels is not None, "seen when this was made"
        spelled = list(self.corpus.labels[row])
        inside: set[int] = set()
        if self.scheme is not None:
            stretches = tags.entities(spelled)
            inside.update(place for start, end, _ in stretches for place in range(start, end))
            if not _follows(spelled, self.scheme):
                spelled = tags.spelled(stretches, len(spelled), self.scheme)
        return example(self.corpus.texts[row], self.corpus.words[row], spelled, inside)


def joined(corpus: C, copies: Sequence[Copy]) -> C:
    """The corpus with copies behind it, each with the label and the line of its text."""
    more = corpus.take([copy.row for copy in copies])
    changed: dict[str, Any] = {"ids": [copy.id for copy in copies], "texts": [copy.after.text for copy in copies]}
    if isinstance(corpus, TaggedCorpus):
        changed["words"] = [[(word.start, word.end) for word in copy.after.words] for copy in copies]
        changed["labels"] = [tuple(word.tag for word in copy.after.words) for copy in copies]
    more = replace(more, **changed)
    lists = {name: (getattr(corpus, name), getattr(more, name)) for name in corpus.PER_TEXT}
    both: dict[str, Any] = {name: None if own is None else [*own, *new] for name, (own, new) in lists.items()}
    return replace(corpus, **both)


def _follows(spelled: list[str], scheme: tags.Scheme) -> bool:
    return all(tags.follows(*pair, scheme) for pair in itertools.pairwise([None, *spelled, None]))
