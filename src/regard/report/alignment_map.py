"""An alignment as pictures: a heat map with the source's words across and the output's down, and small ones of layers.

Each cell of the large one has its weight in the markup and tells it when the pointer or the keyboard rests on it;
the darkest of each row has a frame besides, so that nothing hangs on colour alone. Full colour is all of a word's
attention.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata

from markupsafe import Markup

from regard.records.alignment import Alignment, View
from regard.report import document, highlight, wording

CELL = 22
SMALL = 6
"""Pixels of a cell in the large picture and in the small ones."""
MOST_WORDS = 32
"""Words of either side in a picture; of a longer source those are shown that got the most."""
LONGEST_WORD = 16
LETTER = 7.6
"""Pixels of a letter at 12 pixels of height, a little more than most have."""
TOP_SOURCES = 3


@dataclass(frozen=True)
class Line:
    """A word of the output with the words of the source that it looked at most, for a table."""

    word: str
    sources: list[tuple[str, float]]
    elsewhere: float


@dataclass(frozen=True)
class Shown:
    """One alignment on a page: the large picture, the small ones with their names, and the same as a table."""

    map: Markup
    small: list[tuple[str, Markup]]
    lines: list[Line]
    columns: int
    view: str
    hidden_sources: int
    hidden_outputs: int


def shown(alignment: Alignment) -> Shown:
    """All that a page shows of one alignment."""
    rows, columns = _kept(alignment)
    return Shown(
        map=heat_map(alignment),
        small=[(view.name, small_map(view, rows, columns)) for view in alignment.views],
        lines=lines(alignment),
        columns=len(columns),
        view=str(alignment.detail.get("view", "")),
        hidden_sources=len(alignment.highlights) - len(columns),
        hidden_outputs=len(alignment.written) - len(rows),
    )


def heat_map(alignment: Alignment) -> Markup:
    """The large picture; nothing where either side has no word."""
    rows, columns = _kept(alignment)
    if not rows or not columns:
        return Markup("")
    source = [_short(alignment.source_words[column]) for column in columns]
    output = [_short(alignment.output_words[row]) for row in rows]
    left, top = 8 + _width(output), 8 + _width(source)
    width, height = left + CELL * len(columns) + 2, top + CELL * len(rows) + 2
    parts = [
        Markup('<text class="word" transform="translate({} {}) rotate(-90)">{}</text>').format(
            left + CELL * place + CELL / 2 + 4, top - 6, word
        )
        for place, word in enumerate(source)
    ]
    for place, (row, word) in enumerate(zip(rows, output, strict=True)):
        y = top + CELL * place
        parts.append(Markup('<text class="word end" x="{}" y="{}">{}</text>').format(left - 6, y + CELL / 2 + 4, word))
        weights = [alignment.weights[row][column] for column in columns]
        parts += _cells(weights, source, word, left, y)
    return Markup(
        '<svg class="heat" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img"><title>{title}</title>'
        "<desc>{told}</desc>{parts}</svg>"
    ).format(
        w=width,
        h=height,
        title="What each word of the output looked at",
        told=described(alignment),
        parts=Markup("").join(parts),
    )


def small_map(view: View, rows: Sequence[int], columns: Sequence[int]) -> Markup:
    """One layer or head without words, the same way round: a path for each strength of colour."""
    paths: dict[int, list[str]] = {}
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            if level := _level(view.weights[row][column]):
                paths.setdefault(level, []).append(f"M{SMALL * x} {SMALL * y}h{SMALL}v{SMALL}h-{SMALL}z")
    width, height = SMALL * len(columns), SMALL * len(rows)
    drawn = (Markup('<path class="l{}" d="{}"/>').format(level, "".join(paths[level])) for level in sorted(paths))
    return Markup(
        '<svg class="heat small" viewBox="-1 -1 {w} {h}" width="{w}" height="{h}" role="img"><title>{name}</title>'
        '<rect class="ground" x="-.5" y="-.5" width="{iw}" height="{ih}"/>{drawn}</svg>'
    ).format(w=width + 2, h=height + 2, iw=width + 1, ih=height + 1, name=view.name, drawn=Markup("").join(drawn))


def lines(alignment: Alignment) -> list[Line]:
    """Each word of the output with the words of the source that got the most of it, the first of them first."""
    source = alignment.source_words
    found = []
    for word, weights in zip(alignment.output_words, alignment.weights, strict=True):
        order = sorted(range(len(weights)), key=lambda place: (-weights[place], place))[:TOP_SOURCES]
        found.append(Line(word, [(source[place], weights[place]) for place in order], max(0.0, 1.0 - sum(weights))))
    return found


def described(alignment: Alignment) -> str:
    """The picture in words: for each word of the output the one that it looked at most."""
    told = [f"{line.word}: {line.sources[0][0]}" for line in lines(alignment)[:MOST_WORDS] if line.sources]
    return f"Words of the source across, of the output down. Looked at most: {'; '.join(told)}."


def _kept(alignment: Alignment) -> tuple[list[int], list[int]]:
    """The rows and columns that a picture has, in the order of the texts."""
    coverage = alignment.coverage
    most = sorted(range(len(coverage)), key=lambda place: (-coverage[place], place))[:MOST_WORDS]
    return list(range(min(len(alignment.written), MOST_WORDS))), sorted(most)


def _cells(weights: Sequence[float], source: Sequence[str], word: str, left: float, y: float) -> Iterable[Markup]:
    best = max(range(len(weights)), key=lambda place: weights[place])
    for place, (weight, name) in enumerate(zip(weights, source, strict=True)):
        yield Markup(
            '<rect class="l{level}{best}" x="{x}" y="{y}" width="{side}" height="{side}" data-weight="{weight}">'
            "<title>{word} ← {name}: {told}</title></rect>"
        ).format(
            level=_level(weight),
            best=" best" if place == best and weight > 0 else "",
            x=left + CELL * place + 1,
            y=y + 1,
            side=CELL - 2,
            weight=f"{weight:.4f}",
            word=word,
            name=name,
            told=wording.percent(weight, 0),
        )


def _level(weight: float) -> int:
    return min(highlight.LEVELS, round(weight * highlight.LEVELS))


def _short(word: str) -> str:
    """A long word without its end."""
    return word if len(word) <= LONGEST_WORD else f"{word[: LONGEST_WORD - 1]}…"


def _width(words: Sequence[str]) -> int:
    """Pixels of the longest word; letters of Chinese, Japanese and Korean are as broad as high."""
    return round(
        max(sum(12.0 if unicodedata.east_asian_width(one) in "WF" else LETTER for one in word) for word in words)
    )


def page(alignment: Alignment) -> str:
    """One alignment as a page of its own."""
    return document.render(
        "alignment.html",
        title="Alignment",
        written_by=metadata.version("regard"),
        alignment=alignment,
        shown=shown(alignment),
    )
