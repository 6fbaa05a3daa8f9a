"""Scores by relative position (Dai et al. 2019, Transformer-XL, section 3.3).

With r the sinusoid of the distance i - j, in the paper's order of terms:
(a) q_i . k_j   (b) q_i . W r   (c) u . k_j   (d) v . W r, all of it scaled by 1 / sqrt(d).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.nn.attention.scores.score import Score
from regard.nn.positions import sinusoids


class Relative(Score):
    folds = False

    def __init__(self, heads: int = 1, head_size: int = 1) -> None:
        super().__init__(heads, head_size)
        self.position = nn.Linear(heads * head_size, heads * head_size, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(heads, head_size))
        self.position_bias = nn.Parameter(torch.zeros(heads, head_size))

    def forward(self, query: Float[Tensor, "b h t d"], key: Float[Tensor, "b h s d"]) -> Float[Tensor, "b h t s"]:
        queries, keys = query.shape[2], key.shape[2]
        content = (query + self.content_bias[:, None]) @ key.transpose(-1, -2)
        place = (query + self.position_bias[:, None]) @ self.distances(queries, keys).to(query).transpose(-1, -2)
        return (content + shifted(place, keys)) * self.head_size**-0.5

    def distances(self, queries: int, keys: int) -> Float[Tensor, "h r d"]:
        """W r for every distance that occurs, from keys - 1 down to 1 - queries."""
        distance = torch.arange(keys - 1, -queries, -1, device=self.position.weight.device)
        width = self.heads * self.head_size
        table = sinusoids(max(keys, queries), width).to(self.position.weight)
        # The sine is odd and the cosine even: a distance below zero needs no table of its own.
        sign = torch.ones(width, device=table.device, dtype=table.dtype)
        sign[0::2] = -1.0
        rows = torch.where((distance < 0)[:, None], table[distance.abs()] * sign, table[distance.abs()])
        return self.position(rows).view(-1, self.heads, self.head_size).transpose(0, 1)


def shifted(place: Float[Tensor, "b h t r"], keys: int) -> Float[Tensor, "b h t s"]:
    """Row i of `place` has the distances keys - 1 .. 1 - queries; key j stands at distance (offset + i) - j from it, so
    that the row begins `queries - 1 - i` further on (appendix B: one shift for all instead of one product for each)."""
    queries = place.shape[2]
    start = torch.arange(queries - 1, -1, -1, device=place.device)[:, None]
    index = start + torch.arange(keys, device=place.device)
    return place.gather(-1, index.expand(*place.shape[:2], queries, keys))
