"""report.html: one self-contained page of a run. The verdict first, then the evidence, then how to reproduce it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.records import RunFolder, write_atomically
from regard.registry import ARCHITECTURES
from regard.report import document, verdict, wording
from regard.report.finished import Finished
from regard.report.task_report import report_of
from regard.tasks.task import task_of


def write(run: RunFolder) -> Path:
    """Write report.html from the other files of a finished run; returns its path.

    Raises `ModelError` where run.json, scores.json or predictions.parquet is missing or damaged, or the recipe is
    damaged; a run without recipe, log, diagnosis or explanations has a page without these sections.
    """
    write_atomically(run.report, render(run))
    return run.report


def render(run: RunFolder) -> str:
    found = Finished.read(run)
    record = found.record
    report = report_of(record["task"])
    asked, names = report.asked(found)
    return document.render(
        f"{report.word}.html",
        report=report,
        title=report.title(found),
        written_by=record["regard"],
        verdict=verdict.sentences(found),
        asked=asked,
        names=names,
        counts=report.counts(found),
        explains=report.explains(found),
        counted=record["training"].get("counted") or task_of(record["task"]).counted,
        record=record,
        summary=_summary(record),
        attention=wording.attention(record),
        reading=wording.reading(record, f"{report.noun}s"),
        recipe=found.recipe,
        run_name=found.name,
        doctor=found.doctor,
        curves=report.training(found),
        scores=found.scores,
        validation=found.validation,
        rows=report.rows(found),
        **report.evidence(found),
    )


def _summary(record: dict[str, Any]) -> str:
    """What the model is, as the registry says; nothing for an architecture that this version does not know."""
    if record["kind"] == "checkpoint":
        return "a pretrained checkpoint, fine-tuned"
    word = record["architecture"]
    return ARCHITECTURES[word].summary if word in ARCHITECTURES else ""
