"""A model that takes part in a comparison, and what its trainings left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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

AVERAGED = ("accuracy", "macro_f1", "exact_match", "chrf", "rouge_l", "perplexity_per_word")
"""Figures that a comparison shows beside the headline."""


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
    task: str = "classify"

    def run_folder(self, seed: int) -> str:
        name = self.model.removeprefix("hub:").strip("/").replace("/", "--")
        return self.folder.format(name=name, seed=seed)

    def recipe(self, seed: int, files: dict[str, str]) -> Recipe:
        data: dict[str, Any] = dict(files)
        if self.max_train_examples is not None:
            data["max_train_examples"] = self.max_train_examples
        built = recipes.build({"task": self.task}, model=self.model, sets=self.sets)
        # What the comparison decides wins over `sets`: its files have columns of their own, its seeds are the run's.
        data.update(text_column=None, label_column=None, question_column=None, label_separator=None)
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

    @cached_property
    def predictions(self) -> list[list[Any]]:
        """What each training said of the texts that are scored."""
        return [model.task.read_predictions(model.run.predictions) for model in self.models]

    def tallies(self) -> np.ndarray:
        """What each text counts for the headline in each training, `[seeds n s]`."""
        import numpy as np

        task = self.models[0].task
        return np.array([[task.tally(item) for item in said] for said in self.predictions], dtype=float)

    def to_json(self, folder: Path) -> dict[str, Any]:
        """Means over the seeds; `figure` is that of the task's headline, `figures` and `runs` are in the order of
        `seeds`."""
        records = [model.record for model in self.models]
        headline = self.models[0].task.headline
        figures = [model.scores.values[headline] for model in self.models]
        first = records[0]
        averaged = {
            name: fmean(model.scores.values[name] for model in self.models)
            for name in AVERAGED
            if all(name in model.scores.values for model in self.models)
        }
        return {
            "model": self.entrant.model,
            "kind": first["kind"],
            "seeded": first["kind"] != "baseline",
            **averaged,
            "figure": fmean(figures),
            "figures": figures,
            "seeds": [record["seed"] for record in records],
            "train_examples": first["data"]["train"]["n"],
            "seconds": fmean(record["timings"]["total"] for record in records),
            "train_seconds": fmean(record["timings"]["train"] for record in records),
            "latency_ms": fmean(record["latency_ms"]["median"] for record in records),
            "parameters": first["size"]["parameters"],
            "bytes": first["size"]["bytes"],
            "runs": [str(model.run.path.relative_to(folder)) for model in self.models],
        }


def refuse_other_texts(results: Sequence[Result]) -> None:
    """Raise `UsageError` where not every training was scored on the same texts: nothing pairs them then."""
    every = [(result.entrant.model, [item.id for item in said]) for result in results for said in result.predictions]
    first, ids = every[0]
    for model, own in every:
        if own != ids:
            mend = "let every model cut a text alike (the same --set), and name another --out"
            raise UsageError(f"{model} was not scored on the same texts as {first}", mend=mend)
