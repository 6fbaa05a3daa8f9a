"""An alignment in a terminal: each word of the output with the words of the source that it looked at most."""

from __future__ import annotations

from rich.text import Text

from regard.records.alignment import Alignment

LONGEST = 24
"""Cells of a word; the table fits 80 columns."""


def print_alignment(alignment: Alignment) -> None:
    """The output, then a row for each of its words; the word looked at most on a ground as strong as its weight."""
    from regard.cli import console
    from regard.report import alignment_map, wording

    out = console.out()
    out.print(f"{alignment.output} ({wording.percent(alignment.confidence)} for a token)", style="bold", markup=False)
    made = console.table("word", "looked at most", "", "then", "at no word")
    for place in (2, 4):
        made.columns[place].justify = "right"
    for line in alignment_map.lines(alignment):
        first, *others = line.sources or [("", 0.0)]
        then = ", ".join(f"{_fitted(word, 12)} {wording.percent(weight, 0)}" for word, weight in others[:1])
        elsewhere = wording.percent(line.elsewhere, 0)
        made.add_row(_plain(line.word), _coloured(*first), wording.percent(first[1], 0), Text(then), elsewhere)
    out.print(made)
    out.print(f"Attention to the source, {alignment.detail.get('view', '')}.", markup=False)


def _plain(word: str) -> Text:
    return Text(_fitted(word, LONGEST))


def _coloured(word: str, weight: float) -> Text:
    from regard.report.highlight import UNSIGNED

    red, green, blue = (round(255 + 0.85 * weight * (part - 255)) for part in UNSIGNED)
    return Text(_fitted(word, LONGEST), style=f"black on rgb({red},{green},{blue})" if weight >= 0.05 else "")


def _fitted(word: str, width: int) -> str:
    """Without what would steer a terminal, and no wider than `width` cells."""
    from rich.cells import cell_len, set_cell_size

    from regard.report.highlight import printable

    word = " ".join(printable(word).split())
    return word if cell_len(word) <= width else set_cell_size(word, width - 1) + "…"
