"""A pattern drawn from its own definition: which query (a row) meets which key (a column), and how often.

In signs for a terminal, and as SVG with a title and a description, whose colours follow light and dark. A long text is
drawn in cells of several pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import torch
from jaxtyping import Int
from torch import Tensor

from regard.nn.attention.pattern import Pattern, Plan
from regard.nn.attention.reference import counts

HIDDEN, ONCE, OFTEN = "·", "■", "23456789+"
SHARES = "░▒▓█"  # of a cell's pairs: up to a quarter, up to half, more, all
VECTOR_WIDTH = 16

SIDE, LEFT, TOP = 16, 40, 34
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#3c424b}.l0{fill:#e9ecef}.l1{fill:#9cc7ee}.l2{fill:#5c9fdb}"
    ".l3{fill:#2f78bd}.l4{fill:#0b5394}.l5{fill:#b45309}.l6{fill:#7c2d12}.in{fill:#fff;text-anchor:middle}"
    "@media(prefers-color-scheme:dark){text{fill:#c9ced6}.l0{fill:#2a2f36}.l1{fill:#23496b}.l2{fill:#2f6fa8}"
    ".l3{fill:#4a97d8}.l4{fill:#8ac4f7}.l5{fill:#f7b267}.l6{fill:#fcd9b0}.in{fill:#15171a}}"
)


@dataclass(frozen=True)
class Picture:
    """`counts` `[t t]` of one text and head; `random`: the pattern hashed random vectors, as there is no text."""

    pattern: str
    counts: Int[Tensor, "t t"]
    random: bool

    @property
    def length(self) -> int:
        return len(self.counts)

    @property
    def met(self) -> int:
        """How many pairs meet."""
        return int((self.counts > 0).sum())


def draw(pattern: Pattern, length: int) -> Picture:
    """The first head's counts of a text of `length` tokens."""
    met = counts(pattern, plan_of(pattern, length), 1, 1)[0, 0]
    return Picture(repr(pattern), met.to(torch.long).expand(length, length), pattern.needs_vectors)


def plan_of(pattern: Pattern, length: int) -> Plan:
    """The plan of one text and head; a pattern that hashes is given normal vectors of a fixed seed."""
    vectors = None
    if pattern.needs_vectors:
        generator = torch.Generator().manual_seed(0)
        vectors = torch.randn(1, 1, length, VECTOR_WIDTH, generator=generator)
    return pattern.plan(length, length, vectors=vectors)


def to_signs(picture: Picture, most: int) -> tuple[list[str], int]:
    """At most `most` rows of as many cells, a sign each, and the side of a cell in tokens.

    Where a cell is one pair its sign is HIDDEN, ONCE or the count in OFTEN; else one of SHARES by the pairs that meet.
    """
    side = -(-picture.length // most)
    if side == 1:
        signs = HIDDEN + ONCE + OFTEN
        return ["".join(signs[min(count, 10)] for count in row) for row in picture.counts.tolist()], 1
    signs = HIDDEN + SHARES
    return ["".join(signs[level] for level in row) for row in _levels(picture.counts, side).tolist()], side


def legend(picture: Picture, side: int) -> list[tuple[str, str]]:
    """The signs that occur and what each means."""
    if side > 1:
        meanings = ("no pair", "up to a quarter of its pairs", "up to half", "more than half", "every pair")
        levels = set(_levels(picture.counts, side).unique().tolist())
        return [
            (sign, told) for n, (sign, told) in enumerate(zip(HIDDEN + SHARES, meanings, strict=True)) if n in levels
        ]
    found = [min(count, 10) for count in sorted(picture.counts.unique().tolist())]
    return [((HIDDEN + ONCE + OFTEN)[count], _often(count)) for count in dict.fromkeys(found)]


def _often(count: int) -> str:
    words = {0: "does not meet", 1: "meets once", 2: "meets twice", 10: "meets 10 times or more"}
    return words.get(count, f"meets {count} times")


def _levels(met: Int[Tensor, "t t"], side: int) -> Int[Tensor, "c c"]:
    """0: nothing of the cell meets; 4: all of it. Cells at the edge may hold fewer pairs."""
    cells = -(-len(met) // side)
    rows = torch.arange(len(met)) // side
    by_row = torch.zeros(cells, len(met)).index_add_(0, rows, (met > 0).float())
    pairs = torch.zeros(cells, cells).index_add_(1, rows, by_row)
    sizes = rows.bincount()
    share = pairs / (sizes[:, None] * sizes)
    between = (share * 4).ceil().clamp(max=3)
    return torch.where(share == 1, 4, between).long()


def to_svg(picture: Picture, most: int = 64) -> str:
    """The picture as a file of its own; more than `most` tokens are drawn in cells of several pairs."""
    side = -(-picture.length // most)
    levels = _levels(picture.counts, side) if side > 1 else _exact(picture.counts)
    cells = len(levels)
    notes = [*_notes(picture, side)]
    width = max(LEFT + cells * SIDE + 12, 380)
    height = TOP + cells * SIDE + 12 + 20 * len(notes)
    title = f"Attention pattern {picture.pattern}"
    told = f"{picture.met:,} of {picture.length**2:,} pairs of {picture.length:,} tokens meet."
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape('A row is a query, a column a key; a filled cell is met. ' + told)}</desc>",
        f"<style>{STYLE}</style>",
        f'<text x="{LEFT}" y="14">keys, 0 to {picture.length - 1}</text>',
        f'<text transform="translate(14 {TOP + cells * SIDE // 2}) rotate(-90)" text-anchor="middle">queries</text>',
        *(_cells(levels, level) for level in levels.unique().tolist()),
    ]
    if side == 1:
        lines += _numbers(picture.counts)
    lines += [
        f'<text x="{LEFT - 4}" y="{TOP + SIDE * row + 12}" text-anchor="end">{row * side}</text>'
        for row in (0, cells - 1)
    ]
    for row, (level, note) in enumerate(notes):
        y = TOP + cells * SIDE + 24 + 20 * row
        if level is not None:
            lines.append(f'<rect class="l{level}" x="{LEFT}" y="{y - 10}" width="12" height="12"/>')
        lines.append(f'<text x="{LEFT + (18 if level is not None else 0)}" y="{y}">{escape(note)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _exact(met: Int[Tensor, "t t"]) -> Int[Tensor, "t t"]:
    """The level of colour of each count: 0, 3 (once), 5 (twice), 6."""
    return torch.tensor([0, 3, 5, 6])[met.clamp(max=3)]


def _cells(levels: Int[Tensor, "c c"], level: int) -> str:
    """All cells of one level as one path: small, and nothing between them to anti-alias."""
    corners = ((levels == level).nonzero() * SIDE).tolist()
    inner = SIDE - 1
    path = "".join(f"M{LEFT + x} {TOP + y}h{inner}v{inner}h-{inner}z" for y, x in corners)
    return f'<path class="l{level}" d="{path}"/>'


def _numbers(met: Int[Tensor, "t t"]) -> list[str]:
    return [
        f'<text class="in" x="{LEFT + SIDE * k + 7.5}" y="{TOP + SIDE * q + 12}">{int(met[q, k])}</text>'
        for q, k in (met > 1).nonzero().tolist()
    ]


def _notes(picture: Picture, side: int) -> list[tuple[int | None, str]]:
    """What the colours mean, and what was drawn."""
    found: list[tuple[int | None, str]] = []
    for sign, told in legend(picture, side):
        if sign in SHARES or side > 1:
            found.append(((HIDDEN + SHARES).index(sign), f"{told} of {side} x {side}" if sign == "█" else told))
        else:
            count = (HIDDEN + ONCE + OFTEN).index(sign)
            found.append((int(_exact(torch.tensor([[count]]))), f"the query {told} the key" if not count else told))
    if picture.random:
        found.append((None, "of random vectors: what meets depends on the text"))
    return found
