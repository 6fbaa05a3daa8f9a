"""Answers in their contexts: what a cell says in any of the shapes that data have, and where each answer stands.

An answer counts only where it stands in its context, character for character. One whose start is wrong or missing is
found there; one that is not there is an error, never left out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal, NamedTuple

How = Literal["given", "found", "moved"]

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer


class Placed(NamedTuple):
    """`context[start : start + len(text)]` is `text`. `how`: at the start given, found without one, or moved."""

    text: str
    start: int
    how: How


class Stated(NamedTuple):
    """An answer as the data state it; `start` is None where they give none."""

    text: str
    start: int | None


def stated(cell: Any, start: Any = None) -> list[Stated]:
    """The answers in a cell; none for null, an empty text or an empty list.

    A cell is a text (its start in `start`), a list of texts (with a list of starts), an object of both
    (`{"text": [...], "answer_start": [...]}`, as `datasets` has it) or a list of objects (as SQuAD's JSON has it).
    Raises `ValueError`, with what is wrong, for anything else and for unequal numbers of answers and starts.
    """
    cell, start = _plain(cell), _plain(start)
    if isinstance(cell, dict):
        if "text" not in cell:
            raise ValueError(f"answers without the key 'text': {_short(cell)}")
        return stated(cell["text"], cell.get("answer_start"))
    if isinstance(cell, list) and cell and all(isinstance(item, dict) for item in cell):
        return [answer for item in cell for answer in stated(item)]
    texts = cell if isinstance(cell, list) else [] if cell is None or cell == "" else [cell]
    starts = start if isinstance(start, list) else [start]
    if start is None or start == "" or not texts:
        starts = [None] * len(texts)
    if len(texts) != len(starts):
        raise ValueError(f"{len(texts)} answers, but {len(starts)} starts")
    return [Stated(_text(text), _number(place)) for text, place in zip(texts, starts, strict=True)]


def place(context: str, answer: Stated) -> Placed:
    """Where an answer stands: at its start, else at the nearest place; without a start at the first, preferably of
    whole words. White space around it counts only where it stands there as given.

    Raises `ValueError`, with what is wrong, for an empty answer and for one that is not in its context.
    """
    text, start = answer
    if not text.strip():
        raise ValueError("an empty answer")
    if start is not None and start >= 0 and context.startswith(text, start):
        return Placed(text, start, "given")
    for spelled in dict.fromkeys((text, text.strip())):
        found = _first(context, spelled) if start is None else _nearest(context, spelled, start)
        if found >= 0:
            return Placed(spelled, found, "found" if start is None else "moved")
    raise ValueError(f"the answer {_short(text)} is not in its context{_hint(context, text)}")


def within_word(text: str, place: int) -> bool:
    """Whether a word goes on over the border before the character at `place`."""
    return 0 < place < len(text) and _of_word(text[place - 1]) and _of_word(text[place])


def as_words(context: str, answer: str) -> int:
    """The first place where an answer stands with no letter or digit right before or behind it; -1 where it never
    does."""
    found = context.find(answer)
    while found >= 0:
        if not within_word(context, found) and not within_word(context, found + len(answer)):
            return found
        found = context.find(answer, found + 1)
    return -1


def _of_word(character: str) -> bool:
    """A letter or digit of a script that sets words apart: Chinese, Japanese, Thai and their like do not."""
    spaced = unicodedata.east_asian_width(character) not in "WF" and not _UNSPACED.match(character)
    return character.isalnum() and spaced


def _first(context: str, answer: str) -> int:
    found = as_words(context, answer)
    return found if found >= 0 else context.find(answer)


def _nearest(context: str, answer: str, start: int) -> int:
    """The nearest place to `start`, the earlier of two as near; -1 where there is none."""
    start = min(max(start, 0), len(context))
    before, after = context.rfind(answer, 0, start + len(answer)), context.find(answer, start)
    if before < 0 or after < 0:
        return max(before, after)
    return before if start - before <= after - start else after


def _hint(context: str, answer: str) -> str:
    """What stands there instead, where only capitals or white space differ."""
    pattern = r"\s+".join(re.escape(word) for word in answer.split())
    near = re.search(pattern, context, re.IGNORECASE)
    return f"; it has {_short(near.group())}" if near else ""


def _plain(value: Any) -> Any:
    """Arrays and numbers of NumPy as Python's own; NaN as None."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return None if isinstance(value, float) and value != value else value


def _text(value: Any) -> str:
    value = _plain(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"an answer that is no text: {_short(value)}")


def _number(value: Any) -> int | None:
    value = _plain(value)
    if value is None:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,18}(\.0*)?", str(value).strip()):
        raise ValueError(f"a start that is no whole number: {_short(value)}")
    return int(str(value).strip().partition(".")[0])


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
