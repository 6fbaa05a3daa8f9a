"""What is said and shown of a model that answers questions from texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from regard.analysis import mistakes
from regard.metrics import calibration
from regard.metrics.answer import exact_match, f1, tally_answer
from regard.records import AnswerPrediction, Scores
from regard.report import answer_evidence, evidence, markdown, verdict, wording
from regard.report.finished import Finished
from regard.report.task_report import TaskReport

LEAST_IN_A_BIN = 30
"""Questions of about one confidence below which the share of them that are right is mostly chance."""


class AnswerReport(TaskReport):
    word = "answer"
    noun = "question"
    nothing_found = "no empty texts or questions, no doubles, no leak from one part to another"
    asking = ' --question "a question?"'
    pipeline_tag = "question-answering"
    hub_class = "AutoModelForQuestionAnswering"
    hub_metrics: ClassVar = {"f1": "f1", "exact_match": "exact_match"}
    figures: ClassVar = {
        "f1": ("F1", "words in common with the nearest right answer; mean of the questions", 0.0),
        "exact_match": (
            "exact match",
            "share of answers that are a right one, capitals, articles and signs aside",
            0.0,
        ),
        "has_answer_f1": ("F1 where there is an answer", "F1 of the questions whose text has an answer", 0.0),
        "no_answer_accuracy": ("right where there is none", "share of questions without an answer that got none", 0.0),
        "ece": ("calibration error", "mean distance between confidence and share exactly right; 0 is best", None),
    }

    def asked(self, run: Finished) -> tuple[str, list[str]]:
        none = ", or does it hold none" if _without(run) or _kept_silent(run) else ""
        return f"Which words of a text answer a question{none}?", []

    def title(self, run: Finished) -> str:
        share = wording.percent(run.scores.values["f1"])
        questions = wording.number_of(run.scores.n, "question")
        return f"{wording.model(run.record['model'])}: F1 of {share} on {questions}"

    def lead(self, run: Finished) -> str:
        scores = run.scores
        said = (
            f"{wording.model(run.record['model'])} answers {wording.number_of(scores.n, f'{scores.part} question')} "
            f"with an F1 of {wording.percent(scores.values['f1'])}"
        )
        return verdict.with_interval(said, scores.intervals.get("f1"))

    def beside(self, run: Finished) -> list[str]:
        return [_exactly(run), *_where_there_is_none(run)]

    def peer(self, run: Finished, figure: float) -> str:
        return f"has an F1 of {wording.percent(figure)} on the same questions"

    def counts(self, run: Finished) -> str:
        return "answers"

    def curves(self, run: Finished) -> dict[str, str]:
        return {"f1": "F1", "exact_match": "exact match"}

    def told(self, scores: Scores, run: Finished) -> Scores:
        """With the calibration, which training does not measure."""
        error = calibration.expected_calibration_error(_bins(run.predictions))
        return replace(scores, values={**scores.values, "ece": error})

    def evidence(self, run: Finished) -> dict[str, Any]:
        scores, bins = run.scores, _bins(run.predictions)
        by_length = mistakes.figure_by_length(
            run.predictions, tally_answer, lambda item: len(item.input.split()), seed=run.record["seed"]
        )
        error = calibration.expected_calibration_error(bins)
        return {
            "by_answer": answer_evidence.ranges(scores.detail["by_answer_length"]),
            "by_context": answer_evidence.ranges(scores.detail["by_context_length"]),
            "error": error,
            "calibration": evidence.calibration(bins, error, "question"),
            "lengths": evidence.lengths(by_length, figure="F1", told="F1"),
            **answer_evidence.errors(run.predictions, run.explained),
            **answer_evidence.examples(run.predictions, run.explained),
        }

    def use(self, run: Finished) -> str:
        none = ", or none" if _without(run) or _kept_silent(run) else ""
        return (
            f"It gives to a text and a question the words of the text that answer it{none}, with a confidence and the "
            "next best answers. It finds what the text says, whether or not that is true."
        )

    def call(self) -> str:
        return 'model.predict("a text", "a question?")'

    def plain_use(self, run: Finished, model: str) -> list[str]:
        return [
            "from transformers import AutoModelForQuestionAnswering, AutoTokenizer",
            "",
            f"tokenizer = AutoTokenizer.from_pretrained({model!r})",
            f"model = AutoModelForQuestionAnswering.from_pretrained({model!r})",
            'output = model(**tokenizer("a question?", "a text", return_tensors="pt"))',
            "output.start_logits, output.end_logits  # of each token, as the answer's first and last",
        ]

    def table(self, run: Finished) -> str:
        rows = [
            [kind, f"{figures['f1']:.4f}", f"{figures['exact_match']:.4f}", f"{figures['support']:,.0f}"]
            for kind, figures in run.scores.per_class.items()
        ]
        return markdown.table(["asks", "F1", "exact match", "questions"], rows)


def _without(run: Finished) -> int:
    """How many questions have no answer in their text."""
    return sum(item.gold == () for item in run.predictions)


def _kept_silent(run: Finished) -> int:
    """How many questions got no answer."""
    return sum(not item.output for item in run.predictions)


def _exactly(run: Finished) -> str:
    """What the figure is made of: answers that are right, that share words with a right one, that share none."""
    judged = [(item.output, item.gold) for item in run.predictions if item.gold is not None]
    exact = sum(exact_match(output, gold) == 1 for output, gold in judged)
    partly = sum(f1(output, gold) > 0 and exact_match(output, gold) < 1 for output, gold in judged)
    wrong = len(judged) - exact - partly
    interval = run.scores.intervals.get("exact_match")
    between = f"; 95\u00a0% interval: {wording.percent_interval(interval)}" if interval else ""
    share = f"{wording.percent(run.scores.values['exact_match'])}{between}"
    said = [f"{exact:,} of the {len(judged):,} answers {'is' if exact == 1 else 'are'} exactly right ({share})"]
    said += [f"{partly:,} {'shares' if partly == 1 else 'share'} words with a right one"] if partly else []
    said += [f"{wrong:,} {'is' if wrong == 1 else 'are'} wrong"] if wrong else []
    return f"{wording.enumeration(said)}."


def _where_there_is_none(run: Finished) -> list[str]:
    """How well it tells questions that have an answer from those that have none."""
    without = _without(run)
    if not without:
        return []
    silent = sum(item.gold == () and not item.output for item in run.predictions)
    needless = sum(bool(item.gold) and not item.output for item in run.predictions)
    answered = len(run.predictions) - without
    said = (
        f"Of {wording.number_of(without, 'question')} without an answer in the text {silent:,} got none "
        f"({wording.percent(silent / without)})"
    )
    if answered:
        said += f"; of the {answered:,} with an answer {needless:,} got none"
    never = verdict.beside_one_answer(
        "Never answering would have an F1 of", without / len(run.predictions), run.scores.intervals.get("f1")
    )
    return [f"{said}.", never]


def _bins(predictions: Sequence[AnswerPrediction]) -> list[dict[str, float]]:
    """Confidence against exact match."""
    judged = [item for item in predictions if item.gold is not None]
    confidence = np.array([min(item.confidence, 1.0) for item in judged])
    right = np.array([exact_match(item.output, item.gold or ()) for item in judged])
    return calibration.bins(confidence, right, count=min(calibration.BINS, max(3, len(judged) // LEAST_IN_A_BIN)))
