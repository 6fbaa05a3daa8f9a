"""What every method of augmentation is, and what it may need beside the text itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

import numpy as np

from regard.errors import UsageError
from regard.records import Corpus
from regard.text.augment.english import is_function_word, is_negation
from regard.text.augment.example import Change, Example

T = TypeVar("T")

_AFTER_A_SENTENCE = ".!?:;…\"'“”‘’«»([{*-–—"


@dataclass(frozen=True)
class Supplies:
    """`corpus` is the training data that is augmented; `functions` are handed in by whoever may load models."""

    corpus: Corpus
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    offline: bool = False

    def function(self, word: str, what: str) -> Callable[..., Any]:
        """The function handed in for a method. Raises `UsageError` where there is none."""
        if word not in self.functions:
            raise UsageError(
                f"augmentation: {word} needs {what}",
                mend=f"hand it in as functions={{{word!r}: ...}}, or name models in its options for regard augment",
            )
        return self.functions[word]


class Method(ABC):
    """One way to make another text with the same label. It draws from the generators it is handed, nowhere else."""

    def __init__(self, options: Any, supplies: Supplies) -> None:
        self.options = options
        self.supplies = supplies

    @abstractmethod
    def __call__(self, examples: Sequence[Example], generators: Sequence[np.random.Generator]) -> list[list[Change]]:
        """For each text what changes in it, in order, nothing overlapping; nothing where the method finds no hold."""


class OneByOne(Method):
    """A method that looks at one text at a time."""

    @final
    def __call__(self, examples: Sequence[Example], generators: Sequence[np.random.Generator]) -> list[list[Change]]:
        return [self.changes(example, generator) for example, generator in zip(examples, generators, strict=True)]

    @abstractmethod
    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        """What changes in one text."""


def share_of(example: Example, share: float) -> int:
    """So many words of a text, one at least (EDA's n)."""
    return max(1, int(share * len(example.words)))


def drawn(
    positions: Sequence[int], number: int, fitting: Callable[[int], T | None], generator: np.random.Generator
) -> dict[int, T]:
    """Up to `number` of `positions`, drawn without return of those that `fitting` has something for; in order, with it.

    Only as many words are looked at as it takes: a long text costs no more for it.
    """
    found: dict[int, T] = {}
    for at in generator.permutation(len(positions)):
        if len(found) == number:
            break
        if fits := fitting(positions[at]):
            found[positions[at]] = fits
    return dict(sorted(found.items()))


def movable(example: Example, keep_negations: bool) -> list[int]:
    """The free words, without those that turn a sentence round where they are kept."""
    return [position for position in example.free if not (keep_negations and is_negation(example.spelled(position)))]


def is_exchangeable(example: Example, position: int) -> bool:
    """Whether another word may stand for a free word: it is letters only, no function word and no name."""
    word = example.spelled(position)
    return word.isalpha() and not is_function_word(word) and not _is_name(example, position)


def cased_like(word: str, replacement: str) -> str:
    """`replacement` with capitals where `word` has them: all, the first, none of its own."""
    if word.isupper() and len(word) > 1:
        return replacement.upper()
    return replacement[:1].upper() + replacement[1:] if word[:1].isupper() else replacement


def _is_name(example: Example, position: int) -> bool:
    """Whether a word begins with a capital that no sentence's beginning explains."""
    word = example.spelled(position)
    if not word[0].isupper() or word.isupper():
        return False
    before = example.words[position].start - 1
    while before >= 0 and example.text[before].isspace():
        before -= 1
    return before >= 0 and example.text[before] not in _AFTER_A_SENTENCE
