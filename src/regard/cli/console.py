"""What a person sees in a terminal: tables that fit 80 columns, highlighted words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from regard.records import Explanation, Scores

if TYPE_CHECKING:
    from regard.jobs.demo import Demo

HEADLINES = (
    *("f1", "exact_match", "precision", "recall", "accuracy", "macro_f1", "macro_precision", "macro_recall"),
    *("mcc", "auroc", "ece"),
)
MOST_CLASSES = 20
NOUNS = {"answer": "question", "generate": "passage", "pretrain": "passage"}
"""What is scored, where it is no text."""


def out() -> Console:
    """A console on what is standard output now; 80 columns wide off a terminal."""
    return Console(highlight=False, soft_wrap=False)


def say(line: str) -> None:
    """One line as it is: paths and commands are not wrapped, so that they can be copied."""
    print(line)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table in the house's style; the caller adds rows."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    made.padding, made.pad_edge = (0, 1, 0, 0), False
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def short_duration(seconds: float) -> str:
    """For a narrow column: 8.2 s, 3.3 min, 1.1 h."""
    for limit, unit, name in ((60, 1, "s"), (3600, 60, "min")):
        if seconds < limit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """Bytes for a narrow column: 9 KiB, 87 MiB."""
    return f"{count / 2**20:.0f} MiB" if count >= 2**20 else f"{count / 2**10:.0f} KiB"


def print_scores(scores: Scores) -> None:
    """The figures with their 95 % intervals, then each class, type of name, tag, or kind of question."""
    title = f"{scores.part}: {scores.n:,} {NOUNS.get(scores.task, 'text')}{'' if scores.n == 1 else 's'}"
    figures = table("figure", "value", "95 % interval", title=escape(title))
    first = [name for name in HEADLINES if name in scores.values]
    for name in [*first, *(name for name in scores.values if name not in HEADLINES)]:
        interval = scores.intervals.get(name)
        between = f"{interval[0]:.4f} – {interval[1]:.4f}" if interval else ""
        figures.add_row(name.replace("_", " "), f"{scores.values[name]:.4f}", between)
    console = out()
    console.print(figures)
    if scores.per_class:
        console.print(_classes(scores))


def _classes(scores: Scores) -> Table:
    """Precision, recall and F1 of each class (of answers F1 and exact match); of many classes the worst by F1."""
    worst = sorted(scores.per_class.items(), key=lambda item: item[1].get("f1", 0.0))[:MOST_CLASSES]
    shown = scores.per_class if len(scores.per_class) <= MOST_CLASSES else dict(worst)
    one, several, whole = _kind_of_row(scores)
    columns = [name for name in ("precision", "recall", "f1", "exact_match") if any(name in row for _, row in worst)]
    title = None if shown is scores.per_class else f"the {len(shown)} {several} with the lowest F1"
    made = table(one, *(name.replace("_", " ") for name in columns), whole, title=title)
    for label, row in shown.items():
        figures = (f"{row[name]:.4f}" if name in row else "" for name in columns)
        made.add_row(escape(label), *figures, f"{int(row.get('support', 0)):,}")
    return made


def _kind_of_row(scores: Scores) -> tuple[str, str, str]:
    """What a row of the second table is, several of them, and what each has so many of."""
    if scores.task == "answer":
        return "asks", "kinds", "questions"
    if scores.task != "tag":
        return "class", "classes", "texts"
    return ("tag", "tags", "words") if scores.detail.get("scheme") is None else ("type", "types", "names")


def print_explanation(explanation: Explanation) -> None:
    """The answer and the text with its words highlighted; without colour, the words that counted most."""
    from regard.report import highlight, wording

    console = out()
    if not console.is_terminal or console.no_color:
        say(highlight.to_plain(explanation))
        return
    answer = f"{wording.label(explanation.output)} ({wording.percent(explanation.confidence)})"
    console.print(answer, style="bold", markup=False)
    console.print(highlight.to_terminal(explanation))


def print_comparison(document: dict[str, Any]) -> None:
    """A comparison's document: the ladder, best first, then the verdict and where the page lies."""
    from regard.report import wording

    noun = NOUNS.get(document["task"], "text")
    columns = ("95 %\ninterval", "seeds", f"{noun}s\nseen", "train\ntime", f"ms/\n{noun}", "size")
    headline = document["headline"]
    made = table("model", wording.headline(headline)[0].replace("Accuracy", "accuracy"), *columns)
    for column in made.columns[1:]:
        column.justify = "right"
    for row in document["models"]:
        made.add_row(
            escape(row["model"]),
            wording.value(headline, row["figure"]),
            _band(headline, row["interval"]),
            _band(headline, row["figures"]) if len(row["figures"]) > 1 else "1",
            f"{row['train_examples']:,}",
            short_duration(row["train_seconds"]),
            f"{row['latency_ms']:.1f}",
            size(row["bytes"]),
        )
    out().print(made)
    out().print(document["sentence"], markup=False)
    if once := [row["model"] for row in document["models"] if not row["seeded"]]:
        out().print(f"Trained once, as no seed changes it: {', '.join(once)}.", markup=False)
    say(f"report: {document['report']}")


def print_demo(shown: Demo) -> None:
    """The ladder, two explanations, and what to do next."""
    from regard.report import wording

    print_comparison(shown.comparison.to_json())
    for text, explanation in zip(("a held-out review", "a sentence"), shown.explanations, strict=True):
        out().print(f"\n{text}, explained:", style="bold")
        print_explanation(explanation)
    say(f"\ndone in {wording.duration(shown.seconds)}")
    say(f"next: {shown.next_command}")


def _band(headline: str, values: list[float]) -> str:
    """From the lowest to the highest, in the figure's unit, without its sign."""
    from regard.metrics.measure import unit_of

    unit = unit_of(headline)
    return f"{unit.bare(min(values))}–{unit.bare(max(values))}"


def asset_rows() -> list[dict[str, Any]]:
    """Every asset as a row: word, kind, licence, size of the download, whether it is in the cache."""
    from regard import assets

    return [
        {
            "word": asset.word,
            "kind": asset.kind,
            "summary": asset.summary,
            "licence": asset.licence,
            "mebibytes": asset.mebibytes,
            "package": asset.requirement,
            "sha256": asset.sha256,
            "cached": assets.folder(asset).is_dir(),
        }
        for asset in assets.ASSETS.values()
    ]


def print_assets(rows: list[dict[str, Any]]) -> None:
    made = table("asset", "kind", "MiB", "cached", "licence", "what it is")
    for row in rows:
        cached = "yes" if row["cached"] else "no"
        made.add_row(row["word"], row["kind"], str(row["mebibytes"]), cached, row["licence"], row["summary"])
    out().print(made)
