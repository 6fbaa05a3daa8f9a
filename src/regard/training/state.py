"""Where a training stands between two steps, and what an evaluation changes about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from regard.recipe import TrainingOptions

LOWER_IS_BETTER = ("loss", "bits_per_character")


@dataclass(frozen=True)
class FitResult:
    """How a training went. `examples_per_second` leaves evaluations and checkpoints out, `seconds` has them in; both
    go over all the parts of a training that was stopped and resumed."""

    steps: int
    epochs: float
    best_step: int
    best_metrics: dict[str, float]
    stopped: Literal["finished", "early", "interrupted"]
    examples: int
    seconds: float
    examples_per_second: float


@dataclass
class TrainingState:
    """All that a checkpoint keeps besides tensors. Times are in seconds, stops in between not counted.

    `evaluated_step` is the last step that was evaluated; `pending_*` are what the next line of the log sums up;
    `training_seconds` leaves evaluations and checkpoints out; `ended` says why no further step follows.
    """

    step: int = 0
    epoch: float = 0.0
    evaluated_step: int = 0
    best_step: int = 0
    best_metrics: dict[str, float] = field(default_factory=dict)
    evaluations_without_gain: int = 0
    examples: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0
    pending_loss: float = 0.0
    pending_examples: int = 0
    pending_seconds: float = 0.0
    log_length: int = 0
    ended: Literal["", "finished", "early"] = ""

    def judge(self, metrics: dict[str, float], options: TrainingOptions, *, last: bool) -> bool:
        """Take in an evaluation: is it the best so far (the earlier of equals stays), and is it the end?"""
        name = options.metric_for_best_model
        gain = metrics[name] - self.best_metrics.get(name, metrics[name])
        best = not self.best_step or (gain < 0 if name in LOWER_IS_BETTER else gain > 0)
        if best:
            self.best_step, self.best_metrics, self.evaluations_without_gain = self.step, dict(metrics), 0
        else:
            self.evaluations_without_gain += 1
        self.evaluated_step = self.step
        if last:
            self.ended = "finished"
        elif 0 < options.early_stopping_patience <= self.evaluations_without_gain:
            self.ended = "early"
        return best

    def count(self, examples: int, seconds: float) -> float:
        """Take in a step; returns the examples per second since the last line of the log."""
        self.examples += examples
        self.pending_examples += examples
        self.training_seconds += seconds
        self.pending_seconds += seconds
        return self.pending_examples / max(self.pending_seconds, 1e-9)

    def result(self, stopped: Literal["finished", "early", "interrupted"]) -> FitResult:
        return FitResult(
            steps=self.step,
            epochs=self.epoch,
            best_step=self.best_step,
            best_metrics=self.best_metrics,
            stopped=stopped,
            examples=self.examples,
            seconds=self.seconds,
            examples_per_second=self.examples / max(self.training_seconds, 1e-9),
        )
