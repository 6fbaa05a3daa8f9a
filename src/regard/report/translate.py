"""What is said and shown of a model that makes another text of a text: its translation, its summary."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from markupsafe import Markup

from regard.records import Scores
from regard.report import charts, evidence, markdown, translate_evidence, wording
from regard.report.finished import Finished
from regard.report.task_report import TaskReport

HUNDREDS = ("bleu", "chrf")
"""Figures from 0 to 100; the others are shares of 1, or ratios."""


class TranslateReport(TaskReport):
    word = "translate"
    nothing_found = "no empty texts, no doubles, no leak from one part to another, no lengths out of proportion"
    pipeline_tag = "translation"
    hub_class = "AutoModelForSeq2SeqLM"
    hub_metrics: ClassVar = {"bleu": "bleu", "chrf": "chrf", "rouge_l": "rouge"}
    figures: ClassVar = {
        "bleu": ("BLEU", "stretches of one to four words shared with a reference, 0 to 100 (sacrebleu)", 0.0),
        "chrf": ("chrF", "stretches of one to six characters shared with a reference, 0 to 100 (sacrebleu)", 0.0),
        "rouge_1": ("ROUGE-1", "F1 of single words shared with a reference", 0.0),
        "rouge_2": ("ROUGE-2", "F1 of pairs of words shared with a reference", 0.0),
        "rouge_l": ("ROUGE-L", "F1 of the longest common subsequence of words", 0.0),
        "exact_match": ("exact match", "share of outputs that are a reference", 0.0),
        "length_ratio": ("length", "tokens of the outputs to those of the references; 1 is as long", None),
        "unfinished": ("unfinished", "share of outputs that the limit of length ended; 0 is best", None),
    }

    def asked(self, run: Finished) -> tuple[str, list[str]]:
        columns = (run.record["data"].get("train") or {}).get("columns") or {}
        source, target = columns.get("text"), columns.get("label")
        named = f": {target} of {source}" if source and target and source != target else ""
        return f"Which text belongs to a text{named}?", []

    def title(self, run: Finished) -> str:
        texts = wording.texts(run.scores.n)
        return (
            f"{wording.model(run.record['model'])}: BLEU of {wording.figure(run.scores.values['bleu'], 1)} on {texts}"
        )

    def lead(self, run: Finished) -> str:
        scores = run.scores
        said = (
            f"{wording.model(run.record['model'])} scores a BLEU of {wording.figure(scores.values['bleu'], 1)} on "
            f"{wording.number_of(scores.n, f'{scores.part} text')}, against "
            f"{'references' if _references(run) > 1 else 'one reference'} of each"
        )
        return _with_interval(said, scores.intervals.get("bleu"))

    def beside(self, run: Finished) -> list[str]:
        return [*_what_it_means(run.scores), *translate_evidence.beside_baselines(run), *_never_ended(run.scores)]

    def peer(self, run: Finished, figure: float) -> str:
        return f"has a BLEU of {wording.figure(figure, 1)} on the same texts"

    def counts(self, run: Finished) -> str:
        return "targets"

    def curves(self, run: Finished) -> dict[str, str]:
        return {"bleu": "BLEU", "chrf": "chrF"}

    def training(self, run: Finished) -> list[Markup]:
        return evidence.curves(run.log, self.curves(run), shares=False)

    def rows(self, run: Finished) -> list[evidence.Row]:
        """With BLEU and chrF on an axis to 100."""
        return [_to_a_hundred(row) if row.key in HUNDREDS else row for row in super().rows(run)]

    def told(self, scores: Scores, run: Finished) -> Scores:
        """Without what is 0 for every text, as exact matches of long ones are."""
        dropped = [name for name in ("exact_match", "unfinished") if scores.values.get(name) == 0.0]
        return replace(scores, values={name: value for name, value in scores.values.items() if name not in dropped})

    def explains(self, run: Finished) -> bool:
        """Whether there is attention to the source; a model that had some left alignments."""
        return bool(run.explained)

    def evidence(self, run: Finished) -> dict[str, Any]:
        detail = run.scores.detail
        return {
            "bar": charts.share_bar,
            "without_attention": _without_attention(run),
            "precisions": detail["bleu"]["precisions"],
            "brevity_penalty": detail["bleu"]["brevity_penalty"],
            "signatures": [detail[name]["signature"] for name in HUNDREDS],
            "baselines": translate_evidence.baselines(run),
            "by_length": translate_evidence.by_length(detail["by_source_length"]),
            "lengths": translate_evidence.lengths(detail["by_source_length"]),
            "alignments": translate_evidence.alignments(run.explained),
            **translate_evidence.translations(run.predictions),
        }

    def use(self, run: Finished) -> str:
        return (
            "It writes another text for a text, of the kind that it was trained on: a translation, a summary. It may "
            "leave out what the text says and write what it does not say; nothing checks that."
        )

    def plain_use(self, run: Finished, model: str) -> list[str]:
        return [
            "from transformers import AutoModelForSeq2SeqLM, AutoTokenizer",
            "",
            f"tokenizer = AutoTokenizer.from_pretrained({model!r})",
            f"model = AutoModelForSeq2SeqLM.from_pretrained({model!r})",
            'ids = model.generate(**tokenizer("a text", return_tensors="pt"), num_beams=5)',
            "tokenizer.decode(ids[0], skip_special_tokens=True)",
        ]

    def table(self, run: Finished) -> str:
        rows = [
            [row.told, wording.figure(row.bleu, 1), wording.figure(row.chrf, 1), f"{row.support:,}"]
            for row in translate_evidence.by_length(run.scores.detail["by_source_length"])
        ]
        return markdown.table(["words in the source", "BLEU", "chrF", "texts"], rows)


def _references(run: Finished) -> int:
    """The most references that a text has."""
    return max((len(item.gold or ()) for item in run.predictions), default=1)


def _with_interval(said: str, interval: Sequence[float] | None) -> str:
    return f"{said}." if interval is None else f"{said} (95\u00a0% interval: {translate_evidence.between(interval)})."


def _what_it_means(scores: Scores) -> list[str]:
    """What BLEU is made of, in shares that can be pictured."""
    single, *_, four = scores.detail["bleu"]["precisions"]
    ratio = scores.values.get("length_ratio")
    said = (
        f"Of its words {single:.0f}\u00a0% stand in a reference of the same text, of its stretches of four words "
        f"{four:.0f}\u00a0%"
    )
    if ratio is not None:
        said += f"; it writes {ratio:.2f} times as many words as the references have"
    return [f"{said}. A good text in other words scores low: read some below before you trust the figure."]


def _never_ended(scores: Scores) -> list[str]:
    share = scores.values.get("unfinished", 0.0)
    if not share:
        return []
    return [f"Of its outputs {wording.percent(share)} were ended by the limit of their length, not by the model."]


def _without_attention(run: Finished) -> bool:
    """Whether its decoder meets the source through one vector."""
    return tomllib.loads(run.recipe).get("head", {}).get("attention") == "none"


def _to_a_hundred(row: evidence.Row) -> evidence.Row:
    interval = None if row.interval is None else (row.interval[0] / 100, row.interval[1] / 100)
    return replace(row, bar=charts.interval_bar(row.value / 100, interval))
