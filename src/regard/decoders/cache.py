"""What a Transformer's decoder keeps of what it has read, so that the next token costs one token.

Notable: rows that come from one sentence (its beams) stand side by side and are a group, which keeps each token once.
A row that goes on from another takes over what that one has read, not a copy of it: a table says who has read what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import gcd
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Cache:
    """Keys and values of one layer, `[2 g h room d]`, of which the first `filled` mean something."""

    def __init__(self, pairs: Float[Tensor, "2 g h room d"], filled: int) -> None:
        self.pairs, self.filled = pairs, filled

    @classmethod
    def empty(cls, groups: int, heads: int, size: int, like: Tensor) -> Cache:
        return cls(like.new_empty(2, groups, heads, 0, size), 0)

    def add(self, pairs: Float[Tensor, "2 g h n d"], filled: int) -> Cache:
        """A cache whose first `filled` are those of this one, with `pairs` behind them: the same memory where it has
        room and nobody else has gone on in it."""
        total = filled + pairs.shape[3]
        if pairs.requires_grad:  # what was read before must stay as it was for the way back
            return Cache(torch.cat([self.pairs[:, :, :, :filled], pairs], dim=3), total)
        taken = self.filled != filled or (self.pairs.is_inference() and not torch.is_inference_mode_enabled())
        if taken or total > self.pairs.shape[3]:
            room = self.pairs.new_empty(*self.pairs.shape[:3], max(2 * total, 32), self.pairs.shape[4])
            room[:, :, :, :filled] = self.pairs[:, :, :, :filled]
            grown = Cache(room, filled)
        else:
            grown = self
        grown.pairs[:, :, :, filled:total] = pairs
        grown.filled = total
        return grown

    def of_groups(self, groups: Int[Tensor, " n"], filled: int) -> Cache:
        """With the room of this one, so that the next token finds it."""
        return Cache(self.pairs.index_select(1, groups), filled)

    def last(self, count: int, filled: int) -> Cache:
        """The last `count` of the first `filled`, without room: who goes on moves to a place of its own."""
        return Cache(self.pairs[:, :, :, filled - count : filled], count)

    def of_rows(self, groups: Int[Tensor, " n"], places: Int[Tensor, "n t"]) -> Cache:
        """Groups of one row each, with the tokens at `places` of the group each comes from."""
        chosen = self.pairs[:, groups[:, None], :, places]  # an index on both sides of a slice comes first: [n t 2 h d]
        return Cache(chosen.permute(2, 0, 3, 1, 4).contiguous(), places.shape[1])


@dataclass(frozen=True)
class TransformerState:
    """`length` tokens of each of `rows` rows were read; `groups` of equally many rows keep `filled` tokens each."""

    rows: int
    groups: int
    caches: tuple[Cache, ...]
    length: int = 0
    filled: int = 0
    # Of the memory: keys and values of each layer, and what is added to scores of padding; None: all is real.
    memory: tuple[Float[Tensor, "2 g h s d"], ...] = ()
    hidden: Float[Tensor, "g 1 1 s"] | None = None
    # The layers, and the map to the vocabulary, as functions: where no gradient is wanted.
    lean: Any = None
    # Which of its group's tokens a row has read; None: all.
    own: Bool[Tensor, "g r n"] | None = None

    def read(self, caches: Sequence[Cache], tokens: int) -> TransformerState:
        """The state behind `tokens` more."""
        filled = self.filled + tokens * self.rows // self.groups
        own = self._own(tokens)
        return replace(self, caches=tuple(caches), length=self.length + tokens, filled=filled, own=own)

    def _own(self, tokens: int) -> Bool[Tensor, "g r n"] | None:
        beams = self.rows // self.groups
        if beams == 1:
            return None
        device = self.caches[0].pairs.device
        before = self.own
        if before is None:
            before = torch.ones(self.groups, beams, self.filled, dtype=torch.bool, device=device)
        new = torch.eye(beams, dtype=torch.bool, device=device).repeat_interleave(tokens, dim=1)
        return torch.cat([before, new.expand(self.groups, -1, -1)], dim=2)

    def visible(self, tokens: int) -> Bool[Tensor, "*mask"] | None:
        """Which of the tokens kept, the next `tokens` of each row among them, each of those meets: `[t n]`, or where
        groups have several rows `[g 1 r*t n]`. None where each meets all."""
        device = self.caches[0].pairs.device
        own = self._own(tokens)
        if own is None:
            if tokens == 1:
                return None
            return torch.ones(tokens, self.filled + tokens, dtype=torch.bool, device=device).tril(self.filled)
        if tokens == 1:
            return own[:, None]
        beams = self.rows // self.groups
        met = torch.ones(tokens, own.shape[2], dtype=torch.bool, device=device)
        met[:, self.filled :] = met[:, :tokens].tril().repeat(1, beams)
        return (own[:, :, None] & met).flatten(1, 2)[:, None]

    def reorder(self, rows: Int[Tensor, " n"]) -> TransformerState:
        """Row i is row `rows[i]` of this state."""
        chosen = rows.tolist()
        if chosen == list(range(self.rows)):
            return self
        beams_before = self.rows // self.groups
        of_rows = [row // beams_before for row in chosen]
        beams = gcd(*(len(list(run)) for _, run in groupby(of_rows))) or 1
        own = None if self.own is None else self.own.flatten(0, 1).index_select(0, rows)
        if beams == 1 and own is not None:
            return self._apart(of_rows, own)
        own = None if own is None else own.unflatten(0, (-1, beams))
        groups = of_rows[::beams]
        if groups == list(range(self.groups)):
            return replace(self, rows=len(chosen), own=own)
        index = torch.tensor(groups, device=rows.device)
        caches = tuple(cache.of_groups(index, self.filled) for cache in self.caches)
        return replace(self, rows=len(chosen), own=own, groups=len(groups), caches=caches, **self._memory_of(index))

    def _apart(self, groups: list[int], own: Bool[Tensor, "n t"]) -> TransformerState:
        """Each row alone, with what it has read: for rows that are no equal groups any longer."""
        index, rows = torch.tensor(groups, device=own.device), len(groups)
        places = own.nonzero()[:, 1].view(rows, self.length)
        caches = tuple(cache.of_rows(index, places) for cache in self.caches)
        return replace(
            self, own=None, rows=rows, groups=rows, caches=caches, filled=self.length, **self._memory_of(index)
        )

    def _memory_of(self, groups: Int[Tensor, " n"]) -> dict[str, Any]:
        hidden = None if self.hidden is None else self.hidden.index_select(0, groups)
        return {"memory": tuple(pairs.index_select(1, groups) for pairs in self.memory), "hidden": hidden}
