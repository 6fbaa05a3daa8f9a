"""What a score is: a number for each query and key of each head."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn


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

    def fold(
        self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]
    ) -> tuple[Float[Tensor, "b h t d"], Float[Tensor, "b h s d"], float]:
        """Query, key and scale whose scaled inner products are the scores."""
        raise NotImplementedError(f"{type(self).__name__} is no inner product")
