"""Tagged texts that know the line of each word in their file, so that a message about a tag has a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from regard.records import TaggedCorpus


@dataclass(frozen=True)
class LinedCorpus(TaggedCorpus):
    """`lines` are the line of each text's first word, `word_lines` those of every word: comments, ranges and empty
    nodes may stand between two words. Of a table both are the row's line or number."""

    word_lines: list[list[int]] | None = None

    PER_TEXT: ClassVar[tuple[str, ...]] = (*TaggedCorpus.PER_TEXT, "word_lines")


def word_line(corpus: TaggedCorpus, row: int, word: int) -> int | None:
    """The line, or the row's number, of one word; None where the corpus does not come from a file."""
    lines = getattr(corpus, "word_lines", None)
    if lines is not None:
        return int(lines[row][word])
    return None if corpus.lines is None else corpus.lines[row]
