"""What passes between rooms: texts with labels, predictions, scores, explanations, the run folder. No torch."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from regard.errors import ModelError

Label = str | tuple[str, ...]
"""One label, or (multi-label) the sorted labels of a text."""


@dataclass(frozen=True)
class Corpus:
    """Texts with their labels, in order. `labels` is None where none are given; every label is a string.

    `lines` are the 1-based line (CSV, JSONL) or row (Parquet, DataFrame) numbers in `source`, for messages.
    `columns` says which columns were taken and how they were found, to be shown to the user.
    `contiguous` is True where neighbouring rows belong together (reviews of one film): split in blocks.
    """

    source: str
    ids: list[str]
    texts: list[str]
    labels: list[Label] | None = None
    lines: list[int] | None = None
    columns: dict[str, str] = field(default_factory=dict)
    multi_label: bool = False
    contiguous: bool = False

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[tuple[str, str, Label | None]]:
        labels: Sequence[Label | None] = self.labels if self.labels is not None else [None] * len(self)
        return iter(zip(self.ids, self.texts, labels, strict=True))

    def take(self, rows: Sequence[int]) -> Corpus:
        """The rows with these positions, in the order given."""
        return replace(
            self,
            ids=[self.ids[i] for i in rows],
            texts=[self.texts[i] for i in rows],
            labels=None if self.labels is None else [self.labels[i] for i in rows],
            lines=None if self.lines is None else [self.lines[i] for i in rows],
        )

    def label_names(self) -> list[str]:
        """Every label that occurs, sorted: numbers by value, then words."""
        found: set[str] = set()
        for label in self.labels or []:
            found.update([label] if isinstance(label, str) else label)
        return sorted(found, key=_label_order)

    def told(self) -> str:
        """How texts and labels were found, in one line for the user."""
        return "; ".join(f"{what}: {how}" for what, how in self.columns.items())

    def sha256(self) -> str:
        """A hash of ids' order, texts and labels: two corpora with the same hash train the same model."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        # Checkpoints, run.json and a comparison each ask for it: 0.12 s for 25,000 reviews, every time.
        digest = hashlib.sha256()
        for _, text, label in self:
            digest.update(json.dumps([text, label], ensure_ascii=True).encode())
        return digest.hexdigest()


def _label_order(label: str) -> tuple[int, float, str]:
    try:
        value = float(label)
    except ValueError:
        value = math.nan
    # "nan" and "inf" are words here: with them numbers have no one order.
    return (0, value, label) if math.isfinite(value) else (1, 0.0, label)


@dataclass(frozen=True)
class Prediction:
    """What a model says of one text. `gold` is None where no label was given."""

    id: str
    input: str
    output: Label
    gold: Label | None
    confidence: float
    probabilities: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "input": self.input,
            "output": self.output,
            "gold": self.gold,
            "confidence": self.confidence,
            "probabilities": self.probabilities,
        }


@dataclass(frozen=True)
class Scores:
    """Scores of one part of the data, each with its 95 % interval where one was computed.

    `values` holds the named figures (accuracy, macro_f1, mcc, …), `per_class` precision, recall, F1 and support of
    each label, `confusion` counts with gold in rows and output in columns (None for multi-label).
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

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` prints: `task`, `n`, `scores`, `intervals`; the two headlines at the top."""
        document: dict[str, Any] = {"task": self.task, "n": self.n, "part": self.part}
        document.update({key: self.values[key] for key in ("accuracy", "macro_f1") if key in self.values})
        document.update(
            scores=self.values,
            intervals={key: list(value) for key, value in self.intervals.items()},
            labels=self.labels,
            per_class=self.per_class,
            confusion=self.confusion,
            calibration=self.calibration,
        )
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
        )


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


_SURROGATE = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """A lone surrogate, which JSON can spell but no UTF-8 can hold, becomes U+FFFD: as long, so that places stay."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file or nothing: a temporary sibling, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class RunFolder:
    """All that a training leaves behind; every later step reads it and adds to it."""

    path: Path

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """The finished run at `path`; raises `ModelError` where there is none."""
        run = cls(Path(path))
        if run.comparison.is_file() and not run.run_json.is_file():
            runs = sorted(str(found.parent) for found in run.path.glob("*/run.json"))
            raise ModelError(f"{path} is a comparison, not a run", mend=f"take one of its runs: {', '.join(runs)}")
        if not run.run_json.is_file():
            raise ModelError(
                f"{path} is no finished run folder: it has no run.json",
                mend="give the folder that `regard train --out` wrote; a stopped training goes on with --resume",
            )
        record = run.read_json(run.run_json)
        if not isinstance(record, dict) or not record.keys() >= {"model", "kind", "labels", "multi_label", "data"}:
            raise ModelError(f"{run.run_json} is damaged: it is no record of a run", mend="train again, or restore it")
        return run

    @property
    def comparison(self) -> Path:
        """Where a comparison of several runs leaves its document."""
        return self.path / "compare.json"

    @property
    def recipe(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def run_json(self) -> Path:
        return self.path / "run.json"

    @property
    def model(self) -> Path:
        return self.path / "model"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def scores(self) -> Path:
        return self.path / "scores.json"

    @property
    def doctor(self) -> Path:
        return self.path / "doctor.json"

    @property
    def explanations(self) -> Path:
        return self.path / "explanations.json"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions.parquet"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def card(self) -> Path:
        return self.path / "README.md"

    def write_json(self, path: Path, document: Any) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=True) + "\n"
        write_atomically(path, text.encode("utf-8", "backslashreplace"))  # JSON can spell a lone surrogate, UTF-8 not

    def read_json(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(f"{path} is missing", mend="train again, or give another run folder") from None
        except ValueError as error:
            raise ModelError(f"{path} is damaged: {error}", mend="train again, or restore the file") from None

    def read_recipe(self) -> str:
        """The text of recipe.toml. Raises `ModelError` where it is missing or no TOML: a run wrote it, not a user."""
        try:
            text = self.recipe.read_text(encoding="utf-8")
            tomllib.loads(text)
        except FileNotFoundError:
            raise ModelError(f"{self.recipe} is missing", mend="train again, or restore the file") from None
        except ValueError as error:
            raise ModelError(f"{self.recipe} is damaged: {error}", mend="train again, or restore the file") from None
        return text

    def began_with(self, recipe: str) -> bool:
        """Whether recipe.toml holds this, byte for byte; one that is damaged does not."""
        return self.recipe.read_bytes() == recipe.encode("utf-8", "replace")

    def read_log(self) -> list[dict[str, Any]]:
        """The lines of log.jsonl; a last line cut off by a crash is left out."""
        if not self.log.is_file():
            return []
        lines = self.log.read_text(encoding="utf-8").split("\n")
        records = []
        for line in lines:
            try:
                records.append(json.loads(line))
            except ValueError:
                continue
        return records
