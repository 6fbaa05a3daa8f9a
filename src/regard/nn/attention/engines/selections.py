"""Which tokens a piece of work takes, as blocks, and how what comes of them goes back to where they stood.

`take` makes `[h blocks m d]` of `[h n d]`, without a copy where it can; `add` is its adjoint, which gradients need.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor


@dataclass(frozen=True)
class Blocks:
    """`number` runs of `size` neighbouring tokens, each beginning `step` after the one before; they may overlap, and
    are views all the same."""

    start: int
    number: int
    step: int
    size: int

    def take(self, tokens: Shaped[Tensor, "h n d"]) -> Shaped[Tensor, "h blocks m d"]:
        return _runs(tokens, self.start, self.number, self.step, self.size)

    def add(self, tokens: Float[Tensor, "h n d"], blocks: Float[Tensor, "h blocks m d"]) -> None:
        for begin in range(0, self.size, self.step):
            width = min(self.step, self.size - begin)
            _runs(tokens, self.start + begin, self.number, self.step, width).add_(blocks[:, :, begin : begin + width])

    @property
    def rows(self) -> slice:
        """The tokens of runs that neither overlap nor leave gaps."""
        return slice(self.start, self.start + self.number * self.size)


@dataclass(frozen=True)
class Picked:
    """Whole runs of `size` tokens by their numbers `[h or 1, blocks, r]`: run i begins at token i * size."""

    index: Int[Tensor, "h blocks r"]
    size: int

    def take(self, tokens: Shaped[Tensor, "h n d"]) -> Shaped[Tensor, "h blocks m d"]:
        heads, _, width = tokens.shape
        index = self._tokens(heads)
        return gather_rows(tokens, index.flatten(1)).view(heads, index.shape[1], -1, width)

    def add(self, tokens: Float[Tensor, "h n d"], blocks: Float[Tensor, "h blocks m d"]) -> None:
        heads, length, width = tokens.shape
        for head in range(heads):  # one head's tokens are contiguous in a gradient, even where the last run is short
            runs = tokens[head].as_strided(
                (length // self.size, self.size * width), (self.size * width, 1), tokens[head].storage_offset()
            )
            index = self.index[head if self.index.shape[0] > 1 else 0]
            runs.index_add_(0, index.flatten(), blocks[head].reshape(-1, self.size * width))

    def _tokens(self, heads: int) -> Tensor:
        within = torch.arange(self.size, device=self.index.device)
        return (self.index[..., None] * self.size + within).flatten(2).expand(heads, -1, -1)


Selection = Blocks | Picked


def _runs(tokens: Tensor, start: int, number: int, step: int, size: int) -> Tensor:
    heads, _, width = tokens.shape
    of_head, of_token, of_number = tokens.stride()
    shape, strides = (heads, number, size, width), (of_head, step * of_token, of_token, of_number)
    return tokens.as_strided(shape, strides, tokens.storage_offset() + start * of_token)


def gather_rows(tokens: Shaped[Tensor, "h n d"], index: Int[Tensor, "h m"]) -> Shaped[Tensor, "h m d"]:
    """tokens[head, index[head]] by one `index_select` over whole rows, the fastest gather there is on a CPU."""
    heads, length, width = tokens.shape
    of_head, of_token, of_number = tokens.stride()
    if of_number != 1 or of_head % width or of_token % width:
        tokens = tokens.contiguous()
        of_head, of_token, _ = tokens.stride()
    of_head, of_token = of_head // width, of_token // width
    last = (heads - 1) * of_head + (length - 1) * of_token
    table = tokens.as_strided((last + 1, width), (width, 1))
    rows = index * of_token + torch.arange(heads, device=index.device)[:, None] * of_head
    return table.index_select(0, rows.flatten()).view(heads, -1, width)
