"""The part of training that is a baseline's: one fit. No torch."""

from __future__ import annotations

from regard.jobs.augment import augmented
from regard.jobs.prepare import Parts, examine
from regard.jobs.trained import Stopwatch, Trained, save_model
from regard.recipe import Recipe
from regard.records import RunFolder


def fit_baseline(
    recipe: Recipe,
    parts: Parts,
    run: RunFolder,
    watch: Stopwatch,
    *,
    resume: bool,
    force: bool,
    offline: bool,
    quiet: bool,
) -> Trained:
    """Fit a baseline; `run.model` then holds it. Only `force` matters: it is soon done, offline and silent."""
    with watch.stage("prepare"):
        examine(parts, None, None, force=force)
        taught = augmented(parts.train, recipe.augment, seed=recipe.seed, offline=offline)
    with watch.stage("train"):
        predictor = parts.task.fit_baseline(recipe, taught, parts.labels)
    save_model(run, predictor.save)
    return Trained(
        predictor,
        {
            "copies": len(taught) - len(parts.train),
            "examples_per_second": round(len(taught) / max(watch.stages["train"], 1e-9), 1),
        },
        lambda part: predictor.predictions(parts.named()[part]),
    )
