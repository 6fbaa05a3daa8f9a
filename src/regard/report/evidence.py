"""What the page shows below its verdict, gathered from the files of a run: one function for each section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regard.analysis import mistakes
from regard.records import Explanation, Label, Prediction, Scores
from regard.report import charts, highlight, wording

MOST_MISTAKES = 25
MOST_LABELS_IN_A_TABLE = 20
LONGEST_TEXT = 20_000  # characters of one text on the page

# Name, what it means, and where its axis begins (None: no axis from a worst to a best value).
FIGURES: dict[str, tuple[str, str, float | None]] = {
    "accuracy": ("accuracy", "share of texts answered right", 0.0),
    "macro_f1": ("macro F1", "F1 of each class, every class counting the same", 0.0),
    "macro_precision": ("macro precision", "of the texts given a class, how many have it; mean of the classes", 0.0),
    "macro_recall": ("macro recall", "of the texts of a class, how many were given it; mean of the classes", 0.0),
    "micro_f1": ("micro F1", "F1 over all decisions, every decision counting the same", 0.0),
    "micro_precision": ("micro precision", "of all labels given, how many are right", 0.0),
    "micro_recall": ("micro recall", "of all labels to be given, how many were", 0.0),
    "mcc": ("Matthews correlation", "0 is guessing, 1 is always right, whatever the balance", -1.0),
    "auroc": ("AUROC", "how well the probabilities rank; 0.5 is guessing", 0.0),
    "ece": ("calibration error", "mean distance between confidence and share right; 0 is best", None),
    "brier": ("Brier score", "squared error of the probabilities; 0 is best", None),
    "log_loss": ("log loss", "surprise at the right answers, in nats; 0 is best", None),
}


@dataclass(frozen=True)
class Row:
    """One line of the table of scores."""

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
        line = " ".join(self.text[:400].split())
        return line if len(line) <= 110 else line[:110].rsplit(" ", 1)[0] + " …"


def score_rows(scores: Scores, other: Scores | None, *, multi_label: bool) -> list[Row]:
    """Every figure; `other` is the same model on the validation part. One label a text: micro averages all equal the
    accuracy and are left out."""
    rows = []
    for key, value in scores.values.items():
        if key.startswith("micro_") and not multi_label:
            continue
        name, meaning, low = FIGURES.get(key, (key.replace("_", " "), "", None))
        interval = scores.intervals.get(key)
        bar = Markup("") if low is None else charts.interval_bar(value, interval, low=low)
        rows.append(Row(name, meaning, value, interval, bar, other.values.get(key) if other else None))
    return rows


def confusion(scores: Scores) -> list[list[Cell]] | None:
    """Rows of gold labels; None for several labels a text, or too many labels for a table."""
    if scores.confusion is None or len(scores.labels) > MOST_LABELS_IN_A_TABLE:
        return None
    return [
        [Cell(count, count / max(sum(row), 1), place == column) for column, count in enumerate(row)]
        for place, row in enumerate(scores.confusion)
    ]


def curves(log: Sequence[dict[str, Any]]) -> list[Markup]:
    """Loss and score over the steps of a training; nothing where nothing was logged."""
    steps = [item for item in log if item.get("event") == "step"]
    checks = [item for item in log if item.get("event") == "evaluation"]
    return [picture for picture in (_loss(steps, checks), _score(checks)) if picture]


def _loss(steps: Sequence[dict[str, Any]], checks: Sequence[dict[str, Any]]) -> Markup:
    series = [charts.Series(charts.thinned(_points(steps, "loss")), "training", "first")]
    series.append(charts.Series(_points(checks, "loss"), "validation", "second", dots=True))
    series = [line for line in series if line.points]
    told = "; ".join(f"{line.label} ends at {line.points[-1][1]:.3f}" for line in series)
    return charts.curves(
        series, title="Loss", description=f"Loss over training steps: {told}.", x_label="step", y_label="loss"
    )


def _score(checks: Sequence[dict[str, Any]]) -> Markup:
    series = [charts.Series(_points(checks, "accuracy"), "accuracy", "first", dots=True)]
    series.append(charts.Series(_points(checks, "macro_f1"), "macro F1", "second", dots=True))
    lines = [line for line in series if line.points]
    if len(lines) == 2 and abs(lines[0].points[-1][1] - lines[1].points[-1][1]) < 0.02:
        lines = lines[:1]  # where both are the same, one line says it
    if not lines:
        return Markup("")
    best = next((item for item in reversed(checks) if item.get("best") and "accuracy" in item), None)
    mark = None
    if best is not None:
        mark = (best["step"], best["accuracy"], f"best: {best['accuracy']:.1%} at step {best['step']:,}")
    lowest = min(y for line in lines for _, y in line.points)
    return charts.curves(
        lines,
        title="Score on the validation part",
        description=f"Score over training steps. {mark[2] if mark else ''}",
        x_label="step",
        y_label="validation",
        y_range=(0.5 if lowest >= 0.5 else 0.0, 1.0),
        mark=mark,
    )


def _points(items: Sequence[dict[str, Any]], key: str) -> list[charts.Point]:
    return [(item["step"], item[key]) for item in items if item.get(key) is not None]


def calibration(scores: Scores) -> Markup:
    if not scores.calibration:
        return Markup("")
    error = scores.values.get("ece")
    bins = len(scores.calibration)
    told = f"Share right over confidence, in {bins} bins of about as many texts each."
    if error is not None:
        told += f" On average the two are {wording.percent(error)} apart."
    return charts.reliability(scores.calibration, title="Calibration", description=told)


def lengths(bins: Sequence[mistakes.LengthBin]) -> Markup:
    """Nothing for a single bin: there is no comparison in it."""
    if len(bins) < 2:
        return Markup("")
    rows = [
        charts.Whisker(length(item), item.accuracy, item.interval, f"{length(item)} words: {item.accuracy:.1%} right")
        for item in bins
    ]
    told = "; ".join(row.told for row in rows)
    return charts.whiskers(
        rows, title="Accuracy by length", description=f"{told}.", x_label="words in the text", y_label="right"
    )


def length(item: mistakes.LengthBin) -> str:
    return f"{item.low}" if item.low == item.high else f"{item.low}–{item.high}"


def wrong(predictions: Sequence[Prediction], explained: Sequence[dict[str, Any]]) -> list[Shown]:
    """The surest mistakes, with the explanations of those that have one."""
    known = {item["id"]: highlight.from_json(item["explanation"]) for item in explained}
    return [_shown(item, known.get(item.id)) for item in mistakes.surest(predictions, MOST_MISTAKES)]


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


def _shown(item: Prediction, explanation: Explanation | None) -> Shown:
    left_out = max(0, len(item.input) - LONGEST_TEXT)
    text = item.input[:LONGEST_TEXT]
    return Shown(item.id, text, left_out, item.output, item.gold, item.confidence, explanation)
