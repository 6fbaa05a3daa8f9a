"""What a score is: a number for each query and key of each head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.nn.shared_product import SharedProduct

StepScores = Callable[[Float[Tensor, "b h 1 d"]], Float[Tensor, "b h 1 s"]]


def penalty_in(dtype: torch.dtype, penalty: float) -> float:
    """A self penalty that this number format can hold."""
    return max(penalty, torch.finfo(dtype).min / 2)


class Score(nn.Module, ABC):
    """Base. `forward` is the definition. A score that is an inner product of something made of the query and something
    made of the key says so by `fold`, and every engine can run it; the others run in the open only."""

    self_penalty: float | None = None  # stands in place of the score where query and key are the same token
    folds = True

    def __init__(self, heads: int = 1, head_size: int = 1) -> None:
        super().__init__()
        self.heads, self.head_size = heads, head_size

    @abstractmethod
    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        """The scores; the last query stands at the last key."""

    def rows(
        self, query: Float[Tensor, "b h n d"], key: Float[Tensor, "b h s d"], first: int
    ) -> Float[Tensor, "b h n s"]:
        """The scores of a run of queries, of which the first stands at key `first`. A score that looks at places, and
        not at numbers only, says here how."""
        return self(query, key)

    def prepare(self, key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h s d"]:
        """What the score needs of the keys alone. A decoder, whose queries come one after the other, makes it once a
        text."""
        return key

    def in_steps(self, prepared: Float[Tensor, "b h s d"], steps: int) -> StepScores:
        """The score of `steps` queries that come one after the other, with keys that were prepared."""
        return partial(self, key=prepared)

    def fold(
        self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]
    ) -> tuple[Float[Tensor, "b h t d"], Float[Tensor, "b h s d"], float]:
        """Query, key and scale whose scaled inner products are the scores."""
        raise NotImplementedError(f"{type(self).__name__} is no inner product")


def xavier_per_head(weight: Float[Tensor, "h i o"]) -> None:
    """Each head's matrix as Glorot and Bengio (2010) begin it; torch would take the three axes for a convolution's."""
    for head in range(len(weight)):
        nn.init.xavier_uniform_(weight[head])


def query_maps(weight: Float[Tensor, "h d d"], steps: int) -> Callable[[Tensor], Tensor]:
    """Queries `[b h 1 d]` by each head's matrix, step by step."""
    product = SharedProduct(weight, steps)
    return lambda query: product(query[:, :, 0].transpose(0, 1)).transpose(0, 1)[:, :, None]
