"""Scores by relative position (Dai et al. 2019, Transformer-XL, section 3.3).

With r the sinusoid of the distance i - j, in the paper's order of terms:
(a) q_i . k_j   (b) q_i . W r   (c) u . k_j   (d) v . W r, all of it scaled by 1 / sqrt(d).
"""

from __future__ import annotations

from functools import lru_cache

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
        return self.rows(query, key, key.shape[2] - query.shape[2])

    def rows(
        self, query: Float[Tensor, "b h n d"], key: Float[Tensor, "b h s d"], first: int
    ) -> Float[Tensor, "b h n s"]:
        keys = key.shape[2]
        content = (query + self.content_bias[:, None]) @ key.transpose(-1, -2)
        table = self.distances(first + query.shape[2] - 1, first - keys)
        place = (query + self.position_bias[:, None]) @ table.transpose(-1, -2)
        return (content + shifted(place, keys)) * self.head_size**-0.5

    def distances(self, furthest: int, last: int) -> Float[Tensor, "h r d"]:
        """W r of each distance from `furthest` down to `last`: all that occur, and one more for `shifted`."""
        table = distance_table(furthest, last, self.heads * self.head_size, torch.get_default_dtype())
        rows = table.to(self.position.weight)
        return self.position(rows).view(-1, self.heads, self.head_size).transpose(0, 1)


@lru_cache(maxsize=8)  # all layers of all segments of a text need the same one or two
@torch.inference_mode(False)  # a tensor made in that mode could not be trained with later
def distance_table(first: int, last: int, width: int, dtype: torch.dtype) -> Float[Tensor, "r d"]:
    """Sinusoids of the distances `first` down to `last`, 0 among them (Vaswani et al. 2017, section 3.5)."""
    table = sinusoids(max(first, -last) + 1, width).to(dtype)
    # The sine is odd and the cosine even: a distance below zero needs no sinusoids of its own.
    sign = torch.ones(width, dtype=table.dtype)
    sign[0::2] = -1.0
    return torch.cat([table[: first + 1].flip(0), table[1 : 1 - last] * sign])


def shifted(place: Float[Tensor, "b h t r"], keys: int) -> Float[Tensor, "b h t s"]:
    """Of each query's row by distance, its row by key: where the first query stands at key f, `place` has the distances
    f + queries - 1 to f - keys (r is t + s).

    Query i stands `f + i - j` behind key j, which is column queries - 1 - i + j: each row begins one column before the
    one above it. Rows that are one number shorter do just that (appendix B: one shift for all
    instead of one product for each).
    """
    texts, heads, queries, columns = place.shape
    flat = place.reshape(texts, heads, queries * columns)[..., queries - 1 : queries * columns - 1]
    return flat.view(texts, heads, queries, columns - 1)[..., :keys]
