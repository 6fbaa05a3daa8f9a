"""Attention that can be looked at, whatever engine ran: computed again from queries and keys, a block of queries at a
time, so that a long text costs no quadratic memory unless the map itself is asked for.

    with watching() as seen:
        model(input_ids)
    seen[-1].received()  # the last layer
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from regard.nn.attention.pattern import Pattern, Plan
from regard.nn.attention.reference import weights

NUMBERS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Rows:
    """Weights of some queries that another computation answered; of a text only those that are `real`."""

    places: Int[Tensor, "b g"]
    real: Bool[Tensor, "b g"]
    shares: Float[Tensor, "b h g s"]

    def put(self, shown: Float[Tensor, "b h n s"], first: int) -> None:
        """Into the weights of a run of queries, the first of which is `first`."""
        text, entry = (self.real & (self.places >= first) & (self.places < first + shown.shape[2])).nonzero().unbind(1)
        shown[text, :, self.places[text, entry] - first] = self.shares[text, :, entry].to(shown)


@dataclass(frozen=True)
class Seen:
    """One layer's attention to one batch: what is needed to compute its weights, which are not kept."""

    query: Float[Tensor, "b h t d"]
    key: Float[Tensor, "b h s d"]
    pattern: Pattern
    plan: Plan
    keep: Bool[Tensor, "b s"] | None
    score: Any
    answered: Rows | None = None

    @torch.no_grad()
    def rows(self, first: int, last: int) -> Float[Tensor, "b h n s"]:
        """The weights of the queries `first` to `last`, the latter not counted. Each row sums to 1, or is 0 where it
        sees nothing."""
        rows = slice(first, last)
        shown = weights(self.query, self.key, self.pattern, self.plan, self.keep, self.score, rows=rows)
        if self.answered is not None:
            self.answered.put(shown, first)
        return shown

    @torch.no_grad()
    def received(self, shares: Float[Tensor, "b t"] | None = None) -> Float[Tensor, "b h s"]:
        """How much weight each key receives: the mean of the queries that are no padding, or their sum by `shares`."""
        if shares is None:
            shares = self._even_shares()
        total = torch.zeros_like(self.key[..., 0])
        for first, last in self._blocks():
            total += (shares[:, None, None, first:last].to(total) @ self.rows(first, last))[:, :, 0]
        return total

    @torch.no_grad()
    def strongest(self, k: int) -> tuple[Float[Tensor, "b h t n"], Int[Tensor, "b h t n"]]:
        """For each query the `k` keys of the highest weights (all, where there are fewer), and their places."""
        k = min(k, self.key.shape[2])
        # Made before: small tensors that are kept between large ones that are freed would hold the memory of these.
        highest = self.query.new_empty(*self.query.shape[:3], k)
        places = torch.empty(highest.shape, dtype=torch.long, device=highest.device)
        for first, last in self._blocks():
            highest[:, :, first:last], places[:, :, first:last] = self.rows(first, last).topk(k, dim=-1)
        return highest, places

    def whole(self) -> Float[Tensor, "b h t s"]:
        """The map itself: quadratic in the length."""
        return self.rows(0, self.query.shape[2])

    def _blocks(self) -> Iterator[tuple[int, int]]:
        texts, heads, queries, width = self.query.shape
        # A score that is no inner product holds a vector for each pair.
        of_query = texts * heads * self.key.shape[2] * (1 if self.score.folds else width)
        rows = max(1, NUMBERS_AT_ONCE // of_query)
        for first in range(0, queries, rows):
            yield first, min(first + rows, queries)

    def _even_shares(self) -> Float[Tensor, "b t"]:
        texts, _, queries, _ = self.query.shape
        if self.keep is None:
            return self.query.new_full((texts, queries), 1 / queries)
        kept = self.keep[:, self.plan.offset :].to(self.query.dtype)
        return kept / kept.sum(-1, keepdim=True).clamp(min=1)


_watchers: ContextVar[tuple[list[Seen], ...]] = ContextVar("watchers", default=())


@contextmanager
def watching() -> Iterator[list[Seen]]:
    """The attention of each `attend` that is called inside, in order: of a usual encoder one a layer."""
    seen: list[Seen] = []
    before = _watchers.set((*_watchers.get(), seen))
    try:
        yield seen
    finally:
        _watchers.reset(before)


def note_rows(places: Int[Tensor, "b g"], real: Bool[Tensor, "b g"], shares: Float[Tensor, "b h g s"]) -> None:
    """Called by a layer that puts the answers of some queries in the place of what `attend` just gave them."""
    for seen in _watchers.get():
        seen[-1] = replace(seen[-1], answered=Rows(places, real, shares.detach()))


def note(query: Tensor, key: Tensor, pattern: Pattern, plan: Plan, keep: Tensor | None, score: Any) -> None:
    """Called by `attend`."""
    for seen in _watchers.get():
        seen.append(Seen(query.detach(), key.detach(), pattern, plan, keep, score))
