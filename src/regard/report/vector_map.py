"""A map of words as SVG: a dot for each, its name beside it where there is room, light and dark, told in words.

Notable: names never lie on each other or on a dot. They are placed in the order given, so that the first words keep the
best places; one that finds room only farther away has a line to its dot, and one that finds none keeps it in the dot.
"""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

WIDTH, LOWEST, HIGHEST, MARGIN = 960, 420, 960, 60
FOOT = 44
"""Below the map, for the sentences on what it shows."""
NOTE_WIDTH = 140
DOT, GAP, TALL = 3.0, 3.0, 13.0
NARROW, LETTER, BROAD = 4.4, 7.6, 12.5
"""How broad letters of 12 pixels are in a broad font; Chinese, Japanese and Korean ones are as broad as an m."""
RADII = (0.0, 12.0, 24.0, 38.0, 54.0)
"""How much farther than beside its dot a name may stand; beyond the first it has a line to it."""
DIRECTIONS = 12

STYLE = (
    ".ground{fill:#fff}.dot{fill:#0b6b64}.lead{stroke:#9aa1ab;stroke-width:.8}"
    "text{font:12px system-ui,sans-serif;fill:#1b1d21}.note{fill:#5a6069}"
    "@media(prefers-color-scheme:dark){.ground{fill:#15171a}.dot{fill:#5ccfc0}.lead{stroke:#6a717c}"
    "text{fill:#e9ebee}.note{fill:#a4abb5}}"
    "@media print{.ground{fill:#fff}.dot{fill:#0b6b64}text{fill:#1b1d21}}"
)


@dataclass(frozen=True)
class Label:
    """A name's box, its lower left corner at (x, y); `led` where it stands away from its dot."""

    x: float
    y: float
    width: float
    led: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x, self.y - TALL, self.x + self.width, self.y


def vector_map(words: Sequence[str], places: np.ndarray, *, title: str, told: str) -> str:
    """An SVG file of `words` at `places` `[n 2]`, one unit as long across as up. `told` says what the places mean."""
    points, height = _on_paper(places)
    labels = _labels(words, points, height)
    unnamed = sum(label is None for label in labels)
    notes = [
        *textwrap.wrap(told, NOTE_WIDTH),
        *([f"{unnamed} of {len(words)} names had no room: point at a dot."] if unnamed else []),
    ]
    parts = [_word(word, x, y, label) for word, (x, y), label in zip(words, points.tolist(), labels, strict=True)]
    parts += [
        Markup('<text class="note" x="{}" y="{}">{}</text>').format(MARGIN / 2, height + 16 + 17 * row, note)
        for row, note in enumerate(notes)
    ]
    whole = height + FOOT + 17 * max(len(notes) - 2, 0)
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img">\n'
            "<title>{title}</title>\n<desc>{told} {named}</desc>\n<style>{style}</style>\n"
            '<rect class="ground" width="{w}" height="{h}"/>\n{parts}\n</svg>\n'
        ).format(
            w=WIDTH,
            h=whole,
            title=title,
            told=told,
            named=f"{len(words)} words.",
            style=Markup(STYLE),
            parts=Markup("\n").join(parts),
        )
    )


def _on_paper(places: np.ndarray) -> tuple[np.ndarray, int]:
    """Places in pixels, y downwards, and the height they take; both directions have one scale, as distances mean."""
    low, span = places.min(axis=0), np.ptp(places, axis=0)
    inner = WIDTH - 2 * MARGIN
    height = round(min(max(inner * span[1] / max(span[0], 1e-12) + 2 * MARGIN, LOWEST), HIGHEST))
    scales = [room / extent for room, extent in zip((inner, height - 2 * MARGIN), span, strict=True) if extent > 0]
    scale = min(scales, default=1.0)
    moved = (places - low - span / 2) * scale
    return np.column_stack([WIDTH / 2 + moved[:, 0], height / 2 - moved[:, 1]]), height


def _labels(words: Sequence[str], points: np.ndarray, height: float) -> list[Label | None]:
    reach = DOT + 1
    taken = np.column_stack([points - reach, points + reach])
    labels: list[Label | None] = []
    for word, point in zip(words, points.tolist(), strict=True):
        free = (label for label in _candidates(point, width_of(word)) if _is_free(label.box, taken, height))
        label = next(free, None)
        labels.append(label)
        if label is not None:
            taken = np.vstack([taken, label.box])
    return labels


def _candidates(point: Sequence[float], width: float) -> Iterator[Label]:
    """Places for a name of this width, nearest first: right, left, then around."""
    x, y = point
    for radius in RADII:
        away = DOT + GAP + radius
        for step in sorted(range(DIRECTIONS), key=lambda step: -abs(math.cos(2 * math.pi * step / DIRECTIONS))):
            across, up = math.cos(2 * math.pi * step / DIRECTIONS), math.sin(2 * math.pi * step / DIRECTIONS)
            middle_x = x + across * (away + width / 2)
            middle_y = y - up * (away + TALL / 2)
            yield Label(middle_x - width / 2, middle_y + TALL / 2, width, radius > 0)


def _is_free(box: tuple[float, float, float, float], taken: np.ndarray, height: float) -> bool:
    left, top, right, bottom = box
    if left < 2 or top < 2 or right > WIDTH - 2 or bottom > height - 2:
        return False
    meets = (taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < bottom) & (taken[:, 3] > top)
    return not meets.any()


def width_of(word: str) -> float:
    """Pixels that a name takes, rather too many than too few: no font is asked."""
    return sum(map(_letter_width, word))


def _letter_width(sign: str) -> float:
    if sign in "fijlrtI.,:;'’|!-":
        return NARROW
    return BROAD if sign in "mwMW@" or unicodedata.east_asian_width(sign) in "WF" else LETTER


def _word(word: str, x: float, y: float, label: Label | None) -> Markup:
    dot = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(x, y, DOT)
    name, lead = Markup(""), Markup("")
    if label is not None:
        # What a font is narrower than thought is left on the far side of the dot.
        left = label.x + label.width / 2 < x
        name = Markup('<text{} x="{:.1f}" y="{:.1f}">{}</text>').format(
            Markup(' text-anchor="end"') if left else "", label.x + label.width * left, label.y - 3, word
        )
    if label is not None and label.led:
        end_x = min(max(x, label.x), label.x + label.width)
        end_y = min(max(y, label.y - TALL), label.y)
        lead = Markup('<line class="lead" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(x, y, end_x, end_y)
    return Markup("<g><title>{}</title>{}{}{}</g>").format(word, lead, dot, name)
