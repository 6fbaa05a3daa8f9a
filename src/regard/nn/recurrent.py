"""Recurrent layers over padded batches, either direction.

Notable: no `pack_padded_sequence`, which costs a factor of 15 on a CPU (docs/log.md). Padding stands on the right, so
it can't reach the states of a left-to-right pass; the right-to-left pass runs over each text reversed within its own
length. So a text alone and in a padded batch has the same states.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def reverse_within(states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, "b t d"]:
    """Each row's real tokens in reverse order, its padding left where it is. Its own inverse."""
    tokens = torch.arange(states.shape[1], device=states.device)
    lengths = keep.sum(1, keepdim=True)
    source = torch.where(tokens < lengths, lengths - 1 - tokens, tokens)
    return states.gather(1, source[..., None].expand_as(states))


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
