"""A text by the probability that a language model gave each of its tokens: on a page and in a terminal.

One hue: the stronger, the less the model expected the token. Full colour is a fixed number of bits, so that texts and
models can be compared. The text stays as given: blanks, line breaks, emoji.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regard.records import Span
from regard.report import wording
from regard.report.highlight import LEVELS, UNSIGNED, printable

if TYPE_CHECKING:
    from rich.text import Text

FULL = 10.0
"""Bits of full colour and more: a token that had less than about one chance in a thousand."""
SCALE = (1.0, 4.0, 7.0, 10.0)
"""Bits that a scale shows."""


@dataclass(frozen=True)
class Warm:
    """Characters of one token, or (`bits` None) of none. `bits` is how unexpected it was: -log2 of its probability."""

    text: str
    bits: float | None = None

    @property
    def level(self) -> int:
        """How strong the colour is, 0 to LEVELS."""
        return 0 if self.bits is None else round(min(self.bits / FULL, 1.0) * LEVELS)

    @property
    def told(self) -> str:
        return "" if self.bits is None else f"{chance(self.bits)}, {wording.figure(self.bits, 1)}\u00a0bits"


def warm(text: str, spans: Sequence[Span], log_probabilities: Sequence[float]) -> list[Warm]:
    """The whole text in order. Tokens that share their characters, as the bytes of an emoji do, are one; what a token
    shares with the one before it stays with that one."""
    found: list[Warm] = []
    position, pending = 0, 0.0
    for (start, end), own in zip(spans, log_probabilities, strict=True):
        bits = pending - own / math.log(2)
        start, end = max(start, position), min(end, len(text))
        if start >= end:
            # Nothing of its own to be shown on: what comes next, or what came last, has its bits.
            if found and found[-1].bits is not None:
                found[-1] = Warm(found[-1].text, found[-1].bits + bits)
            else:
                pending = bits
            continue
        if start > position:
            found.append(Warm(text[position:start]))
        found.append(Warm(text[start:end], bits))
        position, pending = end, 0.0
    return [*found, Warm(text[position:])] if position < len(text) else found


def of_token(text: str, log_probability: float) -> list[Warm]:
    """One token alone; one that adds no character yet is nothing."""
    return warm(text, [(0, len(text))], [log_probability]) if text else []


def chance(bits: float) -> str:
    """A probability as a reader takes it in: 45.2 %, 0.031 %."""
    share = 2.0**-bits
    return wording.percent(share) if share >= 0.001 else f"{100 * share:.2g}\u00a0%"


def to_terminal(pieces: Sequence[Warm]) -> Text:
    """The text on coloured ground."""
    from rich.text import Text

    shown = Text()
    for piece in pieces:
        shown.append(printable(piece.text), style=style(piece))
    return shown


def style(piece: Warm) -> str:
    """The ground of a token in a terminal."""
    if not piece.level:
        return ""
    weight = 0.1 + 0.75 * piece.level / LEVELS
    red, green, blue = (round(255 + weight * (part - 255)) for part in UNSIGNED)
    return f"black on rgb({red},{green},{blue})"


def terminal_scale() -> Text:
    """What the colours mean."""
    from rich.text import Text

    shown = Text("probability of a token: ")
    for bits in SCALE:
        shown.append(f" {chance(bits)} ", style=style(Warm("", bits)))
        shown.append(" ")
    return shown
