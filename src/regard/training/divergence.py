"""The watch over losses and gradients: a training that has left the numbers stops before it harms anything."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from regard.errors import DivergedError
from regard.recipe import TrainingOptions

SKIPPED_STEPS_ALLOWED = 20
"""With fp16 the scaler skips steps whose gradients overflow and halves its scale; so many in a row are no search."""


class Watch:
    """Collects each step's loss and gradient norm, and reads them from the device together.

    Reading makes a GPU wait, so that it is done once a logging interval there and at every step on a CPU. Since every
    value is kept, the step at fault is named exactly either way.
    """

    def __init__(self, options: TrainingOptions, *, scaled: bool) -> None:
        self._options = options
        self._allowed = SKIPPED_STEPS_ALLOWED if scaled else 0
        self._skipped = 0
        self._pending: list[tuple[int, int, Tensor, Tensor]] = []
        self._last_finite: tuple[int, float] | None = None
        self.loss = 0.0
        self.grad_norm = 0.0

    def add(self, step: int, examples: int, loss_sum: Tensor, grad_norm: Tensor) -> None:
        """`loss_sum` is the sum over the step's `examples`, `grad_norm` the norm of the mean's gradient; scalars."""
        self._pending.append((step, examples, loss_sum, grad_norm))

    def read(self) -> float:
        """The sum of the losses added since the last reading. Raises `DivergedError` at one that is no number."""
        if not self._pending:
            return 0.0
        values = torch.stack([torch.stack((loss, norm.to(loss.dtype))) for *_, loss, norm in self._pending]).tolist()
        total = 0.0
        for (step, examples, *_), (loss_sum, grad_norm) in zip(self._pending, values, strict=True):
            self._check(step, loss_sum / examples, grad_norm)
            total += loss_sum
        self._pending.clear()
        return total

    def _check(self, step: int, loss: float, grad_norm: float) -> None:
        if not math.isfinite(loss):
            raise self._diverged(step, f"the loss is {loss}")
        if math.isfinite(grad_norm):
            self._skipped, self.grad_norm = 0, grad_norm
        else:
            self._skipped += 1
            if self._skipped > self._allowed:
                raise self._diverged(step, f"the gradient's norm is {grad_norm}")
        self.loss, self._last_finite = loss, (step, loss)

    def check_metrics(self, step: int, metrics: dict[str, float]) -> None:
        """Raises `DivergedError` where a figure of an evaluation is no number."""
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise self._diverged(step, f"the validation {name} is {value}")

    def _diverged(self, step: int, found: str) -> DivergedError:
        if self._last_finite is None:
            before = "no loss before it was a number"
        else:
            before = "the last finite loss was {1:.4g}, at step {0}".format(*self._last_finite)
        options = self._options
        rate = options.learning_rate
        mend = f"lower training.learning_rate (now {rate:g}), for instance --set training.learning_rate={rate / 3:.1g}"
        if options.max_grad_norm == 0:
            mend += ", and clip gradients: --set training.max_grad_norm=1"
        if options.mixed_precision == "fp16":
            mend += ", or leave fp16: --set training.mixed_precision=bf16"
        return DivergedError(f"training diverged at step {step}: {found}; {before}", mend=mend)
