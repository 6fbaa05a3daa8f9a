"""Attention over a memory at each step of a recurrent decoder, with input feeding (Luong et al. 2015, section 3).

Notable: all that does not change from step to step is made once a text. The keys are prepared for their score, and the
memory has met its part of W_c already: W_c [c; h] is the sum of a_s (W_cc m_s), and W_ch h.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn.attention.scores.score import Score, StepScores
from regard.nn.shared_product import SharedProduct
from regard.registry import SCORES


@dataclass(frozen=True)
class Memory:
    """A source text as attention reads it. `source`: which text each row reads, so that beams that only change places
    among themselves leave the rest where it is."""

    keys: Float[Tensor, "b 1 s w"]
    values: Float[Tensor, "b s w"]
    padding: Bool[Tensor, "b 1 1 s"]
    source: Int[Tensor, " b"]

    def reorder(self, rows: Int[Tensor, " n"]) -> Memory:
        source = self.source[rows]
        if torch.equal(source, self.source):
            return self
        return Memory(self.keys[rows], self.values[rows], self.padding[rows], source)


class FedAttention(nn.Module):
    """One head. `combine` is W_c; the keys are a linear map of the memory, as wide as the decoder's states."""

    def __init__(self, score: str, memory_width: int, width: int) -> None:
        super().__init__()
        self.keys = nn.Linear(memory_width, width, bias=False)
        self.score: Score = SCORES[score].load()(1, width)
        self.combine = nn.Linear(memory_width + width, width, bias=False)
        self.memory_width = memory_width

    def prepare(self, memory: Float[Tensor, "b s m"], keep: Bool[Tensor, "b s"]) -> Memory:
        keys = self.score.prepare(self.keys(memory)[:, None])
        values = F.linear(memory, self.combine.weight[:, : self.memory_width])
        return Memory(keys, values, ~keep[:, None, None], torch.arange(len(memory), device=memory.device))

    def in_steps(self, memory: Memory, steps: int) -> Attending:
        own = self.combine.weight[:, self.memory_width :]
        return Attending(self.score.in_steps(memory.keys, steps), own, memory, steps)


class Attending:
    """A text's attention, a step at a time: h~ = tanh(W_c [c; h]) (equation 5) and the weights of the memory
    (equation 7)."""

    def __init__(self, scores: StepScores, own: Float[Tensor, "w w"], memory: Memory, steps: int) -> None:
        self.scores = scores
        self.values, self.own = SharedProduct(memory.values, steps), SharedProduct(own.T, steps)
        self.padding = memory.padding

    def __call__(self, state: Float[Tensor, "b w"]) -> tuple[Float[Tensor, "b w"], Float[Tensor, "b 1 s"]]:
        scores = self.scores(state[:, None, None])
        scores = scores.masked_fill(self.padding, torch.finfo(scores.dtype).min)
        weights = scores.softmax(-1)[:, 0]
        return (self.values(weights)[:, 0] + self.own(state)).tanh(), weights
