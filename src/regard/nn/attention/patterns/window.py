"""A sliding window, dilated or not, and tokens that meet all (Beltagy et al. 2020, Longformer, section 3.1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from regard.nn.attention.options import WindowOptions
from regard.nn.attention.pattern import Band, Pattern, Plan


class Window(Pattern):
    Options = WindowOptions

    def plan(self, queries: int, keys: int, *, device: torch.device | str = "cpu", **context: Any) -> Plan:
        places = [place for place in self.options.global_tokens if place < keys]
        if not places:
            return Plan(queries, keys)
        is_global = torch.zeros(1, 1, keys, dtype=torch.bool, device=device)
        is_global[..., places] = True
        return Plan(queries, keys, {"is_global": is_global})

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        distance, step = k - q, self.options.dilation
        near = (distance >= -self.options.left * step) & (distance <= self.options.right * step)
        if step > 1:
            near = near & (distance % step == 0)
        if "is_global" not in plan.tables:
            return near
        return near | plan.at("is_global", b, h, k) | plan.at("is_global", b, h, q)

    def layout(self, plan: Plan, text: int = 0) -> Band:
        places: tuple[int, ...] = ()
        if "is_global" in plan.tables:
            of_text = plan.at("is_global", text, 0, slice(None))
            places = tuple(of_text.nonzero()[:, 0].tolist())
        step = self.options.dilation
        return Band(self.options.left * step, self.options.right * step, columns=places, rows=places, shifts=True)
