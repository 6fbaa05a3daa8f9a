"""`regard lab RUN [FILE]`: every way of writing with a trained model, compared on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli import options
from regard.cli.answer import Answer


def lab(
    run: options.Run,
    source: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Texts with references; the run's validation part when not given."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The page; lab.html in the run folder when not given.")
    ] = None,
    examples: Annotated[int, typer.Option("--examples", metavar="N", help="Look at the first N texts.")] = 200,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of sampling; the run's when not given.")
    ] = None,
    offline: bool = False,
) -> Answer:
    """Compare ways of writing with a trained translator: greedy, beams, length penalties, samplers; score, length,
    repetition, time. How it fares with its own words before it, and what of the sources it looked at.

    Nothing of the run is changed; a page is written.
    """
    from regard.jobs.lab import lab as job

    found = job(
        run,
        source,
        examples=examples,
        out=out,
        seed=seed,
        text_column=text_column,
        label_column=label_column,
        offline=offline,
    ).to_json()
    return Answer(found, lambda: _show(found))


def _show(found: dict[str, Any]) -> None:
    from regard.cli import console
    from regard.report.lab import exposed
    from regard.report.lab_charts import signed

    made = console.table("way", "BLEU", "to\ngreedy", "chrF", "length", "repeated\n4 words", "log-\nprob.", "ms/\ntext")
    for column in made.columns[1:]:
        column.justify = "right"
    for row in found["methods"]:
        figures, difference = row["figures"], row["difference"]
        made.add_row(
            row["name"],
            f"{figures['bleu']:.1f}",
            "" if difference is None else signed(difference["difference"]) + ("" if row["within_noise"] else "*"),
            f"{figures['chrf']:.1f}",
            f"{figures.get('length_ratio', float('nan')):.2f}",
            f"{100 * figures['repeated_4']:.1f} %",
            f"{figures['log_probability']:.1f}",
            f"{1000 * row['seconds_per_text']:.1f}",
        )
    console.out().print(made)
    console.out().print("* more than noise. Length: tokens of outputs to those of references.", markup=False)
    console.out().print(found["sentence"], markup=False)
    console.out().print(exposed(found["exposure"]), markup=False)
    console.say(f"page: {found['page']}")
