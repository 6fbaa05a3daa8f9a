"""The batches of a pretraining: windows of all texts, with other tokens hidden in each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regard.tasks.pretrain.asked import Asked, batch_of
from regard.tasks.pretrain.hiding import Hiding, of_training
from regard.tasks.pretrain.sequences import of_pair, of_window
from regard.text.batch import TokenBudget
from regard.text.document_encoder import DocumentEncoder, Window

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class WindowFeed:
    """Windows by token budget. A row's number tells its epoch too, so that what is hidden in it is the same whenever it
    is asked for: row r of epoch e is `e * len(windows) + r`."""

    encoder: DocumentEncoder
    hiding: Hiding
    windows: Sequence[Window]
    budget: TokenBudget
    seed: int
    pairs: bool = False

    def epoch(self, number: int) -> list[list[int]]:
        shift = number * len(self.windows)
        return [[row + shift for row in batch] for batch in self.budget.epoch(number)]

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        return batch_of([self._hidden(row) for row in rows], self.encoder.pad_id, pairs=self.pairs)

    def _hidden(self, number: int) -> Asked:
        epoch, row = divmod(number, len(self.windows))
        generator, window = of_training(self.seed, epoch, row), self.windows[row]
        if self.pairs:
            sequence = of_pair(self.encoder, window, self.windows, generator)
        else:
            sequence = of_window(self.encoder, window)
        chosen = self.hiding.choose(sequence.words, generator)
        return Asked(row, sequence, self.hiding.replace(sequence.ids, chosen, generator), chosen)
