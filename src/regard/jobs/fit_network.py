"""The part of training that is a network's: tokens, the network, the loop, its best weights saved."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.encoders.pretrained import locate
from regard.encoders.quiet import quiet as silenced
from regard.errors import UsageError
from regard.jobs.prepare import Parts, examine, fingerprint
from regard.jobs.trained import Stopwatch, Trained, save_model
from regard.recipe import Recipe
from regard.records import RunFolder
from regard.tasks import classify
from regard.text.batch import TokenBudget
from regard.text.normalise import Normaliser
from regard.text.tokenise import Encoded, TextEncoder, load_tokenizer, train_tokenizer

if TYPE_CHECKING:
    import torch


@dataclass
class EncodedFeed:
    """Batches for the training loop: rows by token budget, as padded tensors with their targets."""

    encoded: Sequence[Encoded]
    targets: np.ndarray
    budget: TokenBudget
    pad_id: int

    def epoch(self, number: int) -> list[list[int]]:
        return self.budget.epoch(number)

    def batch(self, rows: Sequence[int]) -> dict[str, torch.Tensor]:
        import torch

        inputs = classify.batch_of([self.encoded[row] for row in rows], self.pad_id)
        return {**inputs, "labels": torch.from_numpy(self.targets[list(rows)])}


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

    with watch.stage("prepare"):
        encoder = _encoder(recipe, parts, offline=offline)
        encoded = {name: encoder.encode(part.texts, offsets=False) for name, part in parts.named().items()}
        examine(parts, encoded, encoder, force=force)
        model = classify.build_network(recipe, encoder, parts.labels, parts.multi_label, offline=offline)
        _check_length(recipe, model)
    classifier = classify.NetworkClassifier(
        model,
        encoder,
        parts.labels,
        parts.multi_label,
        recipe.model_name,
        recipe.entry.kind,
        window_pooling=recipe.tokens.window_pooling,
    )
    target = {
        name: classify.targets(part, parts.labels, parts.multi_label)
        for name, part in parts.named().items()
        if name != "test"
    }
    options = recipe.training
    with watch.stage("train"):
        result = loop.fit(
            model,
            _feed(recipe, encoded["train"], target["train"], encoder),
            loss=classify.loss_function(parts.multi_label, options.label_smoothing, recipe.tokens.window_pooling),
            evaluate=lambda _: _validate(classifier, encoded["validation"], target["validation"]),
            options=options,
            seed=recipe.seed,
            run=run,
            fingerprint=fingerprint(recipe, parts),
            resume=resume,
            progress=progress.progress_for(quiet, sys.stderr, what=f"{recipe.model_name} on {parts.train.source}"),
        )
    watch.stages["train"] = round(result.seconds, 3)  # all of it: a resumed training began before this process
    model.to("cpu").eval()
    with silenced():
        save_model(run, model.save_pretrained, encoder.save)
    return Trained(
        classifier,
        {
            "steps": result.steps,
            "epochs": result.epochs,
            "best_step": result.best_step,
            "best_metrics": result.best_metrics,
            "stopped": result.stopped,
            "examples_per_second": result.examples_per_second,
        },
        lambda part: classifier.encoded_probabilities(encoded[part]),
    )


def _encoder(recipe: Recipe, parts: Parts, *, offline: bool) -> TextEncoder:
    """A checkpoint's own tokenizer, or one trained on the training part."""
    own = recipe.entry.kind == "checkpoint"
    if own != (recipe.tokens.kind == "checkpoint"):
        kinds = "checkpoint" if own else "wordpiece, bpe or word"
        raise UsageError(f"tokens.kind: {recipe.model_name} takes {kinds}, given: {recipe.tokens.kind}")
    if own:
        place, local = locate(recipe.model_name, offline=offline)
        return classify.text_encoder(recipe, load_tokenizer(place, local=local))
    normaliser = Normaliser(recipe.preprocess)
    texts = (normaliser(text).text for text in parts.train.texts)
    return classify.text_encoder(recipe, train_tokenizer(texts, recipe.tokens))


def _check_length(recipe: Recipe, model: Any) -> None:
    """A checkpoint reads as many tokens as it has positions, and says so before it crashes."""
    most = _positions(model) if recipe.entry.kind == "checkpoint" else None
    if most is not None and recipe.tokens.max_length > most:
        raise UsageError(
            f"tokens.max_length: {recipe.tokens.max_length}, but {recipe.model_name} reads at most {most} tokens",
            mend=f"--max-length {most}, and --strategy says what is read of a longer text: head, tail, head+tail, or "
            f"windows (all of it, {most} tokens at a time); --attention window lets it read more at once",
        )


def _positions(model: Any) -> int | None:
    """How many tokens a checkpoint has positions for; RoBERTa's kind counts them from behind the padding token."""
    table = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    most = getattr(model.config, "max_position_embeddings", None)
    if table is not None and getattr(table, "padding_idx", None) is not None and most is not None:
        return int(most) - int(table.padding_idx) - 1
    return None if most is None else int(most)


def _feed(recipe: Recipe, encoded: list[Encoded], target: np.ndarray, encoder: TextEncoder) -> EncodedFeed:
    options = recipe.training
    budget = TokenBudget(
        [len(item.ids) for item in encoded],
        options.batch_tokens,
        options.max_batch_examples,
        recipe.seed,
        windows=[len(item.windows) for item in encoded],
    )
    return EncodedFeed(encoded, target, budget, encoder.pad_id)


def _validate(classifier: classify.NetworkClassifier, encoded: list[Encoded], target: np.ndarray) -> dict[str, float]:
    """Loss, accuracy and macro-F1 on the validation part: what early stopping and the best checkpoint go by."""
    from sklearn.metrics import f1_score

    probabilities = classifier.encoded_probabilities(encoded)
    said = probabilities > classify.THRESHOLD if classifier.multi_label else probabilities.argmax(1)
    right = (said == target).all(1) if classifier.multi_label else said == target
    return {
        "loss": classify.mean_loss(probabilities, target, classifier.multi_label),
        "accuracy": float(right.mean()),
        "macro_f1": float(f1_score(target, said, average="macro", zero_division=0)),
    }
