"""Texts that are almost the same: MinHash over word triples, banded, then checked exactly.

Broder (1997): the chance that two sets have the same minimum under a random order is their Jaccard similarity.
Sixteen bands of four minima (Leskovec, Rajaraman and Ullman 2014, section 3.4) find a pair at 0.8 with a chance
of 0.9998; every pair found is checked on the triples themselves, so none is reported that is not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

SIMILARITY = 0.8
WORDS_OF_A_TEXT = 5_000
"""Words beyond these are not compared."""

_BANDS, _ROWS, _TRIPLE = 16, 4, 3
_WORD = re.compile(r"\w+")


class Pair(NamedTuple):
    """Two positions, the earlier first, and the Jaccard similarity of their word triples."""

    first: int
    second: int
    similarity: float


def near_duplicates(texts: Sequence[str]) -> list[Pair]:
    """Pairs at least 0.8 alike, each later text at most once, by position. Case and punctuation don't count."""
    triples = [*_triples(texts)]
    filled = [position for position, own in enumerate(triples) if len(own)]
    if len(filled) < 2:
        return []
    signatures = _signatures([triples[position] for position in filled])
    found: dict[int, Pair] = {}
    for first, second in _candidates(signatures):
        first, second = filled[first], filled[second]
        if second not in found and (similarity := _jaccard(triples[first], triples[second])) >= SIMILARITY:
            found[second] = Pair(first, second, similarity)
    return [found[second] for second in sorted(found)]


def _triples(texts: Sequence[str]) -> Iterator[np.ndarray]:
    """The different word triples of each text as 64-bit hashes; a short text is padded at its end."""
    vocabulary: dict[str, int] = {}
    generator = np.random.default_rng(0)
    hashes = np.zeros(0, dtype=np.uint64)
    mix = _random_odd(generator, _TRIPLE)
    for text in texts:
        words = _WORD.findall(text.lower())[:WORDS_OF_A_TEXT]
        ids = [vocabulary.setdefault(word, len(vocabulary) + 1) for word in words] + [0] * (_TRIPLE - 1)
        if len(vocabulary) >= len(hashes):
            hashes = np.concatenate([hashes, _random_odd(generator, len(vocabulary) + 50_000)])
        own = hashes[ids]
        yield np.unique(sum(own[i : len(words) + i] * mix[i] for i in range(_TRIPLE)))


def _signatures(triples: list[np.ndarray]) -> np.ndarray:
    """The minima of each text under 64 random orders: `[n 64]`, uint64."""
    generator = np.random.default_rng(1)
    starts = np.cumsum([0, *(len(own) for own in triples[:-1])])
    joined = np.concatenate(triples)
    signatures = np.empty((len(triples), _BANDS * _ROWS), dtype=np.uint64)
    for column, factor in enumerate(_random_odd(generator, _BANDS * _ROWS)):
        signatures[:, column] = np.minimum.reduceat(joined * factor, starts)
    return signatures


def _candidates(signatures: np.ndarray) -> Iterator[tuple[int, int]]:
    """Texts alike in a band, each paired with the first of its kind."""
    mix = _random_odd(np.random.default_rng(2), _ROWS)
    for band in range(_BANDS):
        keys = (signatures[:, band * _ROWS : (band + 1) * _ROWS] * mix).sum(axis=1, dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        same = np.concatenate([[False], keys[order][1:] == keys[order][:-1]])
        firsts = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
        yield from zip(order[firsts[same]].tolist(), order[same].tolist(), strict=True)


def _jaccard(one: np.ndarray, other: np.ndarray) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


def _random_odd(generator: np.random.Generator, n: int) -> np.ndarray:
    return generator.integers(0, 2**63, n, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
