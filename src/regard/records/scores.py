"""The figures of one part of the data. No torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scores:
    """Scores of one part of the data, each with its 95 % interval where one was computed.

    `values` holds the named figures (accuracy, macro_f1, mcc, …), `per_class` precision, recall, F1 and support of
    each label, `confusion` counts with gold in rows and output in columns, both in the order of `labels` (None for
    multi-label). `detail` is what a task counts beside them, empty where it counts nothing.
    """

    task: str
    part: str
    n: int
    labels: list[str]
    values: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    per_class: dict[str, dict[str, float]] = field(default_factory=dict)
    confusion: list[list[int]] | None = None
    calibration: list[dict[str, float]] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` prints: `task`, `n`, `scores`, `intervals`; the two headlines at the top."""
        document: dict[str, Any] = {"task": self.task, "n": self.n, "part": self.part}
        headlines = ("f1", "exact_match", "accuracy", "macro_f1")
        document.update({key: self.values[key] for key in headlines if key in self.values})
        document.update(
            scores=self.values,
            intervals={key: list(value) for key, value in self.intervals.items()},
            labels=self.labels,
            per_class=self.per_class,
            confusion=self.confusion,
            calibration=self.calibration,
        )
        if self.detail:
            document["detail"] = self.detail
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Scores:
        return cls(
            task=document["task"],
            part=document["part"],
            n=document["n"],
            labels=document["labels"],
            values=document["scores"],
            intervals={key: (low, high) for key, (low, high) in document["intervals"].items()},
            per_class=document["per_class"],
            confusion=document["confusion"],
            calibration=document["calibration"],
            detail=document.get("detail", {}),
        )
