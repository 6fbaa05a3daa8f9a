"""What the page shows below its verdict, gathered from the files of a run: one function for each section.

Here is what more than one task shows; what is a task's own is in the file of its word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regard.analysis import mistakes
from regard.records import Explanation, Label, Scores
from regard.report import charts, highlight, wording

MOST_LABELS_IN_A_TABLE = 20
LONGEST_TEXT = 20_000  # characters of one text on the page

Figure = tuple[str, str, float | None]
"""Name of a score, what it means, and where its axis begins (None: no axis from a worst to a best value)."""


@dataclass(frozen=True)
class Row:
    """One line of the table of scores."""

    key: str
    name: str
    meaning: str
    value: float
    interval: tuple[float, float] | None
    bar: Markup
    other: float | None


@dataclass(frozen=True)
class Cell:
    """A count of the confusion matrix and its share of the gold label's texts."""

    count: int
    share: float
    right: bool

    @property
    def level(self) -> int:
        return round(self.share * highlight.LEVELS)


@dataclass(frozen=True)
class Shown:
    """One text with its answer; `explanation` where there is one. `left_out` characters at its end are not shown."""

    id: str
    text: str
    left_out: int
    output: Label
    gold: Label | None
    confidence: float
    explanation: Explanation | None

    @property
    def right(self) -> bool:
        return self.output == self.gold

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def beginning(self) -> str:
        """The first words on one line."""
        return wording.beginning(self.text)


def score_rows(scores: Scores, other: Scores | None, figures: Mapping[str, Figure]) -> list[Row]:
    """Every figure, those of `figures` first and in their order; `other` is the same model on the validation part."""
    known = [key for key in figures if key in scores.values]
    rows = []
    for key in [*known, *(key for key in scores.values if key not in figures)]:
        name, meaning, low = figures.get(key, (key.replace("_", " "), "", None))
        value, interval = scores.values[key], scores.intervals.get(key)
        bar = Markup("") if low is None else charts.interval_bar(value, interval, low=low)
        rows.append(Row(key, name, meaning, value, interval, bar, other.values.get(key) if other else None))
    return rows


def confusion(scores: Scores) -> list[list[Cell]] | None:
    """Rows of gold labels; None for several labels a text, or too many labels for a table."""
    if scores.confusion is None or len(scores.labels) > MOST_LABELS_IN_A_TABLE:
        return None
    return [
        [Cell(count, count / max(sum(row), 1), place == column) for column, count in enumerate(row)]
        for place, row in enumerate(scores.confusion)
    ]


def curves(log: Sequence[dict[str, Any]], figures: Mapping[str, str], *, shares: bool = True) -> list[Markup]:
    """Loss and score over the steps of a training; nothing where nothing was logged. `figures` are the scores that are
    drawn with their names, the headline first; `shares` of 1, or figures of a scale of their own."""
    steps = [item for item in log if item.get("event") == "step"]
    checks = [item for item in log if item.get("event") == "evaluation"]
    return [picture for picture in (_loss(steps, checks), _score(checks, figures, shares=shares)) if picture]


def _loss(steps: Sequence[dict[str, Any]], checks: Sequence[dict[str, Any]]) -> Markup:
    series = [charts.Series(charts.thinned(_points(steps, "loss")), "training", "first")]
    series.append(charts.Series(_points(checks, "loss"), "validation", "second", dots=True))
    series = [line for line in series if line.points]
    told = "; ".join(f"{line.label} ends at {line.points[-1][1]:.3f}" for line in series)
    return charts.curves(
        series, title="Loss", description=f"Loss over training steps: {told}.", x_label="step", y_label="loss"
    )


def _score(checks: Sequence[dict[str, Any]], figures: Mapping[str, str], *, shares: bool) -> Markup:
    (headline, name), *others = figures.items()
    series = [charts.Series(_points(checks, headline), name, "first", dots=True)]
    series += [charts.Series(_points(checks, key), called, "second", dots=True) for key, called in others[:1]]
    lines = [line for line in series if line.points]
    if len(lines) == 2 and abs(lines[0].points[-1][1] - lines[1].points[-1][1]) < 0.02:
        lines = lines[:1]  # where both are the same, one line says it
    if not lines:
        return Markup("")
    best = next((item for item in reversed(checks) if item.get("best") and headline in item), None)
    mark = None
    if best is not None:
        value = f"{best[headline]:.1%}" if shares else f"{best[headline]:.2f}"
        mark = (best["step"], best[headline], f"best: {value} at step {best['step']:,}")
    lowest = min(y for line in lines for _, y in line.points)
    return charts.curves(
        lines,
        title="Score on the validation part",
        description=f"Score over training steps. {mark[2] if mark else ''}",
        x_label="step",
        y_label="validation",
        y_range=(0.5 if lowest >= 0.5 else 0.0, 1.0) if shares else None,
        mark=mark,
    )


def _points(items: Sequence[dict[str, Any]], key: str) -> list[charts.Point]:
    return [(item["step"], item[key]) for item in items if item.get(key) is not None]


def calibration(bins: Sequence[dict[str, float]], error: float | None, noun: str = "text") -> Markup:
    """Share right over confidence in `bins`, of so many of what `noun` names each; nothing where there are none."""
    if not bins:
        return Markup("")
    told = f"Share right over confidence, in {len(bins)} bins of about as many {noun}s each."
    if error is not None:
        told += f" On average the two are {wording.percent(error)} apart."
    return charts.reliability(bins, title="Calibration", description=told, noun=noun)


def lengths(
    bins: Sequence[mistakes.LengthBin],
    *,
    figure: str = "Accuracy",
    told: str = "right",
    words_in: str = "text",
) -> Markup:
    """Nothing for a single bin: there is no comparison in it. `told` is what the figure is a share of."""
    if len(bins) < 2:
        return Markup("")
    rows = [
        charts.Whisker(length(item), item.figure, item.interval, f"{length(item)} words: {item.figure:.1%} {told}")
        for item in bins
    ]
    each = "; ".join(row.told for row in rows)
    return charts.whiskers(
        rows, title=f"{figure} by length", description=f"{each}.", x_label=f"words in the {words_in}", y_label=told
    )


def length(item: mistakes.LengthBin) -> str:
    return f"{item.low}" if item.low == item.high else f"{item.low}–{item.high}"


def explanations(explained: Sequence[dict[str, Any]]) -> dict[str, Explanation]:
    """Those of explanations.json by the ids of their texts."""
    return {item["id"]: highlight.from_json(item["explanation"]) for item in explained}


def examples(explained: Sequence[dict[str, Any]]) -> list[Shown]:
    """The highlighted texts that are there as examples."""
    found = []
    for item in explained:
        if item["kind"] != "example":
            continue
        made = highlight.from_json(item["explanation"])
        gold = tuple(item["gold"]) if isinstance(item["gold"], list) else item["gold"]
        found.append(Shown(item["id"], made.text, 0, made.output, gold, made.confidence, made))
    return found
