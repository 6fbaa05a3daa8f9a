"""What a task's own part of a page and of a card answers to; the frame around it is the same for every task.

A task has one class here, one template of its word (`classify.html`), and one line in `REPORTS`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from markupsafe import Markup

from regard.records import Scores
from regard.registry import resolve
from regard.report import evidence, wording
from regard.report.finished import Finished

REPORTS = {
    "classify": "regard.report.classify:ClassifyReport",
    "tag": "regard.report.tag:TagReport",
    "answer": "regard.report.answer:AnswerReport",
    "translate": "regard.report.translate:TranslateReport",
    "generate": "regard.report.generate:GenerateReport",
    "pretrain": "regard.report.pretrain:PretrainReport",
}


@cache
def report_of(word: str) -> TaskReport:
    """The report of the task of this word."""
    made: TaskReport = resolve(REPORTS[word])()
    return made


class TaskReport(ABC):
    """What is said and shown of a run of one task."""

    word: ClassVar[str]
    noun: ClassVar[str] = "text"
    """What is scored, one by one."""
    nothing_found: ClassVar[str] = "no empty texts, no doubles, no leak from one part to another, no lopsided labels"
    """What a doctor without findings looked for."""
    asking: ClassVar[str] = ""
    """What follows the text on the command line where it is not asked alone."""
    figures: ClassVar[Mapping[str, evidence.Figure]]
    """Scores in the order of the table; one that is not here has its own name and comes last."""

    # The page

    @abstractmethod
    def asked(self, run: Finished) -> tuple[str, list[str]]:
        """The question that the model answers, and the names of its possible answers."""

    @abstractmethod
    def title(self, run: Finished) -> str:
        """Of the page, for a list of tabs."""

    @abstractmethod
    def lead(self, run: Finished) -> str:
        """The verdict in one sentence: how good, on how many texts of what, within which interval."""

    @abstractmethod
    def beside(self, run: Finished) -> list[str]:
        """What else belongs to the verdict: what the figure is made of, and what to compare it with."""

    def counts(self, run: Finished) -> str:
        """What the doctor counts in a part of the data."""
        return "labels"

    def peer(self, run: Finished, figure: float) -> str:
        """How another model did on the same texts, behind its name; `figure` is the headline."""
        return f"has an F1 of {wording.percent(figure)} on the same {self.noun}s"

    def curves(self, run: Finished) -> dict[str, str]:
        """Scores that are drawn over a training, with their names: the first two of them, the headline first."""
        return {"f1": "F1", "macro_f1": "macro F1"}

    def training(self, run: Finished) -> list[Markup]:
        """Pictures of the training."""
        return evidence.curves(run.log, self.curves(run))

    def rows(self, run: Finished) -> list[evidence.Row]:
        """The table of scores."""
        return evidence.score_rows(self.told(run.scores, run), run.validation, self.figures)

    def told(self, scores: Scores, run: Finished) -> Scores:
        """Scores without those that would say a thing twice or nothing."""
        return scores

    def explains(self, run: Finished) -> bool:
        """Whether `regard explain` says why this model answered so."""
        return True

    @abstractmethod
    def evidence(self, run: Finished) -> dict[str, Any]:
        """What the task's template shows beside what every page has."""

    # The model card

    pipeline_tag: ClassVar[str]
    hub_class: ClassVar[str]
    """transformers' class that loads a model of this task."""
    hub_metrics: ClassVar[Mapping[str, str]]
    """Our names of figures as model hubs know them."""

    @abstractmethod
    def use(self, run: Finished) -> str:
        """What the model gives for a text, a Markdown sentence that begins with "It"."""

    def call(self) -> str:
        """How `model` is asked in Python."""
        return 'model.predict(["a text"])'

    def gives_probabilities(self, run: Finished) -> bool:
        """Whether its confidences mean anything."""
        return True

    def plain_use(self, run: Finished, model: str) -> list[str]:
        """Lines of Python that ask a plain checkpoint in the folder `model` through transformers alone."""
        return ["from transformers import pipeline", "", f'pipeline("{self.pipeline_tag}", {model!r})("a text")']

    @abstractmethod
    def table(self, run: Finished) -> str:
        """What the scores are made of, as a Markdown table."""
