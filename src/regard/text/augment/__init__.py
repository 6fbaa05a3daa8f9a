"""Augmentation: more training texts with the labels that are there, by small changes that take spans and tags along.

`augment(corpus, ["eda", "keyboard"])` gives the corpus with its copies behind it; `draw` gives the copies with what
changed in each. A method is one file here and one line of `registry.AUGMENTATIONS`.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from regard.errors import UsageError
from regard.records import Corpus, QuestionCorpus, TaggedCorpus
from regard.registry import AUGMENTATIONS
from regard.text.augment.example import Change, Example, applied
from regard.text.augment.method import Supplies
from regard.text.augment.options import options_of
from regard.text.augment.rows import Copy, Rows, joined

__all__ = ["Change", "Copy", "Drawn", "Example", "augment", "draw", "joined"]

logger = logging.getLogger("regard")

C = TypeVar("C", bound=Corpus)


@dataclass(frozen=True)
class Drawn:
    """Copies of a corpus's texts, and how many were left out since they equal their text or an earlier copy of it."""

    copies: list[Copy]
    left_out: int

    def told(self) -> str:
        """What was made, in one sentence for the user."""
        count = len(self.copies)
        made = f"{count:,} {'copy' if count == 1 else 'copies'} by augmentation"
        methods = ", ".join(dict.fromkeys(copy.method for copy in self.copies))
        made += f" ({methods})" if methods else ""
        return f"{made}; {self.left_out:,} left out that equal their text or another copy" if self.left_out else made


def augment(
    corpus: C,
    methods: Sequence[str],
    *,
    copies: int = 1,
    seed: int = 1,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    offline: bool = False,
) -> C:
    """The corpus with `copies` copies of each text by each method behind it; see `draw`."""
    drawn = draw(corpus, methods, copies=copies, seed=seed, options=options, functions=functions, offline=offline)
    logger.info("%s", drawn.told())
    return joined(corpus, drawn.copies)


def draw(
    corpus: Corpus,
    methods: Sequence[str],
    *,
    copies: int = 1,
    seed: int = 1,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    rows: Sequence[int] | None = None,
    offline: bool = False,
) -> Drawn:
    """Copies of the texts (of those at `rows`), method by method; ids are `12+synonyms1`.

    What is drawn depends on the seed, the method, the row and the copy's number alone. `options` holds settings by the
    method's word, `functions` what methods are handed in (`contextual.Propose`, `backtranslate.Translate`).
    Raises `UsageError` for a method, an option or a kind of data that does not fit.
    """
    examples = Rows(corpus)
    chosen = range(len(corpus)) if rows is None else rows
    supplies = Supplies(corpus, functions or {}, offline)
    given = {row: examples[row] for row in chosen}
    seen = {row: {_content(example)} for row, example in given.items()}
    found: list[Copy] = []
    for word in methods:
        method = _method(word, (options or {}).get(word, {}), supplies)
        for number in range(1, copies + 1):
            generators = [np.random.default_rng([seed, row, number, zlib.crc32(word.encode())]) for row in chosen]
            for row, changes in zip(chosen, method(list(given.values()), generators), strict=True):
                after = applied(given[row], changes)
                if _content(after) not in seen[row]:
                    seen[row].add(_content(after))
                    found.append(Copy(row, corpus.ids[row], word, number, given[row], changes, after))
    return Drawn(found, len(chosen) * len(methods) * copies - len(found))


def _method(word: str, options: Mapping[str, Any], supplies: Supplies) -> Any:
    entry, task = AUGMENTATIONS[word], _task(supplies.corpus)
    if task not in entry.tasks:
        fitting = ", ".join(word for word, other in AUGMENTATIONS.items() if task in other.tasks)
        what = {"tag": "a tagged text", "classify": "a text without tags"}.get(task, "a question")
        raise UsageError(
            f"augmentation: {word} can't be done to {what}",
            mend=f"methods that can: {fitting}" if fitting else "leave [augment] out",
        )
    return entry.load()(options_of(word, options), supplies)


def _task(corpus: Corpus) -> str:
    if isinstance(corpus, QuestionCorpus):
        return "answer"
    return "tag" if isinstance(corpus, TaggedCorpus) else "classify"


def _content(example: Example) -> Any:
    tagged = any(word.tag is not None for word in example.words)
    return (example.text, example.words) if tagged else example.text
