"""A finished run as its page and its card read it: every file of its folder that they show, once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regard.records import RunFolder, Scores
from regard.tasks.task import task_of


@dataclass(frozen=True)
class Finished:
    """`record` is run.json, `doctor` doctor.json; `validation` are the scores on the validation part of a run that was
    scored on another one. What a run lacks is empty, or None."""

    name: str
    record: dict[str, Any]
    scores: Scores
    validation: Scores | None
    predictions: list[Any]
    explained: list[dict[str, Any]]
    doctor: dict[str, Any] | None
    log: list[dict[str, Any]]
    recipe: str

    @classmethod
    def read(cls, run: RunFolder) -> Finished:
        """Raises `ModelError` where run.json, scores.json or predictions.parquet is missing or damaged, or the recipe
        is damaged."""
        record, scored = run.read_json(run.run_json), run.read_json(run.scores)
        return cls(
            name=run.path.resolve().name,
            record=record,
            scores=Scores.from_json(scored),
            validation=Scores.from_json(scored["validation"]) if scored.get("validation") else None,
            predictions=task_of(record["task"]).read_predictions(run.predictions),
            explained=_optional(run, run.explanations) or [],
            doctor=_optional(run, run.doctor),
            log=run.read_log(),
            recipe=run.read_recipe() if run.recipe.is_file() else "",
        )

    @property
    def source(self) -> str:
        """The name of the file or data set that was scored, without where it lies on somebody's disk."""
        return self.named_source(self.scores.part if self.record["data"].get(self.scores.part) else "train")

    def named_source(self, part: str) -> str:
        return str(self.record["data"][part]["source"]).replace("\\", "/").rstrip("/").split("/")[-1]

    @property
    def forced(self) -> bool:
        """Whether the doctor advised against the training."""
        return bool(self.doctor and self.doctor["blocked"])


def _optional(run: RunFolder, path: Path) -> Any:
    return run.read_json(path) if path.is_file() else None
