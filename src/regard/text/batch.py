"""Batches by token budget: texts of like length together, so that little padding is computed. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

IGNORED = -100
"""The label of a place that nothing is asked of, as cross-entropy knows it."""
POOL = 50  # batches that are sorted by length together: enough to pad tightly, few enough to stay random


@dataclass(frozen=True)
class TokenBudget:
    """Batches of at most `batch_tokens` tokens, padding included, and at most `max_examples` texts.

    `lengths` are the tokens of each text, or of each of its windows where `windows` counts these; all windows of a text
    are in one batch. A text longer than the budget goes alone. `epoch(n)` depends on `seed` and `n` only.
    """

    lengths: Sequence[int]
    batch_tokens: int
    max_examples: int
    seed: int = 0
    windows: Sequence[int] | None = None

    def epoch(self, number: int) -> list[list[int]]:
        """All rows once, shuffled: rows in pools, each pool sorted by length and cut, then the batches shuffled."""
        generator = np.random.default_rng([self.seed, number])
        lengths = self._tokens()
        order = generator.permutation(len(lengths))
        mean = float(lengths.mean()) if len(lengths) else 1.0
        pool = max(1, int(POOL * min(self.max_examples, self.batch_tokens / max(mean, 1.0))))
        batches: list[list[int]] = []
        for start in range(0, len(order), pool):
            rows = order[start : start + pool]
            batches.extend(self._cut(rows[np.argsort(lengths[rows], kind="stable")]))
        return [batches[i] for i in generator.permutation(len(batches))]

    def longest_first(self) -> list[list[int]]:
        """All rows once, the longest first: for prediction, where memory runs out at once or not at all."""
        return self._cut(np.argsort(self._tokens(), kind="stable"))[::-1]

    def _tokens(self) -> np.ndarray:
        """The tokens of each text in all its windows. Texts with several have the longest ones, so by this order rows
        of rising tokens have windows of rising length."""
        lengths = np.asarray(self.lengths)
        return lengths if self.windows is None else lengths * np.asarray(self.windows)

    def _cut(self, rows: np.ndarray) -> list[list[int]]:
        """Rows sorted by rising length, cut where one more would break the budget."""
        batches: list[list[int]] = []
        batch: list[int] = []
        held = 0
        for row in rows.tolist():
            own = 1 if self.windows is None else self.windows[row]
            if batch and (len(batch) == self.max_examples or (held + own) * self.lengths[row] > self.batch_tokens):
                batches.append(batch)
                batch, held = [], 0
            batch.append(row)
            held += own
        if batch:
            batches.append(batch)
        return batches


def pad(sequences: Sequence[Sequence[int]], pad_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Token ids `[b t]` padded on the right to the longest, and the keep mask `[b t]` (True = a real token)."""
    width = max(len(sequence) for sequence in sequences)
    ids = np.full((len(sequences), width), pad_id, dtype=np.int64)
    keep = np.zeros((len(sequences), width), dtype=bool)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        keep[row, : len(sequence)] = True
    return ids, keep
