"""`regard lab RUN [FILE]`: every way of writing with a trained model, compared on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli import options
from regard.cli.answer import Answer

if TYPE_CHECKING:
    from rich.table import Table


def lab(
    run: options.Run,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]", help="Texts, with references for a translator; the run's validation part when not given."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The page; lab.html in the run folder when not given.")
    ] = None,
    examples: Annotated[
        int,
        typer.Option("--examples", metavar="N", help="Look at the first N texts; of a language model at N passages."),
    ] = 200,
    prompt_tokens: Annotated[
        int | None,
        typer.Option("--prompt-tokens", metavar="N", help="Of a language model: tokens of a prompt; 50 if they fit."),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="N", help="Of a language model: tokens after a prompt; 200 if they fit."),
    ] = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of sampling; the run's when not given.", min=0)
    ] = None,
    offline: bool = False,
) -> Answer:
    """Compare ways of writing with a trained translator or language model: greedy, beams, penalties, samplers; of a
    translator score and length, of a language model how far it is from true text; repetition, time. How it fares with
    its own words before it, and what of the sources it looked at.

    Nothing of the run is changed; a page is written.
    """
    from regard.jobs.lab import lab as job

    found = job(
        run,
        source,
        examples=examples,
        out=out,
        seed=seed,
        prompt_tokens=prompt_tokens,
        tokens=tokens,
        text_column=text_column,
        label_column=label_column,
        offline=offline,
    ).to_json()
    return Answer(found, lambda: _show(found))


def _show(found: dict[str, Any]) -> None:
    from regard.cli import console
    from regard.report.lab import exposed

    made, note = (_translations if found["task"] == "translate" else _continuations)(found)
    for column in made.columns[1:]:
        column.justify = "right"
    console.out().print(made)
    console.out().print(note, markup=False)
    console.out().print(found["sentence"], markup=False)
    console.out().print(exposed(found["exposure"]), markup=False)
    console.say(f"page: {found['page']}")


def _translations(found: dict[str, Any]) -> tuple[Table, str]:
    from regard.cli import console
    from regard.report.lab_charts import signed

    made = console.table("way", "BLEU", "to\ngreedy", "chrF", "length", "repeated\n4 words", "log-\nprob.", "ms/\ntext")
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
    return made, "* more than noise. Length: tokens of outputs to those of references."


def _continuations(found: dict[str, Any]) -> tuple[Table, str]:
    from regard.cli import console
    from regard.report.lab_charts import signed

    made = console.table(
        "way", "nats/\ntoken", "to\ntrue", "repeated\n4 words", "to\ntrue", "pairs", "Zipf", "ms/\ntoken"
    )
    for row in found["methods"]:
        differences = [
            signed(scale * one["difference"], digits) + ("" if one["within_noise"] else "*")
            for name, scale, digits in (("log_probability", 1, 2), ("repeated_4", 100, 1))
            for one in [row["differences"][name]]
        ]
        made.add_row(row["name"], *_figures(row["figures"], differences), f"{1000 * row['seconds_per_token']:.2f}")
    made.add_row("the true text", *_figures(found["true"]["figures"], ["", ""]), "")
    return made, "* more than noise. Pairs: share of pairs of words that are different ones."


def _figures(figures: dict[str, float], differences: list[str]) -> list[str]:
    from regard.report.wording import figure

    likely, again = differences
    return [
        figure(figures["log_probability"], 2),
        likely,
        f"{100 * figures['repeated_4']:.1f} %",
        again,
        figure(figures.get("distinct_2"), 2),
        figure(figures.get("zipf"), 2),
    ]
