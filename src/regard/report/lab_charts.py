"""Pictures of the decoding lab: each way's difference to greedy, or to the true text, on one axis; losses by place and
by share of own words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regard.report import charts, wording

WIDTH, ROW, TOP, BOTTOM = 480, 24, 6, 40
NAMES, VALUES = 146, 50
"""Room left of the axis for names, right of it for figures."""


@dataclass(frozen=True)
class Rung:
    """A way's difference to what all are compared with, and its 95 % interval."""

    name: str
    difference: float
    interval: tuple[float, float]
    within_noise: bool


def differences(methods: Sequence[dict[str, Any]]) -> Markup:
    """The difference of each way's BLEU to greedy's with its 95 % interval, against a line at 0."""
    rungs = [
        Rung(row["name"], found["difference"], tuple(found["interval"]), row["within_noise"])
        for row in methods
        if (found := row["difference"])
    ]
    return ladder(rungs, title="BLEU against greedy", axis="BLEU, difference to greedy", zero="greedy")


def to_truth(
    methods: Sequence[dict[str, Any]], figure: str, *, title: str, axis: str, scale: float = 1.0, digits: int = 1
) -> Markup:
    """The difference of each way's figure to the true text's, times `scale`, against a line at 0."""
    found = [(row["name"], row["differences"][figure]) for row in methods]
    rungs = [
        Rung(
            name,
            scale * one["difference"],
            (scale * one["interval"][0], scale * one["interval"][1]),
            one["within_noise"],
        )
        for name, one in found
    ]
    return ladder(rungs, title=title, axis=axis, zero="true text", digits=digits)


def ladder(rungs: Sequence[Rung], *, title: str, axis: str, zero: str, digits: int = 1) -> Markup:
    """A dot and its interval for each, one below the other, against a line at 0, which is called `zero`."""
    if not rungs:
        return Markup("")
    reach = [bound for rung in rungs for bound in rung.interval]
    low, high = min(0.0, *reach), max(0.0, *reach)
    room = 0.05 * (high - low or 1.0)
    low, high = low - room, high + room

    def x(value: float) -> float:
        return NAMES + (value - low) / (high - low) * (WIDTH - NAMES - VALUES)

    height = TOP + ROW * len(rungs) + BOTTOM
    parts = [_grid(x, low, high, height, axis, zero)]
    parts += [_rung(rung, TOP + ROW * place + ROW / 2, x, digits) for place, rung in enumerate(rungs)]
    told = "; ".join(_told(rung, digits) for rung in rungs)
    return Markup(
        '<svg class="chart ladder" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}.</desc>{}</svg>'
    ).format(WIDTH, height, title, told, Markup("").join(parts))


def _grid(x: Callable[[float], float], low: float, high: float, height: int, axis: str, zero: str) -> Markup:
    bottom = height - BOTTOM
    lines = [
        Markup(
            '<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
            '<text class="tick middle" x="{x:.1f}" y="{below}">{told}</text>'
        ).format(
            kind="diagonal" if tick == 0 else "grid",
            x=x(tick),
            top=TOP,
            bottom=bottom,
            below=bottom + 16,
            told=wording.signed(tick) if tick else zero,
        )
        for tick in charts.ticks(low, high)
    ]
    name = Markup('<text class="axis middle" x="{:.1f}" y="{}">{}</text>')
    return Markup("").join(lines) + name.format((NAMES + WIDTH - VALUES) / 2, height - 6, axis)


def _rung(rung: Rung, y: float, x: Callable[[float], float], digits: int) -> Markup:
    return Markup(
        '<g><title>{told}</title><text class="axis end" x="{name_x}" y="{text_y:.1f}">{name}</text>'
        '<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<circle class="dot" cx="{mean:.1f}" cy="{y:.1f}" r="4"/>'
        '<text class="axis" x="{value_x}" y="{text_y:.1f}">{value}</text></g>'
    ).format(
        told=_told(rung, digits),
        name=rung.name,
        name_x=NAMES - 8,
        text_y=y + 4,
        y=y,
        low=x(rung.interval[0]),
        high=x(rung.interval[1]),
        mean=x(rung.difference),
        value_x=WIDTH - VALUES + 8,
        value=signed(rung.difference, digits),
    )


def signed(value: float, digits: int = 1) -> str:
    """So many digits behind the point, always a sign: +1.2, −0.4, 0.0."""
    shown = f"{value:+.{digits}f}"
    return shown[1:] if float(shown) == 0 else shown.replace("-", "−")


def _told(rung: Rung, digits: int) -> str:
    low, high = (signed(bound, digits) for bound in rung.interval)
    noise = ", within noise" if rung.within_noise else ""
    return f"{rung.name}: {signed(rung.difference, digits)} (95 % interval {low} to {high}){noise}"


def by_place(places: Sequence[dict[str, Any]], key: str, name: str) -> Markup:
    """Free running and teacher forcing over the places of a text; `key` is loss or accuracy."""
    if not places:
        return Markup("")
    free = charts.Series([(place["first"], place[f"free_{key}"]) for place in places], "own words before it", "second")
    forced = charts.Series(
        [(place["first"], place[f"forced_{key}"]) for place in places], "true words before it", "first"
    )
    first, last = places[0], places[-1]
    return charts.curves(
        [free, forced],
        title=f"{name} by place",
        description=(
            f"{name} of the true token from place {first['first']} to {last['first']}. With true words before it "
            f"{first[f'forced_{key}']:.2f} at first and {last[f'forced_{key}']:.2f} at last, with its own "
            f"{first[f'free_{key}']:.2f} and {last[f'free_{key}']:.2f}."
        ),
        x_label="place of the token",
        y_label=name.lower(),
        y_range=(0.0, 1.0) if key == "accuracy" else None,
    )


def by_share(shares: Sequence[dict[str, Any]]) -> Markup:
    """The loss over the share of own words before a place."""
    line = charts.Series([(100 * row["share"], row["loss"]) for row in shares], "", "first", dots=True)
    told = "; ".join(f"{wording.percent(row['share'], 0)}: {row['loss']:.2f}" for row in shares)
    return charts.curves(
        [line],
        title="Loss by the share of own words",
        description=f"Loss of the true token by the share of own words before it. {told}.",
        x_label="own words before it, per cent",
        y_label="loss, nats a token",
    )
