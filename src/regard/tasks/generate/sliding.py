"""A decoder that reads only so many tokens, writing more of them: what stands far back is forgotten.

Notable: where a text would grow past what the decoder reads, its last half is read again from the start and written on
from there, once for every half. Moving on by one token each time would read everything again at each step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class SlidingState:
    """The decoder's own state and the tokens that it was made of."""

    inner: Any
    read: Int[Tensor, "b t"]


class SlidingDecoder:
    """`decoder`, of which no text is longer than `reach` tokens; the words of `nn.search`."""

    def __init__(self, decoder: Any, reach: int) -> None:
        self.decoder = decoder
        self.reach = reach
        self.kept = max(1, reach // 2)

    def start(self, rows: int, device: torch.device | None = None) -> SlidingState:
        nothing = torch.zeros((rows, 0), dtype=torch.int64, device=device)
        return SlidingState(self.decoder.start(rows=rows), nothing)

    def extend(self, ids: Int[Tensor, "b t"], state: SlidingState) -> tuple[Float[Tensor, "b t v"], SlidingState]:
        """At most `reach` tokens at a time."""
        read, tokens = torch.cat([state.read.to(ids.device), ids], dim=1), ids.shape[1]
        if read.shape[1] <= self.reach:
            logits, inner = self.decoder.extend(ids, state.inner)
            return logits, SlidingState(inner, read)
        read = read[:, -max(tokens, self.kept) :]
        logits, inner = self.decoder.extend(read, self.decoder.start(rows=len(read)))
        return logits[:, -tokens:], SlidingState(inner, read)

    def step(self, ids: Int[Tensor, " b"], state: SlidingState) -> tuple[Float[Tensor, "b v"], SlidingState]:
        if state.read.shape[1] < self.reach:
            logits, inner = self.decoder.step(ids, state.inner)
            return logits, SlidingState(inner, torch.cat([state.read.to(ids.device), ids[:, None]], dim=1))
        logits, state = self.extend(ids[:, None], state)
        return logits[:, -1], state

    def reorder(self, state: SlidingState, rows: Int[Tensor, " n"]) -> SlidingState:
        return SlidingState(self.decoder.reorder(state.inner, rows), state.read[rows])
