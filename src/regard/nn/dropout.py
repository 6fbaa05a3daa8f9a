"""Dropout (Srivastava et al. 2014), with random numbers that a CPU draws quickly.

Notable: torch draws a double from a serial generator for every number that may be dropped: half of a training step in
bfloat16 on two threads (docs/log.md, 2026-11-26). Here four decisions come of one draw of 64 bits.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

STEPS = 2**16
"""A decision is one of so many numbers: a rate of 0.1 is 6,554 of 65,536, and what is kept is scaled by that."""


class Dropout(nn.Dropout):
    """`nn.Dropout`; on a CPU with other random numbers, of the same generator."""

    def forward(self, states: Tensor) -> Tensor:
        dropped = round(self.p * STEPS)
        if not self.training or states.device.type != "cpu" or self.inplace or not 0 < dropped < STEPS:
            return super().forward(states)
        mixed: Tensor = _Dropped.apply(states, dropped)
        return mixed


def kept(like: Tensor, dropped: int, generator: torch.Generator | None = None) -> Tensor:
    """1 where a number is kept, 0 where it is dropped (`dropped` of `STEPS`), in the shape and format of `like`.

    Numbers, not truths: a product with them takes half of the time.
    """
    bits = torch.empty(-(-like.numel() // 4), dtype=torch.int64, device=like.device)
    bits.random_(-(2**63), None, generator=generator)
    drawn = bits.view(torch.int16)[: like.numel()].view(like.shape)
    return torch.ge(drawn, dropped - STEPS // 2, out=torch.empty_like(like))


class _Dropped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, dropped: int) -> Tensor:
        scales = kept(states, dropped).mul_(STEPS / (STEPS - dropped))
        ctx.save_for_backward(scales)
        return states * scales

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.saved_tensors[0], None
