"""What the two ways of training share: a watch, what they hand back, and how a model gets into its run folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard import manifest
from regard.records import RunFolder

if TYPE_CHECKING:
    from regard.tasks.task import Predictor


@dataclass
class Stopwatch:
    """Seconds by stage, for run.json."""

    started: float = field(default_factory=time.perf_counter)
    stages: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] = round(self.stages.get(name, 0.0) + time.perf_counter() - began, 3)

    def record(self) -> dict[str, float]:
        return {**self.stages, "total": round(time.perf_counter() - self.started, 3)}


@dataclass
class Trained:
    """What one kind of model hands back: the predictor in memory, and the `training` group of run.json.

    `predictions` gives those of a part by its name, from what was prepared of it for training.
    """

    predictor: Predictor
    training: dict[str, Any]
    predictions: Callable[[str], list[Any]]


def save_model(run: RunFolder, *writers: Callable[[Path], Any]) -> None:
    """model/ in one step: written beside, sealed, renamed."""
    temporary = run.path / ".model.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for write in writers:
        write(temporary)
    manifest.seal(temporary)
    shutil.rmtree(run.model, ignore_errors=True)
    temporary.rename(run.model)
