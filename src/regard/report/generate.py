"""What is said and shown of a language model."""

from __future__ import annotations

from typing import Any, ClassVar

from markupsafe import Markup

from regard.report import charts, evidence, generate_evidence, markdown, wording
from regard.report.finished import Finished
from regard.report.task_report import TaskReport


class GenerateReport(TaskReport):
    word = "generate"
    noun = "passage"
    nothing_found = "no empty texts, no doubles, no leak from one part to another"
    pipeline_tag = "text-generation"
    hub_class = "AutoModelForCausalLM"
    hub_metrics: ClassVar = {"perplexity": "perplexity"}
    figures: ClassVar = {
        "bits_per_character": ("bits per character", "of the text as given, blanks included; less is better", None),
        "loss_per_character": ("nats per character", "the same in natural units", None),
        "loss": ("loss", "nats a token, its cross-entropy; hangs on the tokenizer", None),
        "perplexity": ("perplexity", "choices that a token stands between, so to say; hangs on the tokenizer", None),
        "perplexity_per_word": ("perplexity per word", "the same for what stands between white space", None),
    }

    def asked(self, run: Finished) -> tuple[str, list[str]]:
        return "How does a text go on?", []

    def title(self, run: Finished) -> str:
        bits = wording.figure(run.scores.values["bits_per_character"])
        return f"{wording.model(run.record['model'])}: {bits} bits per character"

    def lead(self, run: Finished) -> str:
        scores = run.scores
        characters = wording.count(scores.detail["characters"])
        said = (
            f"{wording.model(run.record['model'])} needs {wording.figure(scores.values['bits_per_character'])} bits "
            f"for a character of the {scores.part} text ({characters} of them)"
        )
        return f"{said}{_within(scores.intervals.get('bits_per_character'), 3)}."

    def beside(self, run: Finished) -> list[str]:
        values, intervals = run.scores.values, run.scores.intervals
        said = []
        if "perplexity" in values:
            between = _within(intervals.get("perplexity"), 2)
            said.append(
                f"Its perplexity is {wording.figure(values['perplexity'], 2)} a token{between}: on average it is as "
                "unsure of the next token as between so many equally likely ones."
            )
        return [*said, *generate_evidence.beside_counting(run.predictions, values["bits_per_character"])]

    def peer(self, run: Finished, figure: float) -> str:
        return f"needs {wording.figure(figure)} bits per character of the same text"

    def counts(self, run: Finished) -> str:
        return "words"

    def curves(self, run: Finished) -> dict[str, str]:
        return {"bits_per_character": "bits per character"}

    def training(self, run: Finished) -> list[Markup]:
        return evidence.curves(run.log, self.curves(run), shares=False)

    def explains(self, run: Finished) -> bool:
        return False

    def evidence(self, run: Finished) -> dict[str, Any]:
        return {
            "along": generate_evidence.along(run.predictions),
            "stretches": generate_evidence.stretches(run.predictions),
            "samples": generate_evidence.samples(run.explained),
            "charts": charts,
        }

    def use(self, run: Finished) -> str:
        return (
            "It writes how a text may go on, and says how likely it holds each token of a text. What it writes reads "
            "like its training texts; nothing of it need be true."
        )

    def call(self) -> str:
        return 'model.generate("The beginning", tokens=200, top_p=0.9, seed=7)'

    def gives_probabilities(self, run: Finished) -> bool:
        return False

    def plain_use(self, run: Finished, model: str) -> list[str]:
        return [
            "from transformers import pipeline",
            "",
            f'pipeline("text-generation", {model!r})("The beginning", max_new_tokens=200)',
        ]

    def table(self, run: Finished) -> str:
        detail = run.scores.detail
        return markdown.table(
            ["scored", "number"], [[name, f"{detail[name]:,}"] for name in ("tokens", "characters", "words")]
        )


def _within(interval: tuple[float, float] | None, digits: int) -> str:
    if interval is None:
        return ""
    low, high = (wording.figure(bound, digits) for bound in interval)
    return f" (95\u00a0% interval: {low}\u00a0–\u00a0{high})"
