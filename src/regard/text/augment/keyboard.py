"""`keyboard`: a letter is written as one beside it on a QWERTY keyboard, as a finger slips."""

from __future__ import annotations

from regard.text.augment.noise import Noise, Slip

ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))
"""The rows of letters, and how far each begins to the right of the first, in keys."""


def _neighbours() -> dict[str, tuple[str, ...]]:
    """For each letter those whose keys touch its own, in both cases."""
    places = {key: (x + shift, y) for y, (row, shift) in enumerate(ROWS) for x, key in enumerate(row)}
    found: dict[str, tuple[str, ...]] = {}
    for key, (x, y) in places.items():
        near = tuple(
            other
            for other, (x2, y2) in places.items()
            if other != key and (abs(x - x2) <= 1 if y == y2 else abs(y - y2) == 1 and abs(x - x2) < 1)
        )
        found[key], found[key.upper()] = near, tuple(other.upper() for other in near)
    return found


NEIGHBOURS = _neighbours()


class Keyboard(Noise):
    def slips(self, word: str) -> list[Slip]:
        return [Slip(at, at + 1, NEIGHBOURS[letter]) for at, letter in enumerate(word) if letter in NEIGHBOURS]
