"""v . tanh(W [q; k]) (Luong et al. 2015, section 3.1, "concat"), one W and v a head."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.nn.attention.scores.score import Score, StepScores, query_maps, xavier_per_head
from regard.nn.attention.scores.tanh import tanh_scores


class Concat(Score):
    """The product with the two halves of W, added: [q; k] itself would be as large as all pairs together, twice."""

    folds = False

    def __init__(self, heads: int = 1, head_size: int = 1) -> None:
        super().__init__(heads, head_size)
        self.weight = nn.Parameter(torch.empty(heads, 2 * head_size, head_size))
        self.vector = nn.Parameter(torch.empty(heads, head_size))
        xavier_per_head(self.weight)
        nn.init.xavier_uniform_(self.vector)

    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        return tanh_scores(query @ self.weight[:, : self.head_size], self.prepare(key), self.vector)

    def prepare(self, key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h s d"]:
        return key @ self.weight[:, self.head_size :]

    def in_steps(self, prepared: Float[Tensor, "b h s d"], steps: int) -> StepScores:
        queries = query_maps(self.weight[:, : self.head_size], steps)
        return lambda query: tanh_scores(queries(query), prepared, self.vector)
