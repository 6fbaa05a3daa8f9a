"""The validation part of a single text: its end, so that what is learned and what is asked are both whole."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from regard.errors import DataError
from regard.text.split import Cut

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n")
_WORD = re.compile(r"\s+(?=\S)")


def cut_off_end(corpus: Any, fraction: float) -> Cut[Any]:
    """The last `fraction` of the one text of a corpus as validation, cut behind a paragraph where there is one near
    (within a tenth of the part), else behind a line or a word. Raises `DataError` for a text too short for both."""
    (text,) = corpus.texts
    wanted = round(len(text) * (1 - fraction))
    place, behind = _place(text, wanted, max(1, round(len(text) * fraction / 10)))
    train, held_out = text[:place], text[place:]
    if not train.strip() or not held_out.strip():
        raise DataError(
            "this text is too short to cut a validation part off", file=corpus.source, mend="give more text"
        )
    share = len(held_out) / len(text)
    note = f"the last {len(held_out):,} of {len(text):,} characters ({share:.0%}) cut from train, behind a {behind}"
    return Cut(replace(corpus, texts=[train]), replace(corpus, texts=[held_out]), note)


def _place(text: str, wanted: int, near: int) -> tuple[int, str]:
    for pattern, noun in ((_PARAGRAPH, "paragraph"), (_LINE, "line"), (_WORD, "word")):
        ends = [match.end() for match in pattern.finditer(text, wanted - near, wanted + near)]
        if ends:
            return min(ends, key=lambda end: abs(end - wanted)), noun
    return wanted, "character"
