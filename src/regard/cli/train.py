"""`regard train DATA --model WORD`: train one model, score it, leave a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regard.cli import options
from regard.cli.answer import Answer

if TYPE_CHECKING:
    from regard.jobs.load import Model


def train(
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA|RECIPE", help="A file, folder, asset's word, hub id; or a recipe.toml."),
    ] = None,
    model: options.Model = None,
    task: options.Task = None,
    recipe: options.RecipeFile = None,
    out: options.Out = None,
    validation: options.Validation = None,
    test: options.Test = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    question_column: options.QuestionColumn = None,
    max_train_examples: options.MaxTrainExamples = None,
    max_length: options.MaxLength = None,
    strategy: options.Strategy = None,
    attention: options.Attention = None,
    seed: options.Seed = None,
    sets: options.Sets = None,
    resume: options.Resume = False,
    force: options.Force = False,
    offline: bool = False,
    quiet: bool = False,
) -> Answer:
    """Train a model on labelled texts, score it and write its report.

    Example: regard train reviews.csv --model lstm --test later.csv --out runs/lstm
    """
    from regard.jobs import train as job

    if recipe is None and data is not None and data.endswith(".toml"):
        recipe, data = Path(data), None
    trained = job.train(
        data,
        model=model,
        task=task,
        recipe=recipe,
        out=out,
        validation=validation,
        test=test,
        text_column=text_column,
        label_column=label_column,
        question_column=question_column,
        seed=seed,
        sets=options.with_lengths(sets, max_length, strategy, attention),
        max_train_examples=max_train_examples,
        resume=resume,
        force=force,
        offline=offline,
        quiet=quiet,
    )
    return Answer(_document(trained), lambda: _show(trained))


def _document(trained: Model) -> dict[str, Any]:
    return {
        **trained.scores.to_json(),
        "run": str(trained.run.path),
        "model": trained.recipe.model_name,
        "report": str(trained.report),
        "seconds": trained.record["timings"]["total"],
        "train_examples": trained.record["data"]["train"]["n"],
    }


def _took(timings: dict[str, float]) -> str:
    """The training's own time; with that of all where the rest took long."""
    from regard.report import wording

    training, total = timings.get("train", timings["total"]), timings["total"]
    rest = f" ({wording.duration(total)} with reading, scoring and explaining)" if total > training + 5 else ""
    return wording.duration(training) + rest


def _show(trained: Model) -> None:
    from regard.cli import console
    from regard.report import wording
    from regard.report.task_report import report_of

    record, noun = trained.record, report_of(trained.recipe.task).noun
    console.print_scores(trained.scores)
    console.say(
        f"{trained.recipe.model_name}, trained on {wording.number_of(record['data']['train']['n'], noun)} "
        f"in {_took(record['timings'])}"
    )
    if reading := wording.reading(record, f"{noun}s"):
        console.say(reading)
    console.say(f"report: {trained.report}")
    asking = report_of(trained.recipe.task).asking
    console.say(f'next:   regard predict {trained.run.path} "a text of your own"{asking}')
