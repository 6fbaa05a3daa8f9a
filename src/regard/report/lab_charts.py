"""Pictures of the decoding lab: each way's difference to greedy on one axis, and a histogram of coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from regard.report import charts, wording

WIDTH, ROW, TOP, BOTTOM = 480, 24, 6, 40
NAMES, VALUES = 146, 50
"""Room left of the axis for names, right of it for figures."""


def differences(methods: Sequence[dict[str, Any]]) -> Markup:
    """The difference of each way's BLEU to greedy's with its 95 % interval, against a line at 0."""
    rows = [row for row in methods if row["difference"]]
    if not rows:
        return Markup("")
    reach = [bound for row in rows for bound in row["difference"]["interval"]]
    low, high = min(0.0, *reach), max(0.0, *reach)
    room = 0.05 * (high - low or 1.0)
    low, high = low - room, high + room

    def x(value: float) -> float:
        return NAMES + (value - low) / (high - low) * (WIDTH - NAMES - VALUES)

    height = TOP + ROW * len(rows) + BOTTOM
    parts = [_grid(x, low, high, height)]
    parts += [_row(row, TOP + ROW * place + ROW / 2, x) for place, row in enumerate(rows)]
    told = "; ".join(map(_told, rows))
    return Markup(
        '<svg class="chart ladder" viewBox="0 0 {} {}" role="img"><title>BLEU against greedy</title>'
        "<desc>{}.</desc>{}</svg>"
    ).format(WIDTH, height, told, Markup("").join(parts))


def _grid(x: Callable[[float], float], low: float, high: float, height: int) -> Markup:
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
            told=wording.signed(tick) if tick else "greedy",
        )
        for tick in charts.ticks(low, high)
    ]
    name = Markup('<text class="axis middle" x="{:.1f}" y="{}">BLEU, difference to greedy</text>')
    return Markup("").join(lines) + name.format((NAMES + WIDTH - VALUES) / 2, height - 6)


def _row(row: dict[str, Any], y: float, x: Callable[[float], float]) -> Markup:
    found = row["difference"]
    return Markup(
        '<g><title>{told}</title><text class="axis end" x="{name_x}" y="{text_y:.1f}">{name}</text>'
        '<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<circle class="dot" cx="{mean:.1f}" cy="{y:.1f}" r="4"/>'
        '<text class="axis" x="{value_x}" y="{text_y:.1f}">{value}</text></g>'
    ).format(
        told=_told(row),
        name=row["name"],
        name_x=NAMES - 8,
        text_y=y + 4,
        y=y,
        low=x(found["interval"][0]),
        high=x(found["interval"][1]),
        mean=x(found["difference"]),
        value_x=WIDTH - VALUES + 8,
        value=signed(found["difference"]),
    )


def signed(value: float) -> str:
    """One digit behind the point, always a sign: +1.2, −0.4, 0.0."""
    shown = f"{value:+.1f}"
    return shown[1:] if float(shown) == 0 else shown.replace("-", "−")


def _told(row: dict[str, Any]) -> str:
    found = row["difference"]
    low, high = (signed(bound) for bound in found["interval"])
    noise = ", within noise" if row["within_noise"] else ""
    return f"{row['name']}: {signed(found['difference'])} (95 % interval {low} to {high}){noise}"


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
