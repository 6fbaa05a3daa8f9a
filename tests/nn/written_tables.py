"""A decoder for tests of searches: what comes next is looked up by the source and the two tokens before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch


class Read(NamedTuple):
    sources: torch.Tensor
    last: torch.Tensor


@dataclass
class Tables:
    """`scores` `[s v v v]`: of each source, by the two tokens read last, the logits of the next."""

    scores: torch.Tensor
    steps: int = 0
    rows_read: int = 0

    @classmethod
    def drawn(cls, vocabulary: int, sources: int = 1, seed: int = 0, spread: float = 2.0) -> Tables:
        generator = torch.Generator().manual_seed(seed)
        shape = (sources, vocabulary, vocabulary, vocabulary)
        return cls(torch.randn(shape, generator=generator, dtype=torch.float64) * spread)

    def start(self, sources: list[int] | None = None) -> Read:
        sources = list(range(len(self.scores))) if sources is None else sources
        return Read(torch.tensor(sources), torch.zeros(len(sources), dtype=torch.long))

    def step(self, ids, state):
        self.steps += 1
        self.rows_read += len(ids)
        return self.scores[state.sources, state.last, ids], Read(state.sources, ids)

    def reorder(self, state, rows):
        return Read(*(part[rows] for part in state))

    def log_probabilities(self, ids: list[int], source: int = 0, first: int = 0) -> list[float]:
        """Of each token of a text, one after the other."""
        read = [0, first, *ids]
        distributions = self.scores.log_softmax(-1)
        return [float(distributions[source, read[n], read[n + 1], token]) for n, token in enumerate(ids)]
