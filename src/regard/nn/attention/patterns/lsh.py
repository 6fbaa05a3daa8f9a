"""Locality-sensitive hashing: tokens with like vectors meet (Kitaev et al. 2020, Reformer, section 2).

Notable: as in transformers' Reformer, the sorted rounds stand one behind the other in one ring of chunks, so the first
chunk of a round looks back at the last one of the round before.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from regard.nn.attention.options import LshOptions
from regard.nn.attention.pattern import Pattern, Plan, Sorted
from regard.nn.attention.patterns.chunk import steps


class Lsh(Pattern):
    """Pairs are counted once for each round in which they meet, which is what joining the rounds by their normalisers
    amounts to (equation 4). A text of one chunk meets itself in full, unhashed."""

    Options = LshOptions
    extends = False  # more tokens are sorted otherwise
    needs_vectors = True

    def plan(
        self,
        queries: int,
        keys: int,
        *,
        keep: Bool[Tensor, "b s"] | None = None,
        vectors: Float[Tensor, "b h s d"] | None = None,
        **context: Any,
    ) -> Plan:
        """Tables: `order` `[b h r n]`, the tokens of each round sorted by bucket; `place` `[b h r n]`, the chunk in the
        ring in which a token stands. n is the number of keys, padded to whole chunks."""
        if vectors is None or queries != keys:
            raise ValueError("lsh hashes the shared vectors of queries and keys: it needs `vectors`, and all queries")
        if keys <= self.options.chunk_length:
            return Plan(queries, keys)
        with torch.no_grad():
            buckets = self._buckets(vectors, keep)
            order = buckets.argsort(dim=-1, stable=True)
            rank = torch.empty_like(order).scatter_(-1, order, torch.arange(order.shape[-1]).to(order).expand_as(order))
            rounds, length = order.shape[2:]
            rank = rank + length * torch.arange(rounds, device=rank.device)[:, None]
            return Plan(queries, keys, {"order": order, "place": rank // self.options.chunk_length})

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        if "place" not in plan.tables:
            return torch.ones_like(q + k, dtype=torch.bool)
        rounds, length = plan.tables["place"].shape[2:]
        ring = rounds * length // self.options.chunk_length
        met = torch.zeros_like(b + h + q + k)
        for own_round in range(rounds):
            own = plan.at("place", b, h, own_round, q)
            for other_round in range(rounds):
                other = plan.at("place", b, h, other_round, k)
                for step in steps(self.options, ring):
                    met = met + ((own + step) % ring == other)
        return met

    def layout(self, plan: Plan, text: int = 0) -> Sorted | None:
        if "order" not in plan.tables:
            return None
        rounds, length = plan.tables["order"].shape[2:]
        if max(self.options.before, self.options.after) > rounds * length // self.options.chunk_length:
            return None  # see `steps`
        return Sorted(plan.tables["order"], self.options.chunk_length, self.options.before, self.options.after)

    def _buckets(self, vectors: Float[Tensor, "b h s d"], keep: Bool[Tensor, "b s"] | None) -> Int[Tensor, "b h r n"]:
        """argmax of [xR, -xR] (section 2, "LSH attention"); several factors give a number with several digits. What is
        no token stands in a last bucket of its own."""
        length = math.ceil(vectors.shape[2] / self.options.chunk_length) * self.options.chunk_length
        factors = self.options.buckets or bucket_factors(length, self.options.chunk_length)
        heads, width = vectors.shape[1], vectors.shape[-1]
        generator = torch.Generator(device=vectors.device).manual_seed(self.options.seed)
        shape = (heads, width, self.options.rounds, sum(factors) // 2)
        rotations = torch.randn(shape, generator=generator, device=vectors.device, dtype=vectors.dtype)
        turned = torch.einsum("bhsd,hdrf->bhrsf", vectors, rotations)
        buckets, worth = torch.zeros(turned.shape[:-1], dtype=torch.long, device=vectors.device), 1
        for digit, factor in zip(turned.split([factor // 2 for factor in factors], -1), factors, strict=True):
            nearest = digit.abs().argmax(-1, keepdim=True)  # of [xR, -xR] the half that is positive there
            behind = digit.gather(-1, nearest) < 0
            buckets = buckets + worth * (nearest + behind * (factor // 2))[..., 0]
            worth *= factor
        if keep is not None:
            buckets = buckets.masked_fill(~keep[:, None, None, :], worth)
        return torch.nn.functional.pad(buckets, (0, length - vectors.shape[2]), value=worth)


def bucket_factors(length: int, chunk_length: int, limit: int = 128) -> tuple[int, ...]:
    """Twice as many buckets as chunks, to the next power of two below; above `limit` in two factors (section 2)."""
    power = max(1, (2 * (length // chunk_length)).bit_length() - 1)
    if 2**power <= limit:
        return (2**power,)
    return (2 ** (power // 2), 2 ** (power - power // 2))
