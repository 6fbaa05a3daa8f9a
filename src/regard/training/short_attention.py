"""Short texts' attention of published checkpoints, in the number format in which a CPU is fast at it.

Networks of ours see to that by themselves (nn/fused_attention.py, which says why); transformers' models call what its
register has under "sdpa".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from regard.nn.fused_attention import better_in_float32, in_float32


@contextmanager
def quick() -> Iterator[None]:
    """For as long as this lasts transformers' fused attention goes by float32 where bfloat16 would be slower."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    theirs = ALL_ATTENTION_FUNCTIONS["sdpa"]
    ALL_ATTENTION_FUNCTIONS["sdpa"] = partial(_attend, theirs)
    try:
        yield
    finally:
        ALL_ATTENTION_FUNCTIONS["sdpa"] = theirs


def _attend(
    theirs: Callable[..., tuple[Tensor, None]],
    module: Any,
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b g s d"],
    value: Float[Tensor, "b g s v"],
    attention_mask: Tensor | None,
    **settings: Any,
) -> tuple[Tensor, None]:
    if not better_in_float32(query):
        return theirs(module, query, key, value, attention_mask, **settings)
    with torch.autocast("cpu", enabled=False):  # it would go back to bfloat16
        mixed, weights = theirs(module, *in_float32(query, key, value, attention_mask), **settings)
    return mixed.to(query.dtype), weights
