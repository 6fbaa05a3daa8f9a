"""Tokens sorted by bucket and cut into chunks: the pairs of a hashed text, as pieces of the sorted one.

Notable: sorting is a permutation of each round, so gradients go back by the inverse permutation, never by scattering.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from regard.nn.attention.engines import kernel
from regard.nn.attention.engines.kernel import How, Piece
from regard.nn.attention.engines.selections import Blocks, gather_rows
from regard.nn.attention.pattern import Sorted
from regard.nn.attention.scores.score import penalty_in

AT_ONCE = 2048  # queries of a piece


def attend_sorted(
    query: Float[Tensor, "b h n d"],
    key: Float[Tensor, "b h n d"],
    value: Float[Tensor, "b h n d"],
    layout: Sorted,
    keep: Bool[Tensor, "b n"] | None,
    scale: float,
    dropout: float,
    self_penalty: float | None,
) -> Float[Tensor, "b h n d"]:
    return _Sorted.apply(query, key, value, layout, keep, kernel.how(scale, dropout), self_penalty)


class _Sorted(torch.autograd.Function):
    """Each text apart: sort, run the pieces, put back, join the rounds."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        layout: Sorted,
        keep: Tensor | None,
        how: How,
        self_penalty: float | None,
    ) -> Tensor:
        texts, heads, length, _ = query.shape
        out = query.new_zeros(texts, length, heads, value.shape[-1]).transpose(1, 2)
        norm = torch.empty(texts, heads, length, dtype=kernel.wide(query), device=query.device)
        ctx.rings = []
        lines: list[Tensor] = []
        for text in range(texts):
            ring = _Ring(layout, text, length, None if keep is None else keep[text], self_penalty, query)
            ctx.rings.append(ring)
            line = ring.queries(query[text]), ring.keys(key[text]), ring.keys(value[text])
            lines += line if any(ctx.needs_input_grad) else ()
            of_ring, of_norm = kernel.run_forward(*line, ring.pieces, _of_text(how, text))
            out[text], norm[text] = ring.joined(of_ring[0], of_norm[0])
        norm.masked_fill_(norm == float("-inf"), 0.0)
        ctx.save_for_backward(out, norm, *lines)  # sorted already, in place of what was given
        ctx.how = how
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Any:
        out, norm, *lines = ctx.saved_tensors
        grads = []
        for text, ring in enumerate(ctx.rings):
            query, key, value = lines[3 * text : 3 * text + 3]
            found = kernel.run_backward(
                ring.only_real(ring.queries(grad[text])),
                query,
                key,
                value,
                ring.queries(out[text]),
                ring.never(ring.queries(norm[text][..., None])[..., 0]),
                ring.pieces,
                _of_text(ctx.how, text),
            )
            grads.append((ring.unsorted(found[0][0]), ring.unfolded(found[1][0]), ring.unfolded(found[2][0])))
        wholes = (part[0][None] if len(part) == 1 else torch.stack(part) for part in zip(*grads, strict=True))
        return (*wholes, None, None, None, None)


def _of_text(how: How, text: int) -> How:
    """Each text drops others: the numbers of its pieces begin anew."""
    return replace(how, seed=how.seed + (text << 20))


class _Ring:
    """The ring of one text's sorted rounds."""

    def __init__(
        self,
        layout: Sorted,
        text: int,
        length: int,
        keep: Tensor | None,
        self_penalty: float | None,
        like: Tensor,
    ) -> None:
        order = layout.order[text]  # [h, rounds, n], n padded to whole chunks
        self.heads, self.rounds, self.padded = order.shape
        self.length, self.chunk = length, layout.chunk
        self.before, self.after = layout.before * layout.chunk, layout.after * layout.chunk
        self.ring = order.flatten(1)
        place = torch.arange(self.padded, device=order.device).expand_as(order)
        self.rank = torch.empty_like(order).scatter_(-1, order, place)[..., :length]
        around = torch.arange(-self.before, self.ring.shape[1] + self.after, device=order.device)
        self.line = self.ring[:, around % self.ring.shape[1]]
        self.pieces = list(self._pieces(keep, self_penalty, like))

    def queries(self, tokens: Float[Tensor, "h n d"]) -> Float[Tensor, "1 h ring d"]:
        return gather_rows(tokens, self.ring.clamp(max=self.length - 1))[None]

    def keys(self, tokens: Float[Tensor, "h n d"]) -> Float[Tensor, "1 h line d"]:
        return gather_rows(tokens, self.line.clamp(max=self.length - 1))[None]

    def only_real(self, grad: Float[Tensor, "1 h ring d"]) -> Float[Tensor, "1 h ring d"]:
        """What stands at padding repeats the last token, whose gradient must not flow twice."""
        if self.padded == self.length:
            return grad
        return grad.masked_fill((self.ring >= self.length)[None, ..., None], 0.0)

    def never(self, norm: Float[Tensor, "1 h ring"]) -> Float[Tensor, "1 h ring"]:
        """What stands at padding has the last token's normaliser and other keys: no probability, not an overflow."""
        return norm.masked_fill((self.ring >= self.length)[None], float("inf"))

    def joined(self, out: Float[Tensor, "h ring d"], norm: Float[Tensor, "h ring"]) -> tuple[Tensor, Tensor]:
        """Every round back in the order of the text, the rounds joined."""
        found, of_norm = self._round(out, 0), self._round(norm[..., None], 0)[..., 0]
        for number in range(1, self.rounds):
            of_norm = kernel.join(
                found, of_norm, self._round(out, number), self._round(norm[..., None], number)[..., 0]
            )
        return found, of_norm

    def unsorted(self, grad: Float[Tensor, "h ring d"]) -> Float[Tensor, "h n d"]:
        """The adjoint of `queries`."""
        total = self._round(grad, 0)
        for number in range(1, self.rounds):
            total += self._round(grad, number)
        return total

    def unfolded(self, grad: Float[Tensor, "h line d"]) -> Float[Tensor, "h n d"]:
        """The adjoint of `keys`: what the overhanging ends got goes to where they come from."""
        ring = self.ring.shape[1]
        whole = grad[:, self.before : self.before + ring]
        for start, end in ((-self.before, 0), (ring, ring + self.after)):
            while start < end:  # a short ring hangs over itself more than once
                first = start % ring
                number = min(ring - first, end - start)
                whole[:, first : first + number] += grad[:, self.before + start : self.before + start + number]
                start += number
        return self.unsorted(whole)

    def _round(self, line: Float[Tensor, "h ring d"], number: int) -> Float[Tensor, "h n d"]:
        return gather_rows(line, self.rank[:, number] + number * self.padded)

    def _pieces(self, keep: Tensor | None, self_penalty: float | None, like: Tensor) -> Any:
        """Runs of chunks. Where no key is hidden and a token meets itself in one place only, all share one bias."""
        number, width = self.ring.shape[1] // self.chunk, self.before + self.chunk + self.after
        hidden = self.line >= self.length
        if keep is not None:
            hidden = hidden | ~keep[self.line.clamp(max=self.length - 1)]
        special = Blocks(0, number, self.chunk, width).take(hidden[..., None])[..., 0].any(-1).any(0)
        edges = torch.arange(number, device=special.device) % (self.padded // self.chunk)
        chunks_before, chunks_after = self.before // self.chunk, self.after // self.chunk
        if self.rounds > 1 or number <= chunks_before + chunks_after:  # the neighbour may hold the same token
            last = self.padded // self.chunk - chunks_after
            special = special | (edges < chunks_before) | (edges >= last)
        starts = special.tolist()
        at_once, first = max(1, AT_ONCE // self.chunk), 0
        shared = self._bias(self_penalty, like)
        while first < number:
            last = first + 1
            while last < number and last - first < at_once and starts[last] == starts[first]:
                last += 1
            bias = self._own_bias(first, last, hidden, self_penalty, like) if starts[first] else shared
            yield Piece(
                0,
                Blocks(first * self.chunk, last - first, self.chunk, self.chunk),
                Blocks(first * self.chunk, last - first, self.chunk, width),
                bias,
            )
            first = last

    def _bias(self, self_penalty: float | None, like: Tensor) -> Tensor | None:
        if self_penalty is None:
            return None
        bias = like.new_zeros(self.chunk, self.before + self.chunk + self.after)
        bias.diagonal(self.before).fill_(penalty_in(like.dtype, self_penalty))
        return bias[None, None]

    def _own_bias(self, first: int, last: int, hidden: Tensor, self_penalty: float | None, like: Tensor) -> Tensor:
        queries = Blocks(first * self.chunk, last - first, self.chunk, self.chunk)
        keys = Blocks(first * self.chunk, last - first, self.chunk, self.before + self.chunk + self.after)
        q, k = queries.take(self.ring[..., None]), keys.take(self.line[..., None]).transpose(-1, -2)
        bias = torch.zeros(torch.broadcast_shapes(q.shape, k.shape), dtype=like.dtype, device=like.device)
        if self_penalty is not None:
            bias.masked_fill_(q == k, penalty_in(like.dtype, self_penalty))
        return bias.masked_fill_(keys.take(hidden[..., None]).transpose(-1, -2), float("-inf"))
