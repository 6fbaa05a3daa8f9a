"""Tagged corpora made of words, and the entities of a row as texts."""

from __future__ import annotations

from collections.abc import Sequence

from regard.records import Corpus, TaggedCorpus, tags
from regard.text.augment.example import Example, Word

EACH_METHOD = ("synonyms", "swap", "delete", "insert", "eda", "keyboard", "ocr")


def labelled(*texts: str) -> Corpus:
    ids = [str(row) for row in range(1, len(texts) + 1)]
    return Corpus("made up", ids, list(texts), ["good"] * len(texts), list(range(2, len(texts) + 2)))


def tagged(*rows: str, gap: str = " ") -> TaggedCorpus:
    """Rows as `Anna/B-person sings/O`."""
    texts, words, labels = [], [], []
    for row in rows:
        pairs = [token.rpartition("/")[::2] for token in row.split()]
        texts.append(gap.join(word for word, _ in pairs))
        words.append(places([word for word, _ in pairs], [gap] * len(pairs)))
        labels.append(tuple(tag for _, tag in pairs))
    ids = [str(row) for row in range(1, len(rows) + 1)]
    return TaggedCorpus("made up", ids, texts, labels, words=words)


def places(words: Sequence[str], gaps: Sequence[str]) -> list[tuple[int, int]]:
    found, start = [], 0
    for word, gap in zip(words, gaps, strict=True):
        found.append((start, start + len(word)))
        start += len(word) + len(gap)
    return found


def as_row(example: Example) -> str:
    return " ".join(f"{example.spelled(at)}/{word.tag}" for at, word in enumerate(example.words))


def entities(text: str, words: Sequence[Word]) -> list[tuple[str, str]]:
    """Type and text of each entity that the tags of words mark."""
    found = tags.entities([word.tag or "O" for word in words])
    return [(kind, text[words[start].start : words[end - 1].end]) for start, end, kind in found]
