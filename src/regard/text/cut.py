"""Which tokens of a text are read: its beginning, its end, both, or all of it in windows that overlap.

Notable: the last window ends with the text, so that no window is a scrap that would count as much as a whole one. A
very long text is cut by characters before it is tokenised: tokenising 10 MB to keep 256 tokens takes 14 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regard.errors import UsageError

CHARACTERS_PER_TOKEN = 24  # generous: longer words than this, all along, are no language


@dataclass(frozen=True)
class Stretches:
    """Parts of a text with their places in it, and how many times longer than these the whole text is."""

    parts: list[tuple[str, int]]
    share: float


@dataclass(frozen=True)
class Cut:
    """A `strategy` (tokens.strategy in a recipe) for windows of `room` tokens, special ones not counted.

    For `windows`: one begins every `stride` tokens (0: half a window), and there are `most` of them at most. Raises
    `UsageError` for a stride that would leave tokens between two windows unread.
    """

    room: int
    strategy: str
    stride: int = 0
    most: int = 16

    def __post_init__(self) -> None:
        if self.stride > self.room:
            raise UsageError(
                f"tokens.window_stride: {self.stride} leaves tokens unread between windows of {self.room}",
                mend=f"at most {self.room} (tokens.max_length without the special tokens); 0 is half a window",
            )

    @property
    def step(self) -> int:
        """Tokens from the beginning of one window to that of the next."""
        return self.stride or (self.room + 1) // 2

    @property
    def reach(self) -> int:
        """The most tokens of a text that are read."""
        return self.room + (self.most - 1) * self.step if self.strategy == "windows" else self.room

    def windows(self, length: int) -> list[Sequence[int]]:
        """The tokens of each window, of a text of `length`; one window but for the strategy `windows`.

        Each holds `room` tokens where the text has so many. With more than `reach` tokens the end is not read.
        """
        room = self.room
        if length <= room:
            return [range(length)]
        if self.strategy == "head":
            return [range(room)]
        if self.strategy == "tail":
            return [range(length - room, length)]
        if self.strategy == "head+tail":
            head = (room + 1) // 2
            return [[*range(head), *range(length - (room - head), length)]]
        last = min(length, self.reach) - room
        return [range(start, start + room) for start in [*range(0, last, self.step), last]]

    def stretches(self, text: str) -> Stretches:
        """What of a text can hold the tokens read: all of it, or the needed ends of a very long one."""
        characters = self.reach * CHARACTERS_PER_TOKEN
        if len(text) <= 4 * characters:
            return Stretches([(text, 0)], 1.0)
        head, tail = (text[: _before_blank(text, characters)], 0), _after_blank(text, len(text) - characters)
        parts = {
            "tail": [(text[tail:], tail)],
            "head+tail": [head, (text[tail:], tail)],
        }.get(self.strategy, [head])
        return Stretches(parts, len(text) / sum(len(part) for part, _ in parts))


def _before_blank(text: str, end: int) -> int:
    """`end`, or a little less, so that no word is cut; a text without blanks is cut where it is."""
    blank = text.rfind(" ", end // 2, end)
    return blank if blank > 0 else end


def _after_blank(text: str, start: int) -> int:
    blank = text.find(" ", start, (start + len(text)) // 2)
    return blank + 1 if blank > 0 else start
