"""The split that every model of a comparison gets: cut once, before any training, and kept as files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.jobs.prepare import Parts, assemble
from regard.recipe import DataOptions, Recipe
from regard.records import Corpus
from regard.tasks.task import Task, task_of

PARTS = ("train", "validation", "test")
TEST_FRACTION = 0.2


@dataclass(frozen=True)
class Split:
    """The parts that every entrant gets, and a sentence on how they were cut (None: all were given)."""

    task: Task
    train: Corpus
    validation: Corpus
    test: Corpus
    note: str | None

    def keep(self, folder: Path) -> dict[str, str]:
        """The parts as Parquet files in `folder`. Raises `UsageError` where it holds other data already."""
        files = {}
        for part in PARTS:
            corpus, path = getattr(self, part), (folder / f"{part}.parquet").resolve()
            if not path.exists():
                self.task.keep(corpus, path)
            elif self.task.read(path, DataOptions()).sha256() != corpus.sha256():
                raise UsageError(f"{path} is from a comparison of other data", mend="name another --out")
            files[part] = str(path)
        return files

    def parts(self, recipe: Recipe) -> Parts:
        """What a run of this recipe trains on: what reading the kept files gives, under the names the user gave."""
        parts = assemble(recipe, *self._as_kept)
        parts.split_note = self.note
        return parts

    @cached_property
    def _as_kept(self) -> list[Corpus]:
        # A file does not tell that its neighbouring rows belong together.
        return [replace(getattr(self, part), contiguous=False) for part in PARTS]

    def describe(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            part: {"n": len(getattr(self, part)), "sha256": getattr(self, part).sha256()} for part in PARTS
        }
        return {"source": self.train.source, **parts, "split_note": self.note}


def cut(data: Any, validation: Any, test: Any, *, recipe: Recipe, offline: bool = False) -> Split:
    """Read the parts; what is not given is cut from `data`, test first, so that nothing was chosen on it."""
    options, seed, task = recipe.data, recipe.seed, task_of(recipe.task)
    rest = task.read(data, options, offline=offline)
    given = {"test": test, "validation": validation}
    fractions = {"test": TEST_FRACTION, "validation": options.validation_fraction}
    parts, notes = {}, []
    for part, source in given.items():
        if source is not None:
            parts[part] = task.read(source, options, offline=offline)
            continue
        made = task.cut(rest, fraction=fractions[part], seed=seed, how=options.split)
        rest, parts[part] = made.train, made.validation
        notes.append(f"{part}: {made.note}")
    return Split(task, rest, parts["validation"], parts["test"], "; ".join(notes) or None)
