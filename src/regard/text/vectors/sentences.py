"""Texts as numbers of words, for training word vectors: split as the `word` tokenizer splits, rare words left out.

A sentence here is what a window of words never reaches beyond: a line of a .txt file, a paragraph of any other text.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from regard.errors import DataError
from regard.recipe import PreprocessOptions
from regard.text.formats.table import decode, read_bytes
from regard.text.normalise import Normaliser
from regard.text.read import read
from regard.text.tokenise import WORD_PATTERN

LONGEST = 10_000
"""Words of a sentence at most; gensim drops without a word what goes beyond, so longer ones are cut here."""

_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Sentences:
    """`ids[starts[i] : starts[i + 1]]` are the words of sentence i; `words` are commonest first, `counts` `[v]` beside.

    Words that are too rare are taken out first, so that a window reaches over them, as in word2vec and GloVe.
    `read` counts the words before that.
    """

    words: list[str]
    counts: np.ndarray
    ids: np.ndarray
    starts: np.ndarray
    read: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[list[str]]:
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield [self.words[word] for word in self.ids[start:end].tolist()]

    @classmethod
    def of(cls, texts: Iterable[str], *, minimum_count: int = 5, lowercase: bool = True) -> Sentences:
        """Number the words of texts. Raises `DataError` where not two of them occur `minimum_count` times."""
        split = word_splitter(lowercase=lowercase)
        numbers: dict[str, int] = {}
        found, starts = array("i"), array("q", [0])
        for text in texts:
            words = split(text)
            for start in range(0, len(words), LONGEST):
                found.extend(numbers.setdefault(word, len(numbers)) for word in words[start : start + LONGEST])
                starts.append(len(found))
        return _without_rare(list(numbers), np.array(found, dtype=np.int32), np.array(starts), minimum_count)

    def pairs(self, window: int) -> int:
        """How many pairs of a word and one of at most `window` words beside it there are, each counted both ways."""
        lengths = np.diff(self.starts)
        return int(2 * sum(np.maximum(lengths - distance, 0).sum() for distance in range(1, window + 1)))


def word_splitter(*, lowercase: bool) -> Callable[[str], list[str]]:
    """What a network with `tokens.kind = word` does to a text before it looks its words up."""
    from tokenizers import Regex, normalizers, pre_tokenizers

    # The library's pattern, not Python's `re`, which takes combining marks for no part of a word.
    pattern = pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="removed", invert=True)
    lower, normaliser = normalizers.Lowercase(), Normaliser(PreprocessOptions())

    def split(text: str) -> list[str]:
        plain = normaliser(text).text
        plain = lower.normalize_str(plain) if lowercase else plain
        return [word for word, _ in pattern.pre_tokenize_str(plain)]

    return split


def read_sentences(source: str | Path | Any, *, text_column: str | None = None, offline: bool = False) -> list[str]:
    """The lines of a .txt file, or the paragraphs (blank lines between) of all texts that `text.read` reads.

    Raises `DataError` and `UsageError` as `text.read` does.
    """
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".txt" and Path(source).is_file():
        path = Path(source)
        pieces = decode(read_bytes(path), path).splitlines()
    else:
        corpus = read(source, text_column=text_column, needs_labels=False, offline=offline)
        pieces = [piece for text in corpus.texts for piece in _BLANK_LINE.split(text)]
    return [piece for piece in pieces if piece.strip()]


def _without_rare(words: list[str], ids: np.ndarray, starts: np.ndarray, minimum_count: int) -> Sentences:
    counts = np.bincount(ids, minlength=len(words))
    order = sorted((n for n in range(len(words)) if counts[n] >= minimum_count), key=lambda n: (-counts[n], words[n]))
    if len(order) < 2:
        often = f"{minimum_count} times" if minimum_count > 1 else "in it"
        message = f"{len(order)} of {len(words):,} words occur {often}; at least two are needed"
        raise DataError(message, mend="give more text, or a lower --minimum-count")
    place = np.full(len(words), -1, dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    kept = place[ids] >= 0
    before = np.concatenate([[0], np.cumsum(kept)])
    return Sentences([words[n] for n in order], counts[order], place[ids][kept], before[starts], len(ids))
