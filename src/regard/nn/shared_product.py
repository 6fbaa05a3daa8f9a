"""x A for many x that come one after the other, as the steps of a recurrence do, with the gradient of A made once.

Autograd would make a gradient as large as A at each step and add them up: most of a recurrent layer's backward pass.
Here each step leaves its two factors behind, and when all have, one product of all rows is the sum (as cuDNN does it:
Appleyard et al. 2016, section 3.2).
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

Factors = dict[int, tuple[Tensor, Tensor]]
"""What each step left behind: its rows, and the gradient of their product."""


class SharedProduct:
    """`SharedProduct(A, steps)(x)` is x A, `steps` times at most: rows `[n i]` by a matrix `[i o]`, or row by row
    `[b n i]` by `[b i o]`."""

    def __init__(self, matrix: Float[Tensor, "*b i o"], steps: int) -> None:
        device = matrix.device.type
        if torch.is_autocast_enabled(device):
            matrix = matrix.to(torch.get_autocast_dtype(device))
        self._matrix = matrix.detach()
        self._factors: Factors = {}
        self._calls = 0
        self._trains = matrix.requires_grad and torch.is_grad_enabled()
        if self._trains:
            self._marks = torch.eye(steps, device=matrix.device).unbind()
            self._ticket: Tensor = _Gathered.apply(matrix, self._factors, steps)

    def __call__(self, rows: Float[Tensor, "*b n i"]) -> Float[Tensor, "*b n o"]:
        rows = rows.to(self._matrix.dtype)
        if not self._trains:
            return rows @ self._matrix
        step, self._calls = self._calls, self._calls + 1
        product: Tensor = _Product.apply(rows, self._ticket, self._matrix, self._factors, step, self._marks[step])
        return product


class _Gathered(torch.autograd.Function):
    """The matrix as its products see it: a ticket they all depend on, so that its backward comes after theirs. The
    ticket's gradient says which of the steps this pass back went through."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, factors: Factors, steps: int) -> Tensor:
        ctx.factors = factors
        return torch.zeros(steps, device=matrix.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, marks: Tensor) -> tuple[Tensor, None, None]:
        steps = marks.nonzero().flatten().tolist()
        rows, gradients = (torch.cat([ctx.factors[step][side] for step in steps], dim=-2) for side in (0, 1))
        ctx.factors.clear()
        return rows.mT @ gradients, None, None


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, ticket: Tensor, matrix: Tensor, factors: Factors, step: int, mark: Tensor
    ) -> Tensor:
        ctx.save_for_backward(rows, matrix)
        ctx.factors, ctx.step, ctx.mark = factors, step, mark
        return rows @ matrix

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, None, None, None, None]:
        rows, matrix = ctx.saved_tensors
        ctx.factors[ctx.step] = rows, gradient
        of_rows = gradient @ matrix.mT if ctx.needs_input_grad[0] else None
        return of_rows, ctx.mark, None, None, None, None
