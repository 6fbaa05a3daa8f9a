"""What is said and shown of a masked language model: how many hidden words it finds, and which."""

from __future__ import annotations

from typing import Any, ClassVar

from regard.analysis import mistakes
from regard.metrics import calibration
from regard.metrics.pretrain import tally_masked
from regard.report import evidence, markdown, pretrain_evidence, verdict, wording
from regard.report.finished import Finished
from regard.report.task_report import TaskReport


class PretrainReport(TaskReport):
    word = "pretrain"
    noun = "passage"
    nothing_found = "no empty texts, no doubles, no leak from one part to another"
    pipeline_tag = "fill-mask"
    hub_class = "AutoModelForMaskedLM"
    hub_metrics: ClassVar = {"accuracy": "accuracy", "pseudo_perplexity": "perplexity"}
    figures: ClassVar = {
        "accuracy": ("accuracy", "share of hidden tokens that the model finds likeliest", 0.0),
        "loss": ("loss", "mean of what stood there, in nats a hidden token; lower is better", None),
        "pseudo_perplexity": ("pseudo-perplexity", "the exponential of the loss: as if so many were likely", None),
        "next_sentence_accuracy": (
            "next sentence",
            "share of halves of which it says rightly whether the second follows; a coin is right in half of them",
            0.0,
        ),
        "ece": ("calibration error", "mean distance between confidence and share right; 0 is best", None),
    }

    def asked(self, run: Finished) -> tuple[str, list[str]]:
        follows = " Does the second half of a passage follow the first?" if _judges(run) else ""
        return f"Which token stands where one is hidden?{follows}", []

    def title(self, run: Finished) -> str:
        share = wording.percent(run.scores.values["accuracy"])
        return f"{wording.model(run.record['model'])}: finds {share} of hidden tokens"

    def lead(self, run: Finished) -> str:
        scores = run.scores
        said = (
            f"{wording.model(run.record['model'])} finds {wording.percent(scores.values['accuracy'])} of "
            f"{wording.number_of(scores.detail['tokens'], 'token')} hidden in "
            f"{wording.number_of(scores.n, f'{scores.part} passage')}"
        )
        return verdict.with_interval(said, scores.intervals.get("accuracy"))

    def beside(self, run: Finished) -> list[str]:
        token, share = pretrain_evidence.commonest(run.predictions)
        said = verdict.beside_one_answer(
            f"Always saying “{token.strip()}” would find", share, run.scores.intervals.get("accuracy")
        )
        purpose = "What it is for shows in what is fine-tuned from it, not in this figure."
        return [said, *_halves(run), purpose]

    def counts(self, run: Finished) -> str:
        return "labels"

    def peer(self, run: Finished, figure: float) -> str:
        return f"finds {wording.percent(figure)} of the tokens hidden in the same passages"

    def curves(self, run: Finished) -> dict[str, str]:
        return {"accuracy": "accuracy", "next_sentence_accuracy": "next sentence"}

    def explains(self, run: Finished) -> bool:
        return False

    def evidence(self, run: Finished) -> dict[str, Any]:
        by_length = mistakes.figure_by_length(
            run.predictions, tally_masked, lambda item: len(item.input.split()), seed=run.record["seed"]
        )
        error = calibration.expected_calibration_error(run.scores.calibration)
        return {
            "error": error,
            "calibration": evidence.calibration(run.scores.calibration, error, "token"),
            "lengths": evidence.lengths(by_length, figure="Accuracy", told="found", words_in="passage"),
            "kinds": pretrain_evidence.kinds(run.predictions),
            **pretrain_evidence.shown(run.predictions),
        }

    def use(self, run: Finished) -> str:
        return (
            "It gives to a text in which words are hidden what most likely stands there. It is meant to be fine-tuned: "
            f"`regard train labelled.csv --model {run.name}`."
        )

    def call(self) -> str:
        return 'model.predict("a text with a [MASK] in it")'

    def plain_use(self, run: Finished, model: str) -> list[str]:
        return [
            "from transformers import pipeline",
            "",
            f'fill = pipeline("fill-mask", {model!r})',
            'fill(f"a text with a {fill.tokenizer.mask_token} in it")',
        ]

    def table(self, run: Finished) -> str:
        rows = [
            [row.name, f"{row.accuracy:.4f}", f"{row.loss:.4f}", f"{row.tokens:,}"]
            for row in pretrain_evidence.kinds(run.predictions)
        ]
        return markdown.table(["what was hidden", "accuracy", "loss", "tokens"], rows)


def _judges(run: Finished) -> bool:
    return "next_sentence_accuracy" in run.scores.values


def _halves(run: Finished) -> list[str]:
    if not _judges(run):
        return []
    said = (
        f"Of {wording.number_of(run.scores.detail['pairs'], 'pair')} of halves it tells "
        f"{wording.percent(run.scores.values['next_sentence_accuracy'])} rightly whether the second follows the first"
    )
    return [verdict.with_interval(said, run.scores.intervals.get("next_sentence_accuracy"))]
