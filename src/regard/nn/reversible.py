"""Reversible residual layers (Gomez et al. 2017, RevNet, section 3.1; Kitaev et al. 2020, Reformer, section 3).

Two streams: y1 = x1 + f(x2), y2 = x2 + g(y1). The inputs are y2 - g(y1) and y1 - f(x2) again, so nothing of a block has
to be kept for the backward pass: memory does not grow with depth. It costs each f and g once more. The last blocks are
spared that, as far as their activations stay within a bound (`KEPT`): those of one block need room in any case.

Notable: what is computed again must be the same. Each part draws from the generators as they stood the first time, and
what a part decided by its numbers (which tokens hash alike) it keeps in its `memo`. Gradients of the weights go back
through autograd, not into `.grad`, so hooks, `torch.autograd.grad` and frozen weights work as anywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

KEPT = 1 << 14  # tokens, counted once a block, whose activations are kept

Memo = dict[str, Any]


class ReversiblePart(nn.Module, ABC):
    """An f or a g. `piece`: so many tokens of the batch at once, for a part in which tokens don't meet."""

    piece: int | None = None

    @abstractmethod
    def forward(self, states: Float[Tensor, "b t d"], context: Any, memo: Memo) -> Float[Tensor, "b t d"]:
        """What is added to the other stream. `context` is the pass's, `memo` this part's: empty the first time, and
        what was put into it is there the second time."""


Blocks = Sequence[tuple[ReversiblePart, ReversiblePart]]


def run_reversible(
    states: Float[Tensor, "b t d"], blocks: Blocks, context: Any = None
) -> tuple[Float[Tensor, "b t d"], Float[Tensor, "b t d"]]:
    """Both streams after all blocks; both begin as `states`."""
    if not torch.is_grad_enabled():
        return _forward(states, blocks, context)[0]
    kept = min(len(blocks), max(1, KEPT // (states.shape[0] * states.shape[1])))
    undone, first, second = blocks[: len(blocks) - kept], states, states
    if undone:
        weights = [weight for block in undone for part in block for weight in part.parameters() if weight.requires_grad]
        first, second = _Reversible.apply(states, undone, context, *weights)
    for f, g in blocks[len(blocks) - kept :]:
        first = _sum(_added(f, second, context), first)
        second = _sum(_added(g, first, context), second)
    return first, second


def _sum(added: Tensor, stream: Tensor) -> Tensor:
    """In place where that keeps the stream's number format: under autocast a part gives less precise numbers."""
    return added.add_(stream) if added.dtype == stream.dtype else stream + added


def _added(part: ReversiblePart, seen: Tensor, context: Any) -> Tensor:
    memo: Memo = {}
    added = [part(piece, context, memo) for (piece,) in _pieces(part, seen)]
    return added[0] if len(added) == 1 and part.piece is None else torch.cat(added, dim=1).view_as(seen)


class _Reversible(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, blocks: Blocks, context: Any, *weights: Tensor) -> tuple[Tensor, Tensor]:
        streams, ctx.memos = _forward(states, blocks, context)
        ctx.save_for_backward(*streams)
        ctx.blocks, ctx.context, ctx.weights = blocks, context, weights
        ctx.autocast = (torch.is_autocast_enabled(states.device.type), torch.get_autocast_dtype(states.device.type))
        return streams

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> Any:
        first, second = (stream.clone() for stream in ctx.saved_tensors)
        of_first, of_second = (grad.clone(memory_format=torch.contiguous_format) for grad in grads)
        of_weights = {id(weight): torch.zeros_like(weight) for weight in ctx.weights}
        enabled, dtype = ctx.autocast
        with torch.autocast(first.device.type, dtype=dtype, enabled=enabled), _generators_kept(first.device):
            for (f, g), (f_memo, g_memo) in zip(reversed(ctx.blocks), reversed(ctx.memos), strict=True):
                _undo(g, second, first, of_second, of_first, ctx.context, g_memo, of_weights)
                _undo(f, first, second, of_first, of_second, ctx.context, f_memo, of_weights)
        return (of_first.add_(of_second), None, None, *(of_weights[id(weight)] for weight in ctx.weights))


def _forward(states: Tensor, blocks: Blocks, context: Any) -> tuple[tuple[Tensor, Tensor], list[tuple[Memo, Memo]]]:
    """The streams in place: what they were can be had again."""
    first, second = (states.clone(memory_format=torch.contiguous_format) for _ in range(2))
    memos: list[tuple[Memo, Memo]] = [({}, {}) for _ in blocks]
    with torch.no_grad():
        for (f, g), (f_memo, g_memo) in zip(blocks, memos, strict=True):
            _add(f, first, second, context, f_memo)
            _add(g, second, first, context, g_memo)
    return (first, second), memos


def _add(part: ReversiblePart, stream: Tensor, other: Tensor, context: Any, memo: Memo) -> None:
    if part.training:
        memo["generators"] = _generators(stream.device)
    for into, seen in _pieces(part, stream, other):
        into += part(seen, context, memo)


def _undo(
    part: ReversiblePart,
    stream: Tensor,
    other: Tensor,
    of_stream: Tensor,
    of_other: Tensor,
    context: Any,
    memo: Memo,
    of_weights: dict[int, Tensor],
) -> None:
    """Take from `stream` what the part added, and give `other` and the weights their gradients, piece by piece."""
    if "generators" in memo:
        _set_generators(stream.device, memo["generators"])
    weights = [weight for weight in part.parameters() if weight.requires_grad]
    for from_stream, seen, grad, of_seen in _pieces(part, stream, other, of_stream, of_other):
        with torch.enable_grad():
            leaf = seen.detach().requires_grad_()
            added = part(leaf, context, memo)
        found = torch.autograd.grad(added, [leaf, *weights], grad.to(added.dtype), allow_unused=True)
        from_stream -= added.detach()
        if found[0] is not None:
            of_seen += found[0]
        for weight, of_weight in zip(weights, found[1:], strict=True):
            if of_weight is not None:
                of_weights[id(weight)] += of_weight


def _pieces(part: ReversiblePart, *streams: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """All of the streams, or views of so many tokens, whichever text they are of."""
    if part.piece is None:
        yield streams
        return
    flat = [stream.reshape(1, -1, stream.shape[-1]) for stream in streams]
    yield from zip(*(stream.split(part.piece, dim=1) for stream in flat), strict=True)


def _generators(device: torch.device) -> tuple[Tensor, Tensor | None]:
    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


def _set_generators(device: torch.device, states: tuple[Tensor, Tensor | None]) -> None:
    torch.set_rng_state(states[0])
    if states[1] is not None:
        torch.cuda.set_rng_state(states[1], device)


@contextmanager
def _generators_kept(device: torch.device) -> Iterator[None]:
    before = _generators(device)
    try:
        yield
    finally:
        _set_generators(device, before)
