"""Small pictures as SVG, drawn by hand: each has a title and a description, and its colours come from the page's style,
so that it follows light, dark and print. Every text in it is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

Point = tuple[float, float]
WIDTH, HEIGHT = 360, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 40


@dataclass(frozen=True)
class Series:
    """One line or a set of dots; `label` is written beside its end. `kind` names its style in page.css."""

    points: Sequence[Point]
    label: str
    kind: str = "first"
    dots: bool = False


@dataclass(frozen=True)
class Whisker:
    """A value with its interval at a named place."""

    name: str
    value: float
    interval: tuple[float, float]
    told: str


@dataclass(frozen=True)
class Axes:
    """Where values lie in the picture. `low` to `high` is what the axis shows, not what the data happen to span."""

    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str
    y_label: str
    x_ticks: Sequence[float] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        return (
            LEFT + (x - self.x[0]) / (self.x[1] - self.x[0]) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - self.y[0]) / (self.y[1] - self.y[0]) * (HEIGHT - TOP - BOTTOM),
        )


def curves(
    series: Sequence[Series],
    *,
    title: str,
    description: str,
    x_label: str,
    y_label: str,
    y_range: tuple[float, float] | None = None,
    mark: tuple[float, float, str] | None = None,
) -> Markup:
    """Lines over steps. The value axis begins at 0 unless `y_range` says otherwise; `mark` is a labelled point."""
    points = [point for line in series for point in line.points if _finite(point)]
    if not points:
        return Markup("")
    top = max(y for _, y in points)
    last = max(x for x, _ in points)
    axes = Axes((0, _nice_top(last)), y_range or (0, _nice_top(top)), x_label, y_label)
    parts = [_frame(axes)]
    parts += [_line(axes, line) for line in series]
    ends = sorted((line for line in series if line.points), key=lambda line: -line.points[-1][1])
    # The highest end is named above it and the others below theirs: names of lines that meet don't.
    parts += [_end_label(axes, line, above=place == 0) for place, line in enumerate(ends)]
    if mark is not None:
        x, y = axes.at(mark[0], mark[1])
        parts.append(
            Markup('<circle class="mark" cx="{:.1f}" cy="{:.1f}" r="5"><title>{}</title></circle>').format(
                x, y, mark[2]
            )
        )
    return _svg(parts, title, description)


def reliability(bins: Sequence[dict[str, float]], *, title: str, description: str, noun: str = "text") -> Markup:
    """Accuracy over confidence, a dot for each bin, against the diagonal where both agree; `noun` is what bins hold."""
    lowest = min(min(item["confidence"], item["accuracy"]) for item in bins)
    low = 0.5 if lowest >= 0.5 else 0.0
    axes = Axes((low, 1.0), (low, 1.0), "confidence", "right", ticks(low, 1.0))
    start, end = axes.at(low, low), axes.at(1, 1)
    parts = [
        _frame(axes),
        Markup('<line class="diagonal" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(*start, *end),
        _line(axes, Series([(item["confidence"], item["accuracy"]) for item in bins], "")),
    ]
    for item in bins:
        x, y = axes.at(item["confidence"], item["accuracy"])
        told = f"confidence {item['confidence']:.1%}, right {item['accuracy']:.1%}, {item['n']:,.0f} {noun}s"
        parts.append(
            Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="4"><title>{}</title></circle>').format(x, y, told)
        )
    return _svg(parts, title, description)


def whiskers(
    rows: Sequence[Whisker], *, title: str, description: str, x_label: str, y_label: str, shares: bool = True
) -> Markup:
    """Values with intervals side by side. The axis of `shares` goes to 1 from 0, or from 0.5 where no interval goes
    below; that of other figures from 0 to a little above the highest."""
    low = 0.5 if shares and min(row.interval[0] for row in rows) >= 0.5 else 0.0
    high = 1.0 if shares else _nice_top(max(row.interval[1] for row in rows))
    axes = Axes((0, len(rows)), (low, high), x_label, y_label)
    parts = [_frame(axes, [])]
    for place, row in enumerate(rows):
        x, y = axes.at(place + 0.5, row.value)
        below, above = (axes.at(0, bound)[1] for bound in row.interval)
        parts.append(
            Markup(
                '<g><title>{told}</title><line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{a:.1f}" y2="{b:.1f}"/>'
                '<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
                '<text class="tick middle" x="{x:.1f}" y="{t}">{name}</text></g>'
            ).format(told=row.told, x=x, y=y, a=below, b=above, t=HEIGHT - BOTTOM + 16, name=row.name)
        )
    return _svg(parts, title, description)


def interval_bar(value: float, interval: tuple[float, float] | None, *, low: float = 0.0) -> Markup:
    """A value on a line from `low` to 1, its interval thick: a picture for a row of a table, told by its numbers."""
    width, height = 160, 14

    def x(number: float) -> float:
        return 4 + (min(max(number, low), 1.0) - low) / (1.0 - low) * (width - 8)

    thick = Markup("")
    if interval is not None:
        thick = Markup('<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="7" y2="7"/>').format(*map(x, interval))
    return Markup(
        '<svg class="bar" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true">'
        '<line class="grid" x1="4" x2="{right}" y1="7" y2="7"/>{thick}'
        '<circle class="dot" cx="{x:.1f}" cy="7" r="3.5"/></svg>'
    ).format(w=width, h=height, right=width - 4, thick=thick, x=x(value))


def share_bar(share: float) -> Markup:
    """A share as a filled bar, 0 to 1: a picture for a row of a table, told by its numbers."""
    width, height = 160, 14
    return Markup(
        '<svg class="bar" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true">'
        '<rect class="empty" width="{w}" height="{h}" rx="2"/>'
        '<rect class="full" width="{full:.1f}" height="{h}" rx="2"/></svg>'
    ).format(w=width, h=height, full=min(max(share, 0.0), 1.0) * width)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """At most about `most` round numbers from `low` to `high`."""
    step = _nice_step((high - low) / most)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def thinned(points: Sequence[Point], most: int = 300) -> list[Point]:
    """At most `most` points: neighbours are averaged, so that a long log stays small and no peak is favoured."""
    size = math.ceil(len(points) / most) or 1
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def _svg(parts: Sequence[Markup], title: str, description: str) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>{}</svg>').format(
        WIDTH, HEIGHT, title, description, Markup("").join(parts)
    )


def _frame(axes: Axes, x_ticks: Sequence[float] | None = None) -> Markup:
    parts = []
    for tick in ticks(*axes.y):
        x, y = axes.at(axes.x[0], tick)
        parts.append(
            Markup(
                '<line class="grid" x1="{x}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                '<text class="tick end" x="{left}" y="{down:.1f}">{told}</text>'
            ).format(x=x, right=WIDTH - RIGHT, y=y, left=LEFT - 6, down=y + 4, told=_told(tick))
        )
    for tick in ticks(*axes.x, 4) if x_ticks is None else x_ticks:
        x, _ = axes.at(tick, axes.y[0])
        parts.append(
            Markup('<text class="tick middle" x="{:.1f}" y="{}">{}</text>').format(x, HEIGHT - BOTTOM + 16, _told(tick))
        )
    parts.append(
        Markup(
            '<text class="axis middle" x="{mid}" y="{low}">{x_label}</text>'
            '<text class="axis middle" transform="translate(11 {high}) rotate(-90)">{y_label}</text>'
        ).format(
            mid=(LEFT + WIDTH - RIGHT) / 2,
            low=HEIGHT - 6,
            x_label=axes.x_label,
            high=(TOP + HEIGHT - BOTTOM) / 2,
            y_label=axes.y_label,
        )
    )
    return Markup("").join(parts)


def _line(axes: Axes, line: Series) -> Markup:
    places = [axes.at(*point) for point in line.points if _finite(point)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    shown = Markup('<polyline class="line {}" points="{}"/>').format(line.kind, path)
    if line.dots or len(places) == 1:
        dots = (
            Markup('<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(line.kind, *place)
            for place in places
        )
        shown += Markup("").join(dots)
    return shown


def _end_label(axes: Axes, line: Series, *, above: bool) -> Markup:
    """The series' name beside its last point."""
    finite = [point for point in line.points if _finite(point)]
    if not line.label or not finite:
        return Markup("")
    x, y = axes.at(*finite[-1])
    y = max(y - 9, 11) if above else min(y + 18, HEIGHT - BOTTOM - 4)
    return Markup('<text class="name {} end" x="{:.1f}" y="{:.1f}">{}</text>').format(line.kind, x, y, line.label)


def _finite(point: Point) -> bool:
    return all(math.isfinite(part) for part in point)


def _nice_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * (1 - 1e-9))


def _nice_top(high: float) -> float:
    """A little above `high`, on a tick."""
    step = _nice_step(high / 5) if high > 0 else 1.0
    return math.ceil(high / step - 1e-9) * step or 1.0


def _told(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) and abs(number) >= 10 else f"{number:g}"
