"""What is said and shown of a classifier: one label for a text, or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from regard.analysis import mistakes
from regard.records import Explanation, Prediction, Scores
from regard.report import evidence, markdown, verdict, wording
from regard.report.evidence import LONGEST_TEXT, Shown
from regard.report.finished import Finished
from regard.report.task_report import TaskReport

MOST_MISTAKES = 25


class ClassifyReport(TaskReport):
    word = "classify"
    pipeline_tag = "text-classification"
    hub_class = "AutoModelForSequenceClassification"
    hub_metrics: ClassVar = {
        "accuracy": "accuracy",
        "macro_f1": "f1",
        "mcc": "matthews_correlation",
        "auroc": "roc_auc",
    }
    figures: ClassVar = {
        "accuracy": ("accuracy", "share of texts answered right", 0.0),
        "macro_f1": ("macro F1", "F1 of each class, every class counting the same", 0.0),
        "macro_precision": (
            "macro precision",
            "of the texts given a class, how many have it; mean of the classes",
            0.0,
        ),
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

    def asked(self, run: Finished) -> tuple[str, list[str]]:
        labels = run.record["labels"]
        which = "Which" if run.record["multi_label"] else "Which one"
        return f"{which} of {len(labels)} labels does a text have?", list(labels)

    def title(self, run: Finished) -> str:
        share = wording.percent(run.scores.values.get("accuracy"))
        return f"{wording.model(run.record['model'])}: {share} of {wording.texts(run.scores.n)} right"

    def lead(self, run: Finished) -> str:
        scores, several = run.scores, run.record["multi_label"]
        what = "all the right labels and no wrong one" if several else "the right label"
        said = (
            f"{wording.model(run.record['model'])} gives {what} to {wording.percent(scores.values.get('accuracy'))} of "
            f"{wording.number_of(scores.n, f'{scores.part} text')}"
        )
        return verdict.with_interval(said, scores.intervals.get("accuracy"))

    def beside(self, run: Finished) -> list[str]:
        """The accuracy of always giving the most frequent answer."""
        gold = Counter(item.gold for item in run.predictions if item.gold is not None)
        if not gold:
            return []
        answer, times = gold.most_common(1)[0]
        said = f"Always answering “{wording.label(answer)}” would be right for"
        return [verdict.beside_one_answer(said, times / gold.total(), run.scores.intervals.get("accuracy"))]

    def peer(self, run: Finished, figure: float) -> str:
        return f"is right for {wording.percent(figure)} of the same texts"

    def curves(self, run: Finished) -> dict[str, str]:
        return {"accuracy": "accuracy", "macro_f1": "macro F1"}

    def told(self, scores: Scores, run: Finished) -> Scores:
        """With one label a text micro averages all equal the accuracy."""
        if run.record["multi_label"]:
            return scores
        return replace(scores, values={k: v for k, v in scores.values.items() if not k.startswith("micro_")})

    def evidence(self, run: Finished) -> dict[str, Any]:
        scores, bins = run.scores, mistakes.by_length(run.predictions)
        return {
            "confusion": evidence.confusion(scores),
            "confused": mistakes.confused(run.predictions),
            "calibration": evidence.calibration(scores.calibration, scores.values.get("ece")),
            "bins": bins,
            "length": evidence.length,
            "lengths": evidence.lengths(bins),
            "mistakes": wrong(run.predictions, run.explained),
            "mistakes_in_all": sum(item.gold is not None and item.output != item.gold for item in run.predictions),
            "examples": evidence.examples(run.explained),
            "longest": LONGEST_TEXT,
        }

    def use(self, run: Finished) -> str:
        labels = wording.enumeration([markdown.plain(label) for label in run.record["labels"]], 30)
        what = "any of the labels" if run.record["multi_label"] else "one of the labels"
        return f"It gives a text {what} {labels}, with a probability for each."

    def table(self, run: Finished) -> str:
        rows = []
        for label, figures in run.scores.per_class.items():
            told = [f"{figures[name]:.4f}" for name in ("precision", "recall", "f1")]
            rows.append([markdown.plain(label), *told, f"{figures['support']:,.0f}"])
        return markdown.table(["class", "precision", "recall", "F1", "texts"], rows)


def wrong(predictions: Sequence[Prediction], explained: Sequence[dict[str, Any]]) -> list[Shown]:
    """The surest mistakes, with the explanations of those that have one."""
    known = evidence.explanations(explained)
    return [_shown(item, known.get(item.id)) for item in mistakes.surest(predictions, MOST_MISTAKES)]


def _shown(item: Prediction, explanation: Explanation | None) -> Shown:
    left_out = max(0, len(item.input) - LONGEST_TEXT)
    text = item.input[:LONGEST_TEXT]
    return Shown(item.id, text, left_out, item.output, item.gold, item.confidence, explanation)
