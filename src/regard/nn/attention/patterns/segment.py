"""Segments with a memory of what came before (Dai et al. 2019, Transformer-XL, section 3.2), seen as one long pass."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from regard.nn.attention.options import SegmentOptions
from regard.nn.attention.pattern import Band, Pattern, Plan


class Segment(Pattern):
    """A query meets what stands before it in its own segment, itself, and the last `memory_length` tokens before the
    segment."""

    Options = SegmentOptions

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        start = q - q % self.options.segment_length
        return (k <= q) & (k >= start - self.options.memory_length)

    def layout(self, plan: Plan, text: int = 0) -> Band:
        return Band(before=self.options.segment_length - 1 + self.options.memory_length, after=0)
