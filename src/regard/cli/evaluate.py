"""`regard evaluate RUN FILE`: scores of a trained model on other labelled texts."""

from __future__ import annotations

from regard.cli import options
from regard.cli.answer import Answer


def evaluate(
    run: options.Run,
    source: options.Source,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    question_column: options.QuestionColumn = None,
    label_separator: options.LabelSeparator = None,
    offline: bool = False,
) -> Answer:
    """Score a trained model on labelled texts, with 95 % intervals."""
    from regard.cli import console
    from regard.jobs.load import load

    scores = load(run).evaluate(
        source,
        text_column=text_column,
        label_column=label_column,
        question_column=question_column,
        label_separator=label_separator,
        offline=offline,
    )
    document = {**scores.to_json(), "run": str(run), "source": source}
    return Answer(document, lambda: console.print_scores(scores))
