"""Edits of a text, and the way back from a place after them to the place before."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Edit(NamedTuple):
    """`text[start:end]` becomes `replacement`."""

    start: int
    end: int
    replacement: str


class Rewrite:
    """The edits of one step, searchable by positions after it."""

    __slots__ = ("_after", "_edits")

    def __init__(self, edits: list[Edit]) -> None:
        self._edits = edits
        self._after: list[int] | None = None

    def source(self, position: int) -> tuple[int, int]:
        """Where the character at `position` after the step was before it: (start, end)."""
        if self._after is None:
            self._after = self._starts_after()
        index = bisect_right(self._after, position) - 1
        if index < 0:
            return position, position + 1
        edit = self._edits[index]
        beyond = position - self._after[index] - len(edit.replacement)
        if beyond < 0:
            return edit.start, edit.end
        return edit.end + beyond, edit.end + beyond + 1

    def _starts_after(self) -> list[int]:
        starts, shift = [], 0
        for edit in self._edits:
            starts.append(edit.start + shift)
            shift += len(edit.replacement) - (edit.end - edit.start)
        return starts


def apply(text: str, edits: list[Edit]) -> str:
    """The text after the edits."""
    pieces, position = [], 0
    for start, end, replacement in edits:
        pieces += [text[position:start], replacement]
        position = end
    return "".join([*pieces, text[position:]])
