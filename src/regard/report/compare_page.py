"""compare.html: which of several models to take. The verdict first, then the ladder, every pair, how to repeat it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from regard.metrics.measure import PERCENT, name_of, unit_of
from regard.records import RunFolder, write_atomically
from regard.report import charts, document, evidence, wording
from regard.report.task_report import report_of

DOCUMENT = "compare.json"
EXPLANATIONS = "explanations.json"
PAGE = "compare.html"
OTHERS = {
    "exact_match": "exact match",
    "accuracy": "accuracy of words",
    "macro_f1": "macro F1",
    "chrf": "chrF",
    "rouge_l": "ROUGE\u2011L",
    "perplexity_per_word": "perplexity by word",
}
"""Figures that are shown beside the headline where every model has them."""

Scale = Callable[[float], float]

WIDTH, ROW, TOP, BOTTOM = 420, 30, 6, 42
NAMES, MOST_NAMES, LETTER, VALUES = 84, 200, 6.2, 52  # room left of the axis for names, right of it for figures


def write(folder: Path) -> Path:
    """Write the page of the comparison in `folder` from its compare.json (and explanations.json); returns its path.

    Raises `ModelError` where compare.json is missing or damaged.
    """
    files = RunFolder(folder)
    found = files.read_json(folder / DOCUMENT)
    explained = files.read_json(folder / EXPLANATIONS) if (folder / EXPLANATIONS).is_file() else []
    write_atomically(folder / PAGE, render(found, explained))
    return folder / PAGE


def render(found: dict[str, Any], explained: Sequence[dict[str, Any]] = ()) -> str:
    """The page of a comparison's document; `explained` are texts to show highlighted, as a run folder keeps them."""
    rows, headline, unit = found["models"], found["headline"], unit_of(found["headline"])
    lower = found.get("lower_is_better", False)
    return document.render(
        "compare.html",
        title=f"Take {found['take']}",
        written_by=found["regard"],
        source=Path(found["data"]["source"]).name or found["data"]["source"],
        found={**found, "models": [{**row, "href": href(row["runs"][0])} for row in rows]},
        ladder=ladder(rows, headline),
        lower=lower,
        unit=unit,
        value=wording.value,
        interval=wording.interval,
        counts_texts=headline == "accuracy" and found["task"] == "classify",
        figure=wording.headline(headline)[0],
        name=name_of(headline),
        bare=lambda value: wording.figure(unit.scale * value, unit.digits),
        noun=report_of(found["task"]).noun,
        others=[] if headline == "accuracy" else others(rows, headline),
        seeded=any(len(row["figures"]) > 1 for row in rows),
        once=[row["model"] for row in rows if not row["seeded"]],
        sizes_differ=len({row["train_examples"] for row in rows}) > 1,
        tests=sorted({pair["test"] for pair in found["pairs"]}),
        probability=probability,
        examples=evidence.examples(explained),
    )


def others(rows: Sequence[dict[str, Any]], headline: str) -> list[tuple[str, str]]:
    """Figures that every model has beside the headline, with their names."""
    return [(key, name) for key, name in OTHERS.items() if key != headline and all(key in row for row in rows)]


def href(run: str) -> str:
    """The page of a run, as an address from here; a folder's name may hold anything."""
    return "./" + quote(f"{run}/report.html")


def probability(p: float) -> str:
    """A p-value with no more digits than its test has."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def ladder(rows: Sequence[dict[str, Any]], headline: str = "accuracy") -> Markup:
    """The figure of each model with its interval, and a small dot for each seed; the best on top."""
    values = [value for row in rows for value in (*row["interval"], *row["figures"])]
    low, high = _axis(min(values), max(values), shares=unit_of(headline) is PERCENT)
    left = min(max(NAMES, 8 + LETTER * max(len(row["model"]) for row in rows)), MOST_NAMES)

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - VALUES)

    height = TOP + ROW * len(rows) + BOTTOM
    parts = [_grid(x, left, charts.ticks(low, high), height, headline)]
    parts += [_rung(row, TOP + ROW * place + ROW / 2, x, left, headline) for place, row in enumerate(rows)]
    told = "; ".join(_told(row, headline) for row in rows)
    return Markup(
        '<svg class="chart ladder" viewBox="0 0 {} {}" role="img">'
        "<title>{} of each model</title><desc>{}</desc>{}</svg>"
    ).format(WIDTH, height, wording.headline(headline)[0], told, Markup("").join(parts))


def _axis(lowest: float, highest: float, *, shares: bool = True) -> tuple[float, float]:
    """Whole tenths around shares, whole powers of ten around other values, so that a small difference is not blown up
    to the width of the page."""
    if not shares:
        step = 10.0 ** math.floor(math.log10(max(highest, 1e-6)))
        low = max(0.0, math.floor(lowest / step)) * step
        return low, max(math.ceil(highest / step) * step, low + step)
    low = min(max(0.0, int(lowest * 10) / 10), 0.9)
    return low, round(low + 0.1, 1) if highest <= low + 0.1 else 1.0


def _grid(x: Scale, left: float, ticks: Sequence[float], height: int, headline: str) -> Markup:
    bottom = height - BOTTOM
    digits = _digits([unit_of(headline).scale * tick for tick in ticks])
    lines = [
        Markup(
            '<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
            '<text class="tick middle" x="{x:.1f}" y="{below}">{told}</text>'
        ).format(x=x(tick), top=TOP, bottom=bottom, below=bottom + 16, told=wording.value(headline, tick, digits))
        for tick in ticks
    ]
    name = Markup('<text class="axis middle" x="{:.1f}" y="{}">{} (the axis begins at {})</text>')
    middle, begins = (left + WIDTH - VALUES) / 2, wording.value(headline, ticks[0], digits)
    return Markup("").join(lines) + name.format(middle, height - 8, wording.headline(headline)[1], begins)


def _digits(ticks: Sequence[float]) -> int:
    """How many digits behind the point tell round numbers apart."""
    return next(digits for digits in range(10) if all(abs(round(tick, digits) - tick) < 1e-8 for tick in ticks))


def _rung(row: dict[str, Any], y: float, x: Scale, left: float, headline: str) -> Markup:
    dots = list(zip(row["seeds"], row["figures"], strict=True))
    seeds = [_seed(seed, wording.value(headline, figure), x(figure), y) for seed, figure in dots if len(dots) > 1]
    return Markup(
        '<g><title>{told}</title><text class="axis end" x="{name_x:.1f}" y="{text_y:.1f}">{name}</text>'
        '<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<circle class="dot" cx="{mean:.1f}" cy="{y:.1f}" r="5"/>{seeds}'
        '<text class="axis" x="{value_x}" y="{text_y:.1f}">{value}</text></g>'
    ).format(
        told=_told(row, headline),
        name=row["model"],
        name_x=left - 8,
        text_y=y + 4,
        y=y,
        low=x(row["interval"][0]),
        high=x(row["interval"][1]),
        mean=x(row["figure"]),
        seeds=Markup("").join(seeds),
        value_x=WIDTH - VALUES + 10,
        value=wording.value(headline, row["figure"]),
    )


def _seed(seed: int, figure: str, x: float, y: float) -> Markup:
    """A small dot below the line, so that it hides neither the mean nor the interval."""
    return Markup(
        '<circle class="dot" opacity=".5" cx="{:.1f}" cy="{:.1f}" r="3"><title>seed {}: {}</title></circle>'
    ).format(x, y + 9, seed, figure)


def _told(row: dict[str, Any], headline: str) -> str:
    value, between = wording.value(headline, row["figure"]), wording.interval(headline, row["interval"])
    return f"{row['model']} {value} (95 %: {between})"
