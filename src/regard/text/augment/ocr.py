"""`ocr`: letters that look alike in print are taken for each other, as when a page is scanned."""

from __future__ import annotations

from regard.text.augment.noise import Noise, Slip

ALIKE = (
    *("l1I", "O0", "o0", "S5", "B8", "Z2", "z2", "G6", "g9", "ce", "hb", "nu", "ft"),
    *("rn m", "ri n", "ii u", "cl d", "vv w"),
)
"""Groups of letters that are taken for each other: single ones, or with blanks between those of several letters."""


def _confusions() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for group in ALIKE:
        members = group.split() if " " in group else list(group)
        for one in members:
            found.setdefault(one, []).extend(other for other in members if other != one)
    return {one: tuple(others) for one, others in found.items()}


CONFUSIONS = _confusions()


class Ocr(Noise):
    def slips(self, word: str) -> list[Slip]:
        return [
            Slip(at, at + len(taken), ways)
            for at in range(len(word))
            for taken, ways in CONFUSIONS.items()
            if word.startswith(taken, at)
        ]
