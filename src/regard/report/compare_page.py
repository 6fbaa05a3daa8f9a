"""compare.html: which of several models to take. The verdict first, then the ladder, every pair, how to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from regard.records import RunFolder, write_atomically
from regard.report import charts, document, evidence, wording
from regard.report.task_report import report_of

DOCUMENT = "compare.json"
EXPLANATIONS = "explanations.json"
PAGE = "compare.html"
OTHERS = {"exact_match": "exact match", "accuracy": "accuracy of words", "macro_f1": "macro F1"}

Scale = Callable[[float], float]

WIDTH, ROW, TOP, BOTTOM = 420, 30, 6, 42
NAMES, VALUES = 84, 52  # room left of the axis for names, right of it for figures


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
    rows, headline = found["models"], found["headline"]
    return document.render(
        "compare.html",
        title=f"Take {found['take']}",
        written_by=found["regard"],
        source=Path(found["data"]["source"]).name or found["data"]["source"],
        found={**found, "models": [{**row, "href": href(row["runs"][0])} for row in rows]},
        ladder=ladder(rows, headline),
        figure=wording.headline(headline)[0],
        noun=report_of(found["task"]).noun,
        others=[] if headline == "accuracy" else others(rows),
        seeded=any(len(row["figures"]) > 1 for row in rows),
        once=[row["model"] for row in rows if not row["seeded"]],
        sizes_differ=len({row["train_examples"] for row in rows}) > 1,
        tests=sorted({pair["test"] for pair in found["pairs"]}),
        probability=probability,
        examples=evidence.examples(explained),
    )


def others(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Figures that every model has beside an F1, with their names."""
    return [(key, name) for key, name in OTHERS.items() if all(key in row for row in rows)]


def href(run: str) -> str:
    """The page of a run, as an address from here; a folder's name may hold anything."""
    return "./" + quote(f"{run}/report.html")


def probability(p: float) -> str:
    """A p-value with no more digits than its test has."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def ladder(rows: Sequence[dict[str, Any]], headline: str = "accuracy") -> Markup:
    """The figure of each model with its interval, and a small dot for each seed; the best on top."""
    values = [value for row in rows for value in (*row["interval"], *row["figures"])]
    low, high = _axis(min(values), max(values))

    def x(value: float) -> float:
        return NAMES + (value - low) / (high - low) * (WIDTH - NAMES - VALUES)

    height = TOP + ROW * len(rows) + BOTTOM
    parts = [_grid(x, charts.ticks(low, high), height, wording.headline(headline)[1])]
    parts += [_rung(row, TOP + ROW * place + ROW / 2, x) for place, row in enumerate(rows)]
    told = "; ".join(map(_told, rows))
    return Markup(
        '<svg class="chart ladder" viewBox="0 0 {} {}" role="img">'
        "<title>{} of each model</title><desc>{}</desc>{}</svg>"
    ).format(WIDTH, height, wording.headline(headline)[0], told, Markup("").join(parts))


def _axis(lowest: float, highest: float) -> tuple[float, float]:
    """Whole tenths around the values, so that a small difference is not blown up to the width of the page."""
    low = min(max(0.0, int(lowest * 10) / 10), 0.9)
    return low, round(low + 0.1, 1) if highest <= low + 0.1 else 1.0


def _grid(x: Scale, ticks: Sequence[float], height: int, what: str) -> Markup:
    bottom = height - BOTTOM
    lines = [
        Markup(
            '<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
            '<text class="tick middle" x="{x:.1f}" y="{below}">{told}</text>'
        ).format(x=x(tick), top=TOP, bottom=bottom, below=bottom + 16, told=wording.percent(tick, 0))
        for tick in ticks
    ]
    name = Markup('<text class="axis middle" x="{}" y="{}">{} (the axis begins at {})</text>')
    middle = (NAMES + WIDTH - VALUES) / 2
    return Markup("").join(lines) + name.format(middle, height - 8, what, wording.percent(ticks[0], 0))


def _rung(row: dict[str, Any], y: float, x: Scale) -> Markup:
    dots = list(zip(row["seeds"], row["figures"], strict=True))
    seeds = [_seed(seed, wording.percent(accuracy), x(accuracy), y) for seed, accuracy in dots if len(dots) > 1]
    return Markup(
        '<g><title>{told}</title><text class="axis end" x="{name_x}" y="{text_y:.1f}">{name}</text>'
        '<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<circle class="dot" cx="{mean:.1f}" cy="{y:.1f}" r="5"/>{seeds}'
        '<text class="axis" x="{value_x}" y="{text_y:.1f}">{value}</text></g>'
    ).format(
        told=_told(row),
        name=row["model"],
        name_x=NAMES - 8,
        text_y=y + 4,
        y=y,
        low=x(row["interval"][0]),
        high=x(row["interval"][1]),
        mean=x(row["figure"]),
        seeds=Markup("").join(seeds),
        value_x=WIDTH - VALUES + 10,
        value=wording.percent(row["figure"]),
    )


def _seed(seed: int, accuracy: str, x: float, y: float) -> Markup:
    """A small dot below the line, so that it hides neither the mean nor the interval."""
    return Markup(
        '<circle class="dot" opacity=".5" cx="{:.1f}" cy="{:.1f}" r="3"><title>seed {}: {}</title></circle>'
    ).format(x, y + 9, seed, accuracy)


def _told(row: dict[str, Any]) -> str:
    return f"{row['model']} {wording.percent(row['figure'])} (95 %: {wording.percent_interval(row['interval'])})"
