"""Recurrent layers over padded batches, either direction.

Notable: no `pack_padded_sequence`, which costs a factor of 15 on a CPU (docs/log.md). Padding stands on the right, so
it can't reach the states of a left-to-right pass; the right-to-left pass runs over each text reversed within its own
length. So a text alone and in a padded batch has the same states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def reverse_within(states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, "b t d"]:
    """Each row's real tokens in reverse order, its padding left where it is. Its own inverse."""
    texts, length = keep.shape
    tokens = torch.arange(length, device=keep.device)
    lengths = keep.sum(1, keepdim=True)
    source = torch.where(tokens < lengths, lengths - 1 - tokens, tokens)
    first = length * torch.arange(texts, device=keep.device)[:, None]
    rows: Tensor = _Reordered.apply(states.reshape(texts * length, -1), (first + source).flatten())
    return rows.view(states.shape)


class _Reordered(torch.autograd.Function):
    """Rows in an order that is its own inverse. A gather would add its gradients up, four times slower on a CPU."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, order: Int[Tensor, " n"]) -> Tensor:
        ctx.save_for_backward(order)
        return rows.index_select(0, order)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient.index_select(0, *ctx.saved_tensors), None


class RecurrentLayer(nn.Module):
    """One layer: left to right, or both ways with half of `width` each."""

    def __init__(self, cell: str, inputs: int, width: int, bidirectional: bool) -> None:
        super().__init__()
        if bidirectional and width % 2:
            raise ValueError(f"a width of {width} can't be shared by two directions")
        own = width // 2 if bidirectional else width
        self.forwards = CELLS[cell](inputs, own, batch_first=True)
        self.backwards = CELLS[cell](inputs, own, batch_first=True) if bidirectional else None

    def forward(self, states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, "b t w"]:
        ahead = self.forwards(states)[0]
        if self.backwards is None:
            return ahead
        back = self.backwards(reverse_within(states, keep))[0]
        return torch.cat([ahead, reverse_within(back, keep)], dim=-1)
