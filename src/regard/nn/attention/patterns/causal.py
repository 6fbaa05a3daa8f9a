"""No query meets a key that stands after it (Vaswani et al. 2017, section 3.2.3)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from regard.nn.attention.options import CausalOptions
from regard.nn.attention.pattern import Band, Pattern, Plan


class Causal(Pattern):
    Options = CausalOptions

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        return k <= q

    def layout(self, plan: Plan, text: int = 0) -> Band:
        return Band(before=plan.keys, after=0, shifts=True)
