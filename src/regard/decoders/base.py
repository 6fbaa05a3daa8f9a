"""What every decoder answers to: `start`, `extend`, `step`, `reorder` when it writes, `forward` when it learns.

A decoder owns the embedding of what it writes and the map from its states to the vocabulary. With a memory (the states
of a source text) it is the second half of a translator; without one it is a language model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


@dataclass
class DecoderOutput:
    """`logits` `[b t v]`: of each place, scores of the token after it. `attentions`: what each layer met of the memory,
    `[b h t s]`, where it was asked for and there is a memory."""

    logits: Float[Tensor, "b t v"]
    attentions: tuple[Float[Tensor, "b h t s"], ...] | None = None


class Decoder(nn.Module, ABC):
    """Base. `forward` over a text and `extend` over its pieces give the same logits. `embedding` is that of what is
    written, in networks of our own."""

    embedding: nn.Embedding

    @abstractmethod
    def forward(
        self,
        ids: Int[Tensor, "b t"],
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        need_weights: bool = False,
    ) -> DecoderOutput:
        """Teacher forcing: all places at once, each seeing the true tokens before it. Padding of `ids` stands on the
        right, where no real token sees it. `keep` marks the real tokens of the memory."""

    @abstractmethod
    def start(
        self,
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        rows: int | None = None,
    ) -> Any:
        """The state before anything was read, of each row of the memory; without a memory, of `rows` rows."""

    @abstractmethod
    def extend(self, ids: Int[Tensor, "b t"], state: Any) -> tuple[Float[Tensor, "b t v"], Any]:
        """Read further tokens of every row: the scores of what follows each, and the state behind them."""

    @abstractmethod
    def reorder(self, state: Any, rows: Int[Tensor, " n"]) -> Any:
        """A state whose row i is row `rows[i]` of this one: beams that go on, or fewer sentences than before."""

    def step(self, ids: Int[Tensor, " b"], state: Any) -> tuple[Float[Tensor, "b v"], Any]:
        """Read one token of every row: the scores of the next, and the state behind it."""
        logits, state = self.extend(ids[:, None], state)
        return logits[:, -1], state
