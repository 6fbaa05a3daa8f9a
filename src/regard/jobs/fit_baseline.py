"""The part of training that is a baseline's: normalised texts, one fit. No torch."""

from __future__ import annotations

from regard.jobs.prepare import Parts, examine
from regard.jobs.trained import Stopwatch, Trained, save_model
from regard.recipe import Recipe
from regard.records import RunFolder
from regard.tasks.classify import BaselineClassifier
from regard.text.normalise import Normaliser


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
        normaliser = Normaliser(recipe.preprocess)
        texts = [normaliser(text).text for text in parts.train.texts]
    with watch.stage("train"):
        model = recipe.entry.load()(recipe.model_options)
        model.fit(texts, parts.train.labels, parts.labels, parts.multi_label, recipe.seed)
    save_model(run, model.save)
    classifier = BaselineClassifier(model, normaliser, parts.labels, parts.multi_label, recipe.model_name)
    return Trained(
        classifier,
        {"examples_per_second": round(len(texts) / max(watch.stages["train"], 1e-9), 1)},
        lambda part: classifier.probabilities(parts.named()[part].texts),
    )
