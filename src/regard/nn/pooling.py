"""From the states of a text's tokens to one vector: first, last, mean, max or attention. Padding never counts."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


def masked_mean(states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, "b d"]:
    total = states.masked_fill(~keep[..., None], 0.0).sum(1)
    return total / keep.sum(1, keepdim=True).clamp(min=1)


def masked_max(states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, "b d"]:
    lowest = torch.finfo(states.dtype).min
    return torch.where(keep[..., None], states, lowest).max(1).values


def last(states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"], bidirectional: bool) -> Float[Tensor, "b d"]:
    """Where each direction ends: the last token for left-to-right halves, the first for right-to-left ones."""
    end = (keep.sum(1) - 1).clamp(min=0)[:, None, None].expand(-1, 1, states.shape[2])
    at_end = states.gather(1, end)[:, 0]
    if not bidirectional:
        return at_end
    half = states.shape[2] // 2
    return torch.cat([at_end[:, :half], states[:, 0, half:]], dim=-1)


class AttentionPooling(nn.Module):
    """A weighted mean; the weight of a token is softmax(u . tanh(W h + b)) (Yang et al. 2016, equations 5 to 7)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.context = nn.Linear(width, 1, bias=False)

    def forward(
        self, states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"]
    ) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b t"]]:
        scores = self.context(torch.tanh(self.hidden(states))).squeeze(-1)
        weights = scores.masked_fill(~keep, torch.finfo(scores.dtype).min).softmax(-1).masked_fill(~keep, 0.0)
        return (weights[:, None, :] @ states).squeeze(1), weights


class Pooling(nn.Module):
    """One word, one way; returns the vector and, for `attention`, the weight of each token."""

    def __init__(self, kind: str, width: int, bidirectional: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.bidirectional = bidirectional
        self.attention = AttentionPooling(width) if kind == "attention" else None

    def forward(
        self, states: Float[Tensor, "b t d"], keep: Bool[Tensor, "b t"]
    ) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b t"] | None]:
        if self.attention is not None:
            return self.attention(states, keep)
        if self.kind == "first":
            return states[:, 0], None
        if self.kind == "last":
            return last(states, keep, self.bidirectional), None
        return (masked_mean if self.kind == "mean" else masked_max)(states, keep), None
