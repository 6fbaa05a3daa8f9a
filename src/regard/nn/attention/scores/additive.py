"""v . tanh(W q + U k) (Bahdanau et al. 2015, appendix A.1.2), one set of weights a head."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.nn.attention.scores.score import Score, StepScores, query_maps, xavier_per_head
from regard.nn.attention.scores.tanh import tanh_scores


class Additive(Score):
    folds = False

    def __init__(self, heads: int = 1, head_size: int = 1) -> None:
        super().__init__(heads, head_size)
        self.query_weight = nn.Parameter(torch.empty(heads, head_size, head_size))
        self.key_weight = nn.Parameter(torch.empty(heads, head_size, head_size))
        self.vector = nn.Parameter(torch.empty(heads, head_size))
        xavier_per_head(self.query_weight)
        xavier_per_head(self.key_weight)
        nn.init.xavier_uniform_(self.vector)

    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        return tanh_scores(query @ self.query_weight, self.prepare(key), self.vector)

    def prepare(self, key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h s d"]:
        return key @ self.key_weight

    def in_steps(self, prepared: Float[Tensor, "b h s d"], steps: int) -> StepScores:
        queries = query_maps(self.query_weight, steps)
        return lambda query: tanh_scores(queries(query), prepared, self.vector)
