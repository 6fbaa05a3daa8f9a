"""Drawing the next token: a temperature and three filters, then one uniform number a row.

Notable: a token is drawn by inversion, from a stream of numbers that is the row's own. So what a row becomes depends on
its seed alone: not on its neighbours, on when they end, or on torch's global generator, which is left as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from regard.nn.decoding import check

HEAD = 1024
"""So many of the likeliest tokens are looked at first for a nucleus: a whole vocabulary takes long to sort on a CPU."""


LOWEST = 1e-30
"""A temperature below this is 0: single precision could not divide by it."""


@dataclass(frozen=True)
class Sampling:
    """What is drawn from: the model's distribution at a `temperature`, cut by filters in the order they stand here.

    `temperature`: what scores are divided by; 0 takes the likeliest token. `top_k` (Fan et al. 2018): the
    so many likeliest, 0 for all. `top_p` (Holtzman et al. 2020, section 3.1, the nucleus): the fewest of those left,
    likeliest first, that together have this probability. `min_p` (Nguyen et al. 2024): those at least this
    fraction as likely as the likeliest. What is left is made to sum to 1 after each. The likeliest is always left.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        check(0 <= self.temperature < float("inf"), "temperature", self.temperature, "0 (the likeliest token) or more")
        check(self.top_k >= 0, "top_k", self.top_k, "0 (all tokens) or more")
        check(0 < self.top_p <= 1, "top_p", self.top_p, "above 0, at most 1 (all tokens)")
        check(0 <= self.min_p <= 1, "min_p", self.min_p, "from 0 (all tokens) to 1")

    def draw(self, scores: Float[Tensor, "b v"], uniform: Float[Tensor, " b"]) -> Int[Tensor, " b"]:
        """One token of each row, by a number from [0, 1) each."""
        if self.temperature < LOWEST:
            return scores.argmax(-1)
        probabilities, ids = self._left(scores)
        place = invert(probabilities, uniform)
        return place if ids is None else ids.gather(1, place[:, None])[:, 0]

    def distribution(self, scores: Float[Tensor, "b v"]) -> Float[Tensor, "b v"]:
        """What `draw` draws from: of each token its probability, 0 where a filter took it out."""
        if self.temperature < LOWEST:
            return torch.zeros_like(scores).scatter(1, scores.argmax(-1, keepdim=True), 1.0)
        left, ids = self._left(scores)
        left = left / left.sum(-1, keepdim=True)
        spread = left if ids is None else left.new_zeros(scores.shape).scatter(1, ids, left)
        return spread.to(scores.dtype)

    def _left(self, scores: Float[Tensor, "b v"]) -> tuple[Float[Tensor, "b c"], Int[Tensor, "b c"] | None]:
        """What may be drawn, in parts that need not sum to 1, and which tokens these are (None: all, in order)."""
        # The maximum first: no temperature is then so low that a score leaves the numbers.
        scores = (scores - scores.amax(-1, keepdim=True)) / self.temperature
        ids = None
        if self.top_k or self.top_p < 1:
            scores, ids = self._likeliest_first(scores)
        parts = scores.exp()
        if self.min_p:
            parts = parts.masked_fill(parts < self.min_p, 0.0)  # the likeliest has 1 here
        return parts, ids

    def _likeliest_first(self, scores: Float[Tensor, "b v"]) -> tuple[Float[Tensor, "b c"], Int[Tensor, "b c"]]:
        """The tokens that `top_k` and `top_p` leave, in falling order; others of them are -inf."""
        vocabulary = scores.shape[1]
        width = min(self.top_k or vocabulary, vocabulary)
        if self.top_p == 1:
            return scores.topk(width)
        head, ids = scores.topk(min(width, HEAD))
        whole = head if width <= HEAD else scores.topk(width).values if self.top_k else scores
        total = whole.logsumexp(-1, keepdim=True)
        if head.shape[1] < width and not bool(_mass(head, total)[:, -1].ge(self.top_p).all()):
            head, ids = scores.topk(width)
        shares = (head - total).double().exp()
        before = shares.cumsum(-1) - shares
        outside: Bool[Tensor, "b c"] = before >= self.top_p
        outside[:, 0] = False
        return head.masked_fill(outside, -torch.inf), ids


def _mass(scores: Float[Tensor, "b c"], total: Float[Tensor, "b 1"]) -> Float[Tensor, "b c"]:
    return (scores - total).double().exp().cumsum(-1)


def invert(parts: Float[Tensor, "b c"], uniform: Float[Tensor, " b"]) -> Int[Tensor, " b"]:
    """The place where the running sum of `parts` goes beyond the fraction `uniform` of the whole.

    Summed in double precision: a vocabulary's rare tokens, one after the other, would be lost in single."""
    sums = parts.double().cumsum(-1)
    whole = sums[:, -1:].contiguous()
    place = torch.searchsorted(sums, whole * uniform.double()[:, None], right=True)
    # A fraction next to 1 may be rounded to the whole; the last place with a part of its own is where it ends.
    last = torch.searchsorted(sums, whole)
    return torch.minimum(place, last).clamp(max=parts.shape[1] - 1)[:, 0]


class Streams:
    """Uniform numbers from [0, 1), a stream of its own for each row."""

    def __init__(self, seed: int | Sequence[int], rows: int) -> None:
        """`seed`: one for the batch, from which each row's is made by its number, or one a row."""
        given = [seed] if isinstance(seed, int) else list(seed)
        check(min(given, default=0) >= 0, "seed", min(given, default=0), "at least 0")
        if not isinstance(seed, int):
            check(len(given) == rows, "seed", given, f"one number, or one for each of the {rows} rows")
        keys = [[seed, row] for row in range(rows)] if isinstance(seed, int) else [[one, 0] for one in given]
        self._generators = [np.random.default_rng(key) for key in keys]

    def next(self, rows: Sequence[int]) -> Float[Tensor, " b"]:
        """The next number of each of these rows."""
        return torch.tensor([self._generators[row].random() for row in rows], dtype=torch.float64, device="cpu")


def penalised(scores: Float[Tensor, "b v"], written: Bool[Tensor, "b v"], penalty: float) -> Float[Tensor, "b v"]:
    """Scores with those of tokens that were written already lowered (Keskar et al. 2019, section 4.1): divided by
    `penalty` above 0 and, since that would raise them there, multiplied by it below."""
    lowered = torch.where(scores < 0, scores * penalty, scores / penalty)
    return torch.where(written, lowered, scores)
