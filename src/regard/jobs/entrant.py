"""A model that takes part in a comparison, and what its trainings left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from regard import recipe as recipes
from regard.errors import UsageError
from regard.jobs.load import Model
from regard.recipe import Recipe
from regard.registry import unknown_word

if TYPE_CHECKING:
    import numpy as np

Sets = dict[str, Any] | list[str] | None


def sets_for(model: str, models: Sequence[str], sets: Sets) -> dict[str, Any]:
    """The part of `sets` that concerns `model`: what sets an option of other models only is left out.

    Raises `UsageError` for an option that none of `models` has.
    """
    known = {name: set(recipes.architecture(name).load_options().model_fields) for name in models}
    kept = {}
    for path, value in recipes.parse_sets(sets or {}).items():
        group, _, option = path.partition(".")
        if group != "model" or option in known[model]:
            kept[path] = value
        elif not any(option in options for options in known.values()):
            every = sorted(set().union(*known.values()))
            raise UsageError(unknown_word("option", path, [f"model.{name}" for name in every]))
    return kept


@dataclass(frozen=True)
class Entrant:
    """A model that takes part: its word, its settings ("a.b": c), and how many texts it may train on.

    `folder` names its run folders; with one seed only it may do without `{seed}`.
    """

    model: str
    sets: Sets = None
    max_train_examples: int | None = None
    folder: str = "{name}-seed{seed}"

    def run_folder(self, seed: int) -> str:
        name = self.model.removeprefix("hub:").strip("/").replace("/", "--")
        return self.folder.format(name=name, seed=seed)

    def recipe(self, seed: int, files: dict[str, str]) -> Recipe:
        data: dict[str, Any] = dict(files)
        if self.max_train_examples is not None:
            data["max_train_examples"] = self.max_train_examples
        built = recipes.build({}, model=self.model, sets=self.sets)
        # What the comparison decides wins over `sets`: its files have columns of their own, its seeds are the run's.
        data.update(text_column=None, label_column=None, label_separator=None)
        return built.model_copy(
            update={
                "seed": seed,
                "data": built.data.model_copy(update=data),
                "model": recipes.absolute(built.model),
            }
        )


@dataclass(frozen=True)
class Result:
    """What the trainings of one entrant left, one `Model` a seed."""

    entrant: Entrant
    models: list[Model]

    def correct(self) -> np.ndarray:
        """Which texts each training got right, bool `[seeds n]`."""
        import numpy as np

        from regard.tasks.predictions import read_predictions

        rows = (read_predictions(model.run.predictions) for model in self.models)
        return np.array([[item.output == item.gold for item in row] for row in rows])

    def to_json(self, folder: Path) -> dict[str, Any]:
        """Means over the seeds; `accuracies` and `runs` are in the order of `seeds`."""
        records = [model.record for model in self.models]
        accuracies = [model.scores.values["accuracy"] for model in self.models]
        first = records[0]
        return {
            "model": self.entrant.model,
            "kind": first["kind"],
            "seeded": first["kind"] != "baseline",
            "accuracy": fmean(accuracies),
            "macro_f1": fmean(model.scores.values["macro_f1"] for model in self.models),
            "accuracies": accuracies,
            "seeds": [record["seed"] for record in records],
            "train_examples": first["data"]["train"]["n"],
            "seconds": fmean(record["timings"]["total"] for record in records),
            "train_seconds": fmean(record["timings"]["train"] for record in records),
            "latency_ms": fmean(record["latency_ms"]["median"] for record in records),
            "parameters": first["size"]["parameters"],
            "bytes": first["size"]["bytes"],
            "runs": [str(model.run.path.relative_to(folder)) for model in self.models],
        }
