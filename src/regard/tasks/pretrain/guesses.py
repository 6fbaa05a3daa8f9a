"""What a masked language model finds in the places that it is asked about; the loss of its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regard.tasks.pretrain.asked import Asked, batch_of
from regard.text.batch import TokenBudget

if TYPE_CHECKING:
    from torch import Tensor, nn


class Guessed(NamedTuple):
    """Of each place of one sequence the likeliest token, its probability, and the log-probability of what stood there;
    of two halves the probability that the second follows the first."""

    best: np.ndarray
    confidence: np.ndarray
    log_probability: np.ndarray
    follows: float | None


def guess(model: Any, asked: Sequence[Asked], pad_id: int, *, pairs: bool, batch_tokens: int) -> list[Guessed]:
    """One `Guessed` a sequence, in order. Evaluation mode for the call, the mode of before after it."""
    import torch

    found: list[Guessed | None] = [None] * len(asked)
    budget = TokenBudget([len(item.read) for item in asked], batch_tokens, max_examples=256)
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for rows in budget.longest_first():
                batch = batch_of([asked[row] for row in rows], pad_id, pairs=pairs)
                for row, guessed in zip(rows, _of_batch(model, batch), strict=True):
                    found[row] = guessed
    finally:
        model.train(training)
    return [own for own in found if own is not None]


def _of_batch(model: Any, batch: Mapping[str, Tensor]) -> list[Guessed]:
    import torch

    from regard.tasks.pretrain.networks import read_chosen

    batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
    logits, judged = read_chosen(model, batch)
    scores = logits if logits.dtype == torch.float64 else logits.float()
    sums, best = scores.logsumexp(-1), scores.max(-1)
    columns = (
        best.indices,
        (best.values - sums).double().exp(),
        (scores.gather(1, batch["labels"][:, None])[:, 0] - sums).double(),
    )
    borders = batch["chosen"].sum(1).cumsum(0).cpu().numpy()[:-1]
    follows = [None] * len(batch["chosen"]) if judged is None else judged.double().softmax(-1)[:, 0].tolist()
    rows = zip(*(np.split(column.cpu().numpy(), borders) for column in columns), follows, strict=True)
    return [Guessed(*row) for row in rows]


def figures(asked: Sequence[Asked], guessed: Sequence[Guessed]) -> dict[str, float]:
    """Mean loss of what is hidden (nats a token), the share that is guessed right, and of halves the share that is
    judged right, where there are any."""
    pairs = [(item, own) for item, own in zip(asked, guessed, strict=True) if item.known]
    hidden = max(sum(len(item.chosen) for item, _ in pairs), 1)
    right = sum(int((own.best == item.sequence.ids[item.chosen]).sum()) for item, own in pairs)
    found = {
        "loss": -sum(float(own.log_probability.sum()) for _, own in pairs) / hidden,
        "accuracy": right / hidden,
    }
    judged = [
        (own.follows >= 0.5) == item.sequence.follows
        for item, own in pairs
        if own.follows is not None and item.sequence.follows is not None
    ]
    return {**found, "next_sentence_accuracy": sum(judged) / len(judged)} if judged else found


def pretrain_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
    """The summed loss of the hidden tokens of a batch, and their number."""
    from regard.tasks.pretrain.networks import masked_loss, read_chosen

    logits, judged = read_chosen(model, batch)
    return masked_loss(logits, batch["labels"], judged, batch.get("follows"))
