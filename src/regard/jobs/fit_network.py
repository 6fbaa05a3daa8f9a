"""The part of training that is a network's: tokens, the network, the loop, its best weights saved."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from regard.assets.quiet import quiet as silenced
from regard.errors import DataError, UsageError
from regard.jobs.augment import augmented
from regard.jobs.prepare import Parts, examine, fingerprint
from regard.jobs.trained import Stopwatch, Trained, save_model
from regard.recipe import Recipe
from regard.records import RunFolder
from regard.registry import TASKS
from regard.tasks.feed import Feed
from regard.tasks.task import NetworkPredictor


def fit_network(
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
    """Train a network or fine-tune a checkpoint; `run.model` then holds its best weights."""
    from regard.training import loop, progress

    task = parts.task
    with watch.stage("prepare"):
        taught = augmented(parts.train, recipe.augment, seed=recipe.seed, offline=offline)
        encoder = task.encoder(recipe, taught, offline=offline)
        encoded = {name: task.encode(encoder, part) for name, part in parts.named().items()}
        examine(parts, encoded, encoder, force=force)  # the doctor looks at the texts alone, not at their copies
        copies = taught.take(range(len(parts.train), len(taught)))
        encoded["train"] += task.encode(encoder, copies)
        predictor = task.network(recipe, encoder, parts.labels, multi_label=parts.multi_label, offline=offline)
        _check_length(recipe, predictor.model)
        target = {
            name: predictor.targets(part, encoded[name])
            for name, part in {"train": taught, "validation": parts.validation}.items()
        }
    held_out = encoded["validation"], target["validation"], parts.validation
    with watch.stage("train"):
        result = loop.fit(
            predictor.model,
            _feed(recipe, parts, predictor, encoded["train"], target["train"]),
            loss=predictor.loss(recipe.training),
            evaluate=lambda _: predictor.validate(*held_out),
            options=recipe.training,
            seed=recipe.seed,
            run=run,
            fingerprint=fingerprint(recipe, parts),
            resume=resume,
            progress=progress.progress_for(quiet, sys.stderr, what=f"{recipe.model_name} on {parts.train.source}"),
        )
    watch.stages["train"] = round(result.seconds, 3)  # all of it: a resumed training began before this process
    predictor.model.to("cpu").eval()
    predictor.settle(encoded["validation"], parts.validation)
    with silenced():
        save_model(run, predictor.save)
    return Trained(
        predictor,
        {
            "steps": result.steps,
            "copies": len(copies),
            "epochs": result.epochs,
            "best_step": result.best_step,
            "best_metrics": result.best_metrics,
            "stopped": result.stopped,
            "examples_per_second": result.examples_per_second,
            "counted": task.counted,
        },
        lambda part: predictor.encoded_predictions(encoded[part], parts.named()[part]),
    )


def _check_length(recipe: Recipe, model: Any) -> None:
    """A checkpoint reads as many tokens as it has positions, and says so before it crashes."""
    most = _positions(model) if recipe.entry.kind == "checkpoint" else None
    if most is None or recipe.tokens.max_length <= most:
        return
    windows = f"(all of it, {most} tokens at a time)"
    longer = f", and --strategy says what is read of a longer text: head, tail, head+tail, or windows {windows}"
    if "tokens.strategy" in TASKS[recipe.task].load_options().unused:
        longer = f"; of a longer text windows are read {windows}"
    from regard.encoders.lengthen import positions

    if positions(model) is not None:  # elsewhere there are none to lengthen
        longer += "; --attention window lets it read more at once"
    raise UsageError(
        f"tokens.max_length: {recipe.tokens.max_length}, but {recipe.model_name} reads at most {most} tokens",
        mend=f"--max-length {most}{longer}",
    )


def _positions(model: Any) -> int | None:
    """How many tokens a checkpoint has positions for; RoBERTa's kind counts them from behind the padding token."""
    table = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    most = getattr(model.config, "max_position_embeddings", None)
    if table is not None and getattr(table, "padding_idx", None) is not None and most is not None:
        return int(most) - int(table.padding_idx) - 1
    return None if most is None else int(most)


def _feed(
    recipe: Recipe, parts: Parts, predictor: NetworkPredictor, encoded: Sequence[Any], target: Sequence[Any]
) -> Feed:
    """Batches of all texts that there is something to learn from. Raises `DataError` where there is none."""
    taught = [row for row, own in enumerate(target) if parts.task.teaches(own)]
    if not taught:
        raise DataError("there is nothing to learn from in it", file=parts.train.source, mend="check the columns")
    if len(taught) < len(encoded):
        encoded, target = [encoded[row] for row in taught], [target[row] for row in taught]
    return parts.task.feed(recipe, predictor, encoded, target)
