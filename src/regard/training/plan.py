"""Which batches make which optimizer step, and where the evaluations fall: known before the first step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from regard.errors import DataError
from regard.recipe import TrainingOptions

Batch = dict[str, Tensor]


class Feed(Protocol):
    """Where batches come from."""

    def epoch(self, number: int) -> Sequence[Sequence[int]]:
        """The batches of epoch `number` (from 0) as row numbers; always the same for the same number."""

    def batch(self, rows: Sequence[int]) -> Batch:
        """The tensors of these rows, on the CPU."""


@dataclass(frozen=True)
class Step:
    """One optimizer step: its number (from 1) and the batches whose gradients it sums up."""

    number: int
    group: Sequence[Sequence[int]]


class Plan:
    """Every optimizer step of a training. Epochs may differ in their number of batches, so each one is asked for.

    Raises `DataError` where an epoch has no batch.
    """

    def __init__(self, feed: Feed, options: TrainingOptions) -> None:
        self._feed = feed
        self._accumulation = options.gradient_accumulation_steps
        self._ends: list[int] = []
        self._evaluations: set[int] = set()
        while self._goes_on(options):
            self._add_epoch(options.evaluations_per_epoch)
        self.total = min(self._ends[-1], options.max_steps or self._ends[-1])
        self._evaluations = {step for step in self._evaluations if step < self.total} | {self.total}

    def _goes_on(self, options: TrainingOptions) -> bool:
        if options.max_steps is None:
            return len(self._ends) < options.epochs
        return not self._ends or self._ends[-1] < options.max_steps

    def _add_epoch(self, evaluations: int) -> None:
        start = self._ends[-1] if self._ends else 0
        groups = len(self._groups(len(self._ends)))
        self._ends.append(start + groups)
        self._evaluations |= {start + max(1, round(groups * i / evaluations)) for i in range(1, evaluations + 1)}

    def _groups(self, epoch: int) -> list[Sequence[Sequence[int]]]:
        batches = self._feed.epoch(epoch)
        if not batches:
            raise DataError("there is nothing to train on: an epoch has no batch", mend="give more labelled texts")
        return [batches[i : i + self._accumulation] for i in range(0, len(batches), self._accumulation)]

    def steps_after(self, done: int) -> Iterator[Step]:
        """The steps that are left when `done` are done."""
        while done < self.total:
            epoch = bisect_left(self._ends, done + 1)
            start = self._ends[epoch - 1] if epoch else 0
            for group in self._groups(epoch)[done - start : self.total - start]:
                done += 1
                yield Step(done, group)

    def epochs_done(self, step: int) -> float:
        """How often the data were seen when `step` steps are done: 1.5 is half way through the second epoch."""
        epoch = bisect_left(self._ends, step)
        start = self._ends[epoch - 1] if epoch else 0
        return epoch + (step - start) / (self._ends[epoch] - start)

    def evaluates_at(self, step: int) -> bool:
        """Whether the model is evaluated when `step` steps are done; always at the end."""
        return step in self._evaluations
