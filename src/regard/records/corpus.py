"""Texts with what is known of them: a label, tags of their words, questions with answers, other texts. No torch."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

Label = str | tuple[str, ...]
"""One label, or (multi-label) the sorted labels of a text; of a tagged text the tag of each word, in order; of a source
text its references."""

Span = tuple[int, int]
"""Characters `text[start:end]` of a text as given."""


@dataclass(frozen=True)
class Corpus:
    """Texts with their labels, in order. `labels` is None where none are given; every label is a string.

    `lines` are the 1-based line (CSV, JSONL) or row (Parquet, DataFrame) numbers in `source`, for messages.
    `columns` says which columns were taken and how they were found, to be shown to the user.
    `contiguous` is True where neighbouring rows belong together (reviews of one film): split in blocks.
    """

    source: str
    ids: list[str]
    texts: list[str]
    labels: list[Label] | None = None
    lines: list[int] | None = None
    columns: dict[str, str] = field(default_factory=dict)
    multi_label: bool = False
    contiguous: bool = False

    PER_TEXT: ClassVar[tuple[str, ...]] = ("ids", "texts", "labels", "lines")
    """The fields that hold something for each text."""

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[tuple[str, str, Label | None]]:
        labels: Sequence[Label | None] = self.labels if self.labels is not None else [None] * len(self)
        return iter(zip(self.ids, self.texts, labels, strict=True))

    def take(self, rows: Sequence[int]) -> Self:
        """The rows with these positions, in the order given."""
        lists: dict[str, Any] = {name: getattr(self, name) for name in self.PER_TEXT}
        taken: dict[str, Any] = {name: of if of is None else [of[i] for i in rows] for name, of in lists.items()}
        return replace(self, **taken)

    def label_names(self) -> list[str]:
        """Every label that occurs, sorted: numbers by value, then words."""
        found: set[str] = set()
        for label in self.labels or []:
            found.update([label] if isinstance(label, str) else label)
        return sorted(found, key=_label_order)

    def told(self) -> str:
        """How texts and labels were found, in one line for the user."""
        return "; ".join(f"{what}: {how}" for what, how in self.columns.items())

    def sha256(self) -> str:
        """A hash of ids' order, texts and labels: two corpora with the same hash train the same model."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        # Checkpoints, run.json and a comparison each ask for it: 0.12 s for 25,000 reviews, every time.
        digest = hashlib.sha256()
        for row in self._content():
            digest.update(json.dumps(row, ensure_ascii=True).encode())
        return digest.hexdigest()

    def _content(self) -> Iterator[list[Any]]:
        """Of each text what a model can learn from."""
        return ([text, label] for _, text, label in self)


def _label_order(label: str) -> tuple[int, float, str]:
    try:
        value = float(label)
    except ValueError:
        value = math.nan
    # "nan" and "inf" are words here: with them numbers have no one order.
    return (0, value, label) if math.isfinite(value) else (1, 0.0, label)


@dataclass(frozen=True)
class TaggedCorpus(Corpus):
    """Texts whose words carry tags. `words` are the characters of each word in its text, in order, none overlapping;
    `labels` hold for each text a tuple with a tag for each of its words."""

    words: list[list[Span]] = field(default_factory=list)

    PER_TEXT: ClassVar[tuple[str, ...]] = (*Corpus.PER_TEXT, "words")

    def tokens(self, row: int) -> list[str]:
        """The words of one text as they stand in it."""
        text = self.texts[row]
        return [text[start:end] for start, end in self.words[row]]

    def _content(self) -> Iterator[list[Any]]:
        return ([text, words, label] for (_, text, label), words in zip(self, self.words, strict=True))


@dataclass(frozen=True)
class QuestionCorpus(Corpus):
    """Questions to texts: `texts` are the contexts, one for each question, so a context may stand there many times.

    `labels` hold for each question the answers that count as right, a tuple, empty where the context has no answer;
    `starts` where each begins: `texts[i][start : start + len(answer)]` is the answer.
    """

    questions: list[str] = field(default_factory=list)
    starts: list[tuple[int, ...]] | None = None

    PER_TEXT: ClassVar[tuple[str, ...]] = (*Corpus.PER_TEXT, "questions", "starts")

    def _content(self) -> Iterator[list[Any]]:
        starts = self.starts if self.starts is not None else [()] * len(self)
        rows = zip(self, self.questions, starts, strict=True)
        return ([text, question, label, begin] for (_, text, label), question, begin in rows)


@dataclass(frozen=True)
class TextPairCorpus(Corpus):
    """Texts with what is to be made of them: translations, summaries. `texts` are the sources; `labels` hold for each
    its references, a tuple of one or several, in the order given."""


_SURROGATE = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """A lone surrogate, which JSON can spell but no UTF-8 can hold, becomes U+FFFD: as long, so that places stay."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
