"""Where the batches of a training come from: the rule of most tasks, a batch of whole texts by their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from regard.recipe import Recipe
from regard.text.batch import TokenBudget

if TYPE_CHECKING:
    from torch import Tensor

    from regard.tasks.task import NetworkPredictor


class Feed(Protocol):
    """Batches for the training loop, epoch by epoch; the same for the same number of an epoch."""

    def epoch(self, number: int) -> Sequence[Sequence[int]]:
        """The batches of epoch `number` (from 0) as row numbers."""
        ...

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The tensors of these rows, on the CPU."""
        ...


@dataclass
class EncodedFeed:
    """Rows by token budget, as the predictor pads them with their targets."""

    predictor: NetworkPredictor
    encoded: Sequence[Any]
    targets: Sequence[Any]
    budget: TokenBudget

    def epoch(self, number: int) -> list[list[int]]:
        return self.budget.epoch(number)

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        return self.predictor.batch([self.encoded[row] for row in rows], [self.targets[row] for row in rows])


def by_tokens(
    recipe: Recipe, predictor: NetworkPredictor, encoded: Sequence[Any], targets: Sequence[Any]
) -> EncodedFeed:
    """Batches of texts of about one length, in windows where they have several."""
    options = recipe.training
    budget = TokenBudget(
        [max(len(window.ids) for window in item.windows) for item in encoded],
        options.batch_tokens,
        options.max_batch_examples,
        recipe.seed,
        windows=[len(item.windows) for item in encoded],
    )
    return EncodedFeed(predictor, encoded, targets, budget)
