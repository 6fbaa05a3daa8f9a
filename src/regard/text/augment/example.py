"""A text as augmentation sees it: words with their tags, and changes that take both along."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from regard.recipe import PreprocessOptions
from regard.records import Span
from regard.text.edits import Edit, apply
from regard.text.emoji import EMOJI
from regard.text.normalise import Normaliser
from regard.text.words import split_words

APOSTROPHES = "'’"
JOINER = "\u200d"


class Word(NamedTuple):
    """Characters `text[start:end]`, and the word's tag; None where words have none."""

    start: int
    end: int
    tag: str | None = None


class Change(NamedTuple):
    """`text[start:end]` becomes `replacement`; `words` are those of the replacement, counted from its beginning.

    A change covers a word wholly or not at all. Where start is end, the replacement stands before that place.
    """

    start: int
    end: int
    replacement: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Example:
    """A text with its words. `free` are the positions of the words that may be exchanged, moved or left out: they
    belong to no entity, hold a letter or digit, and are not written together with what stands beside them."""

    text: str
    words: tuple[Word, ...]
    free: tuple[int, ...] = ()

    def spelled(self, position: int) -> str:
        word = self.words[position]
        return self.text[word.start : word.end]

    def renamed(self, position: int, replacement: str) -> Change:
        """The change that spells one word anew; its tag stays."""
        word = self.words[position]
        return Change(word.start, word.end, replacement, (Word(0, len(replacement), word.tag),))


def example(
    text: str, words: Sequence[Span] | None = None, tags: Sequence[str] | None = None, inside: Iterable[int] = ()
) -> Example:
    """A text with the words and tags that it comes with, else with those found in it. `inside` are the positions of
    words that belong to an entity."""
    spans = _words_of(text) if words is None else words
    marked = tags if tags is not None else [None] * len(spans)
    found = tuple(Word(start, end, tag) for (start, end), tag in zip(spans, marked, strict=True))
    return Example(text, found, _free(text, found, frozenset(inside)))


def applied(given: Example, changes: Sequence[Change]) -> Example:
    """The text after the changes, with its words and their tags; none of its words is free.

    Changes are in order and do not overlap. Raises `ValueError` where one would cut a word.
    """
    words: list[Word] = []
    shift, place = 0, 0
    for change in changes:
        while place < len(given.words) and given.words[place].end <= change.start:
            words.append(_moved(given.words[place], shift))
            place += 1
        words += [_moved(word, change.start + shift) for word in change.words]
        while place < len(given.words) and given.words[place].start < change.end:
            if given.words[place].start < change.start or given.words[place].end > change.end:
                raise ValueError(f"a change of {change.start}:{change.end} cuts the word {given.spelled(place)!r}")
            place += 1
        shift += len(change.replacement) - (change.end - change.start)
    words += [_moved(word, shift) for word in given.words[place:]]
    text = apply(given.text, [Edit(change.start, change.end, change.replacement) for change in changes])
    return Example(text, tuple(words))


def goes_on(text: str, place: int) -> bool:
    """Whether the character at `place` belongs to the one before it: an accent, a vowel sign, a joiner, or what a
    joiner binds. Nothing may come between them."""
    if not 0 < place < len(text):
        return False
    return text[place] == JOINER or text[place - 1] == JOINER or unicodedata.category(text[place]).startswith("M")


def _moved(word: Word, by: int) -> Word:
    return word if by == 0 else Word(word.start + by, word.end + by, word.tag)


@cache
def _without_markup() -> Normaliser:
    switches = dict.fromkeys(PreprocessOptions.model_fields, False)
    return Normaliser(PreprocessOptions(**{**switches, "html": True}))


def _words_of(text: str) -> list[Span]:
    """The words of a text as given that hold a letter or a digit; contractions are one word, markup is none."""
    clean = _without_markup()(text)
    found: list[Span] = []
    for start, end in split_words(clean.text):
        if found and found[-1][1] == start and _ends_a_contraction(clean.text[start:end]):
            found[-1] = (found[-1][0], end)
        elif _is_solid(clean.text[start:end]) and not EMOJI.fullmatch(clean.text, start, end):
            found.append((start, end))
    origins = ((clean.span(start, end), clean.text[start:end]) for start, end in found)
    return [span for span, spelled in origins if text[slice(*span)] == spelled]


def _is_solid(piece: str) -> bool:
    return any(character.isalnum() for character in piece)


def _ends_a_contraction(piece: str) -> bool:
    """Of pieces written together: `n't`, `'s`, and `not` of `cannot`."""
    return piece[0] in APOSTROPHES or (piece[0].isascii() and piece[0].isalpha())


def _free(text: str, words: Sequence[Word], inside: frozenset[int]) -> tuple[int, ...]:
    held = set(inside)
    solid = [_is_solid(text[word.start : word.end]) for word in words]
    for position, (word, following) in enumerate(itertools.pairwise(words)):
        if word.end == following.start and solid[position] and solid[position + 1]:
            held.update((position, position + 1))
    if not text.isascii():
        held.update(at for at, word in enumerate(words) if goes_on(text, word.start) or goes_on(text, word.end))
    return tuple(position for position in range(len(words)) if solid[position] and position not in held)
