"""report.html: one self-contained page of a run. The verdict first, then the evidence, then how to reproduce it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.analysis import mistakes
from regard.records import RunFolder, Scores, write_atomically
from regard.registry import ARCHITECTURES
from regard.report import document, evidence, verdict, wording


def write(run: RunFolder) -> Path:
    """Write report.html from the other files of a finished run; returns its path.

    Raises `ModelError` where run.json, scores.json or predictions.parquet is missing or damaged, or the recipe is
    damaged; a run without recipe, log, diagnosis or explanations has a page without these sections.
    """
    write_atomically(run.report, render(run))
    return run.report


def render(run: RunFolder) -> str:
    from regard.tasks.predictions import read_predictions

    record = run.read_json(run.run_json)
    scored = run.read_json(run.scores)
    scores = Scores.from_json(scored)
    validation = Scores.from_json(scored["validation"]) if scored.get("validation") else None
    predictions = read_predictions(run.predictions)
    explained = _optional(run, run.explanations) or []
    doctor = _optional(run, run.doctor)
    bins = mistakes.by_length(predictions)
    return document.render(
        "page.html",
        title=verdict.headline(record, scores),
        written_by=record["regard"],
        verdict=verdict.sentences(record, scores, predictions, doctor),
        record=record,
        summary=_summary(record),
        attention=wording.attention(record),
        reading=wording.reading(record),
        recipe=run.read_recipe() if run.recipe.is_file() else "",
        run_name=run.path.resolve().name,
        doctor=doctor,
        curves=evidence.curves(run.read_log()),
        scores=scores,
        validation=validation,
        rows=evidence.score_rows(scores, validation, multi_label=record["multi_label"]),
        confusion=evidence.confusion(scores),
        confused=mistakes.confused(predictions),
        calibration=evidence.calibration(scores),
        bins=bins,
        length=evidence.length,
        lengths=evidence.lengths(bins),
        mistakes=evidence.wrong(predictions, explained),
        mistakes_in_all=sum(item.gold is not None and item.output != item.gold for item in predictions),
        examples=evidence.examples(explained),
        longest=evidence.LONGEST_TEXT,
    )


def _summary(record: dict[str, Any]) -> str:
    """What the model is, as the registry says; nothing for an architecture that this version does not know."""
    if record["kind"] == "checkpoint":
        return "a pretrained checkpoint, fine-tuned"
    word = record["architecture"]
    return ARCHITECTURES[word].summary if word in ARCHITECTURES else ""


def _optional(run: RunFolder, path: Path) -> Any:
    return run.read_json(path) if path.is_file() else None
