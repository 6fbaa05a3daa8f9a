"""Why a text got its output, on words of the text as given. No torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from regard.records.corpus import Label


@dataclass(frozen=True)
class Highlight:
    """A stretch of the text as given, `text[start:end]`, and how much it counted (signed where that has a meaning)."""

    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Explanation:
    """Why one text got its output: words of the text as given, each with a score.

    `method` is attention, integrated_gradients or weights. Signed methods speak for (+) or against (-) `target`.
    `seen` are the stretches of the text that the model read; the rest was cut by its length limit.
    """

    text: str
    output: Label
    target: str
    confidence: float
    method: str
    signed: bool
    highlights: list[Highlight]
    seen: list[tuple[int, int]]
    detail: dict[str, Any] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        """In a notebook an explanation shows itself highlighted."""
        from importlib import import_module

        # By name: records stand below the report room, and import nothing from above.
        return str(import_module("regard.report.highlight").to_html(self))

    def words(self) -> list[tuple[str, float]]:
        return [(self.text[h.start : h.end], h.score) for h in self.highlights]

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "output": self.output,
            "target": self.target,
            "confidence": self.confidence,
            "method": self.method,
            "signed": self.signed,
            "highlights": [
                {"start": h.start, "end": h.end, "word": self.text[h.start : h.end], "score": h.score}
                for h in self.highlights
            ],
            "seen": [list(span) for span in self.seen],
            "detail": self.detail,
        }
