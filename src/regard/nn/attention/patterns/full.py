"""Every query meets every key (Vaswani et al. 2017)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from regard.nn.attention.options import FullOptions
from regard.nn.attention.pattern import Pattern, Plan


class Full(Pattern):
    Options = FullOptions

    def count(self, b: Any, h: Any, q: Any, k: Any, plan: Plan) -> Tensor:
        return torch.ones((), dtype=torch.bool, device=k.device)
