"""Explanations by task: which words made a label, a word's tag, an answer, each word of a translation."""

from __future__ import annotations

from typing import Any

from regard.errors import UsageError
from regard.records import Corpus, Explanation
from regard.registry import resolve
from regard.tasks.task import Predictor, Task

# explain(predictor, corpus of one text, method=, target=) and, of a prediction, what of it to explain.
EXPLAINERS = {
    "classify": "regard.analysis.explain:explain_text",
    "tag": "regard.analysis.explain_tag:explain_word",
    "answer": "regard.analysis.explain_answer:explain_answer",
    "translate": "regard.analysis.alignment:explain_output",
}


def explain(
    task: Task, predictor: Predictor, corpus: Corpus, *, method: str | None = None, target: str | int | None = None
) -> Explanation:
    """Which words of the one text in `corpus` counted, and how much.

    `target` is what they speak for: a label (classify), a word or its number (tag); by default what is in the output.
    Raises `UsageError` for a method that this model does not have, for an unknown target, and where `can_explain` says
    that nothing can be told.
    """
    if task.word not in EXPLAINERS:
        mend = f"explanations are for {', '.join(EXPLAINERS)}"
        raise UsageError(f"{task.word}: there is no one output of a text to explain", mend=mend)
    found: Explanation = resolve(EXPLAINERS[task.word])(predictor, corpus, method=method, target=target)
    return found


def can_explain(task: Task, predictor: Predictor) -> bool:
    """Whether the words behind an output can be told: a tagger of another house shows neither weights nor gradients, a
    translator without attention looks at no word, and of other tasks there is nothing to tell."""
    if task.word == "translate":
        from regard.analysis.alignment import has_alignment

        return has_alignment(predictor)
    return task.word in EXPLAINERS and (task.word != "tag" or predictor.kind != "baseline")


def explain_prediction(task: Task, predictor: Predictor, prediction: Any) -> Explanation:
    """Of a prediction what is most worth explaining, for the report: where it is wrong, what it got wrong."""
    return explain(task, predictor, task.asked_again(prediction), target=task.telling(prediction))
