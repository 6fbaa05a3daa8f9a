"""`regard compare DATA --models tfidf,lstm,minilm`: which model to take, and is it really better."""

from __future__ import annotations

from regard.cli import options
from regard.cli.answer import Answer


def compare(
    data: options.Source,
    models: options.Models,
    seeds: options.Seeds = 3,
    out: options.Out = None,
    validation: options.Validation = None,
    test: options.Test = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    question_column: options.QuestionColumn = None,
    max_train_examples: options.MaxTrainExamples = None,
    task: options.Task = None,
    max_length: options.MaxLength = None,
    strategy: options.Strategy = None,
    attention: options.Attention = None,
    seed: options.Seed = None,
    sets: options.Sets = None,
    force: options.Force = False,
    offline: bool = False,
    quiet: bool = False,
) -> Answer:
    """Train several models on the same split and say which differences are real.

    A comparison that was stopped goes on where it was: finished runs in --out are taken as they are.
    """
    from regard.cli import console
    from regard.jobs.compare import compare as job

    comparison = job(
        data,
        models=[word.strip() for word in models.split(",") if word.strip()],
        seeds=seeds,
        out=out,
        validation=validation,
        test=test,
        text_column=text_column,
        label_column=label_column,
        question_column=question_column,
        max_train_examples=max_train_examples,
        task=task,
        seed=seed,
        sets=options.with_lengths(sets, max_length, strategy, attention),
        force=force,
        offline=offline,
        quiet=quiet,
    )
    document = comparison.to_json()
    return Answer(document, lambda: console.print_comparison(document))
