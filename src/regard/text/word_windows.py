"""A tagged text as a model reads it: in windows of whole words, each word's tag taken from one of them. No torch.

Notable: windows overlap, and a word that several hold is answered by the one that shows most on both sides of it. The
last window ends with the text, so that its words have as much before them as there is room for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import NamedTuple

from regard.text.cut import Cut


@dataclass(frozen=True)
class EncodedWords:
    """A text, or one window of it: token ids, and where among them the first of each word in `words` stands.

    `answers` are those of the text's words whose tags are taken from this window: of all windows together each word
    that is read once, in order. `characters` are ids for each token where a model reads characters. `tokens_in_text`
    counts the tokens of all its words, special ones included (estimated for a text of far more words than are read),
    `unread` the words at its end that no window holds.
    """

    ids: list[int]
    first: list[int]
    words: range
    answers: range
    tokens_in_text: int
    unread: int = 0
    characters: tuple[list[int], ...] = ()
    further: tuple[EncodedWords, ...] = ()

    @property
    def windows(self) -> list[EncodedWords]:
        """All that is read of the text, in order."""
        return [self, *self.further]

    @property
    def longest(self) -> int:
        """Tokens of its longest window: what a batch with this text is padded to, at least."""
        return max(len(window.ids) for window in self.windows)

    def places(self) -> list[tuple[int, int]]:
        """For each word that is read, in order: which window answers for it, and at which token."""
        return [
            (number, window.first[word - window.words.start])
            for number, window in enumerate(self.windows)
            for word in window.answers
        ]


class Reading(NamedTuple):
    """What a model reads of the words of one window; see `EncodedWords`."""

    ids: list[int]
    first: list[int]
    characters: tuple[list[int], ...] = ()


def joined(
    windows: Sequence[range],
    sizes: Sequence[int],
    read: Callable[[range], Reading],
    *,
    tokens_in_text: int,
    words_in_text: int,
) -> EncodedWords:
    """A text from its windows, words of `sizes` tokens; `read` says what a model reads of the words of one."""
    unread = words_in_text - windows[-1].stop
    first, *further = (
        EncodedWords(own.ids, own.first, words, answered, tokens_in_text, unread, own.characters)
        for words, answered in zip(windows, answering(windows, sizes), strict=True)
        for own in [read(words)]
    )
    return replace(first, further=tuple(further)) if further else first


def whole_words(sizes: Sequence[int], cut: Cut) -> list[range]:
    """The words of each window, of words of `sizes` tokens, none of more than `cut.room`.

    A window begins with the first word that is `cut.step` tokens or more behind the beginning of the one before, or
    later where it would hold nothing new, and there are `cut.most` at most; the last one, where it reaches the text's
    end, as early as there is room.
    """
    before = [0, *accumulate(sizes)]

    def latest(start: int) -> int:
        return bisect_right(before, before[start] + cut.room) - 1

    def earliest(end: int) -> int:
        return bisect_left(before, before[end] - cut.room)

    windows = [range(latest(0))]
    while windows[-1].stop < len(sizes) and len(windows) < cut.most:
        last = windows[-1]
        start = bisect_left(before, before[last.start] + cut.step)
        start = min(max(start, earliest(last.stop + 1)), last.stop)
        end = latest(start)
        windows.append(range(earliest(end) if end == len(sizes) else start, end))
    return windows


def answering(windows: Sequence[range], sizes: Sequence[int]) -> list[range]:
    """The words that each window answers for, by the tokens that it shows on both sides of them.

    A word's context is the lesser of what stands before it and after it in the window, at the text's own ends without
    limit; of two windows with the same the earlier one answers.
    """
    before = [0, *accumulate(sizes)]
    ends = [0]
    for one, other in pairwise(windows):
        # What `one` shows after a word against what `other` shows before it; the first word that is better off there.
        both = before[one.stop] + before[other.start]
        inside = range(other.start, one.stop)
        ends.append(next((word for word in inside if before[word] + before[word + 1] > both), one.stop))
    ends.append(windows[-1].stop)
    return [range(start, end) for start, end in pairwise(ends)]
