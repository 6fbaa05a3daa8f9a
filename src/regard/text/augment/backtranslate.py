"""`backtranslate`: a text is translated into another language and back (Sennrich et al. 2016; Edunov et al. 2018).

The way there and back is a function that is handed in. Tags don't survive it: it is for texts with a label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

import numpy as np

from regard.text.augment.example import Change, Example, Word, example
from regard.text.augment.method import Method, Supplies
from regard.text.augment.options import BacktranslateOptions

Translate = Callable[[list[str]], list[str]]
"""Texts to what they are after the way there and back, one for one."""

_RUN = re.compile(r"\S+")


class Backtranslate(Method):
    def __init__(self, options: BacktranslateOptions, supplies: Supplies) -> None:
        super().__init__(options, supplies)
        self.translate: Translate = supplies.function("backtranslate", "two translation models, there and back")

    def __call__(self, examples: Sequence[Example], generators: Sequence[np.random.Generator]) -> list[list[Change]]:
        """The same text always comes back as the same: a second copy of it is none."""
        rows = [row for row, example in enumerate(examples) if example.text.strip()]
        back = self.translate([examples[row].text for row in rows])
        found: list[list[Change]] = [[] for _ in examples]
        for row, text in zip(rows, back, strict=True):
            if text.strip():
                found[row] = list(_between(examples[row].text, text))
        return found


def _between(old: str, new: str) -> Iterator[Change]:
    """What leads from one text to the other, run of characters by run; blanks count as alike."""
    runs, others = ([match.span() for match in _RUN.finditer(text)] for text in (old, new))
    alike = SequenceMatcher(None, _spelled(old, runs), _spelled(new, others), autojunk=False)
    for kind, i1, i2, j1, j2 in alike.get_opcodes():
        if kind == "replace":
            yield _change(runs[i1][0], runs[i2 - 1][1], new[others[j1][0] : others[j2 - 1][1]])
        elif kind == "insert" and i1 < len(runs):
            yield _change(runs[i1][0], runs[i1][0], f"{new[others[j1][0] : others[j2 - 1][1]]} ")
        elif kind == "insert":
            yield _change(runs[-1][1], runs[-1][1], f" {new[others[j1][0] : others[j2 - 1][1]]}")
        elif kind == "delete" and i2 < len(runs):
            yield _change(runs[i1][0], runs[i2][0], "")
        elif kind == "delete":
            yield _change(runs[i1 - 1][1], runs[-1][1], "")


def _spelled(text: str, runs: Sequence[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in runs]


def _change(start: int, end: int, replacement: str) -> Change:
    words: tuple[Word, ...] = example(replacement).words
    return Change(start, end, replacement, words)
