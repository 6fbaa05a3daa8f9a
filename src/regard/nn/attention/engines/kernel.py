"""Attention as a sum of pieces, each a block of queries by a block of keys: what every layout is run by.

Forward: each piece gives its own softmax and the logarithm of its normaliser; pieces that share queries are joined by
those (Milakov and Gimelshein 2018; Dao et al. 2022, FlashAttention, section 3.1). Backward: nothing is joined again,
since with the normaliser of the whole row a piece's probabilities are already those of the whole row.

A piece runs fused, by torch's flash kernel for CPUs, or in the open (other devices; dropout), a part at a time so that
its scores stay in the processor's cache. Dropout is drawn again in the backward pass instead of being kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from regard.nn.attention.engines.selections import Blocks, Selection
from regard.nn.dropout import STEPS, kept
from regard.nn.fused_attention import better_in_float32, in_float32

SCORES_AT_ONCE = 1 << 20  # numbers of one part in the open: 4 MB of float32, measured (docs/log.md)


@dataclass(frozen=True)
class Piece:
    """Queries that meet keys, block i of the one block i of the other, in one text of the batch.

    `bias` `[h or 1, blocks or 1, m or 1, s]` is added to the scores: the logarithm of the counts; None: nothing.
    `joins`: some of the queries have met other keys in an earlier piece.
    """

    text: int
    queries: Blocks
    keys: Selection
    bias: Tensor | None = None
    joins: bool = False


@dataclass(frozen=True)
class How:
    scale: float
    dropout: float = 0.0
    seed: int = 0

    @property
    def threshold(self) -> int:
        """The dropout in steps of 1 / 65,536."""
        return round(self.dropout * STEPS)

    @property
    def worth(self) -> float:
        """What a kept probability counts, so that the mean stays: exactly by the dropout as it is drawn."""
        return 1 / (1 - self.threshold / STEPS) if self.threshold < STEPS else 0.0

    def generator(self, piece: int, device: torch.device) -> torch.Generator:
        return torch.Generator(device=device).manual_seed(self.seed + piece)


def attend_pieces(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s v"],
    pieces: list[Piece],
    scale: float,
    dropout: float = 0.0,
    backward: Callable[[], list[Piece]] | None = None,
) -> Float[Tensor, "b h t v"]:
    """The sum of the pieces. A query that is in none, or sees nothing, gives zero. `backward`: the same pairs in the
    pieces that the backward pass is to run; only without dropout, which belongs to pieces."""
    query, key, value = (dense_last(tensor) for tensor in (query, key, value))
    later = pieces if dropout or backward is None or not _learns(query, key, value) else backward()
    return _Attention.apply(query, key, value, pieces, later, how(scale, dropout))


def _learns(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def dense_last(tensor: Tensor) -> Tensor:
    """With a dense last dimension: torch's kernel takes that for granted and would read elsewhere."""
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def wide(like: Tensor) -> torch.dtype:
    """The number format of normalisers: float32 for half formats, in which they would lose what probabilities need."""
    return torch.float32 if like.dtype in (torch.bfloat16, torch.float16) else like.dtype


def how(scale: float, dropout: float) -> How:
    return How(scale, dropout, int(torch.randint(2**62, ())) if dropout else 0)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, pieces: list[Piece], later: list[Piece], how: How
    ) -> Tensor:
        out, norm = run_forward(query, key, value, pieces, how)
        ctx.save_for_backward(query, key, value, out, norm.masked_fill_(norm == float("-inf"), 0.0))
        ctx.pieces, ctx.how = later, how
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Any:
        query, key, value, out, norm = ctx.saved_tensors
        return (*run_backward(grad, query, key, value, out, norm, ctx.pieces, ctx.how), None, None, None)


def run_forward(query: Tensor, key: Tensor, value: Tensor, pieces: list[Piece], how: How) -> tuple[Tensor, Tensor]:
    """What each query gets, `[b h t v]`, and the logarithm of its normaliser, `[b h t]`; -inf where it sees nothing."""
    texts, heads, queries, _ = query.shape
    # Tokens outside, heads inside: joining the heads afterwards is a view.
    out = query.new_empty(texts, queries, heads, value.shape[-1]).transpose(1, 2)
    met = [0] * texts
    for piece in pieces:
        met[piece.text] += 0 if piece.joins else piece.queries.number * piece.queries.size
    for text, number in enumerate(met):
        if number < queries:  # some are in no piece
            out[text] = 0.0
    norm = torch.full((texts, heads, queries), float("-inf"), dtype=wide(query), device=query.device)
    for number, piece in enumerate(pieces):
        text = piece.text
        q, k, v = piece.queries.take(query[text]), piece.keys.take(key[text]), piece.keys.take(value[text])
        of_piece, of_norm = (
            _fused_forward(q, k, v, piece.bias, how)
            if fuses(q, how.dropout)
            else _open_forward(q, k, v, piece.bias, how, how.generator(number, q.device))
        )
        rows = piece.queries.rows
        of_piece, of_norm = of_piece.flatten(1, 2), of_norm.flatten(1, 2)
        if piece.joins:
            norm[text][:, rows] = join(out[text][:, rows], norm[text][:, rows], of_piece, of_norm)
            continue
        out[text][:, rows] = of_piece
        norm[text][:, rows] = of_norm
    return out, norm


def join(first: Tensor, first_norm: Tensor, second: Tensor, second_norm: Tensor) -> Tensor:
    """Make of `first`, in place, the softmax over its keys and those of `second` together; the normaliser of both.
    Where neither saw a key, zero."""
    norm = torch.logaddexp(first_norm, second_norm)
    whole = norm.masked_fill(norm == float("-inf"), 0.0)
    first_share, second_share = (first_norm - whole).exp(), (second_norm - whole).exp()
    first.mul_(first_share[..., None].to(first.dtype))
    first.addcmul_(second, second_share[..., None].to(second.dtype))
    return norm


def run_backward(
    grad: Tensor, query: Tensor, key: Tensor, value: Tensor, out: Tensor, norm: Tensor, pieces: list[Piece], how: How
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of query, key and value; `out` and `norm` are of the whole rows."""
    grads = [torch.zeros(tensor.shape, dtype=wide(tensor), device=tensor.device) for tensor in (query, key, value)]
    for number, piece in enumerate(pieces):
        text = piece.text
        g, q, o = (piece.queries.take(tensor[text]) for tensor in (grad, query, out))
        n = piece.queries.take(norm[text][..., None])[..., 0]
        k, v = piece.keys.take(key[text]), piece.keys.take(value[text])
        found = (
            _fused_backward(g, q, k, v, o, n, piece.bias, how)
            if fuses(q, how.dropout)
            else _open_backward(g, q, k, v, o, n, piece.bias, how, how.generator(number, q.device))
        )
        for whole, selection, part in zip(grads, (piece.queries, piece.keys, piece.keys), found, strict=True):
            selection.add(whole[text], part.to(whole.dtype))
    of_query, of_key, of_value = (whole.to(query.dtype) for whole in grads)
    return of_query, of_key, of_value


def fuses(query: Tensor, dropout: float) -> bool:
    """Whether pieces of these queries run by torch's flash kernel."""
    return query.device.type == "cpu" and not dropout


def _fused_forward(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, how: How) -> tuple[Tensor, Tensor]:
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    out, norm = flash(q, k, v, 0.0, False, attn_mask=bias, scale=how.scale)
    blind = _blind(bias)  # the kernel says 0 for their normaliser, as for a row with one key at score 0
    return out, norm if blind is None else norm.masked_fill(blind, float("-inf"))


def _fused_backward(
    g: Tensor, q: Tensor, k: Tensor, v: Tensor, o: Tensor, n: Tensor, bias: Tensor | None, how: How
) -> tuple[Tensor, Tensor, Tensor]:
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
    if better_in_float32(q):
        g, q, k, v, o, bias = in_float32(g, q, k, v, o, bias)
    return flash(dense_last(g), q, k, v, o, n, 0.0, False, attn_mask=bias, scale=how.scale)


def _blind(bias: Tensor | None) -> Tensor | None:
    if bias is None:
        return None
    blind = (bias == float("-inf")).all(-1)
    return blind if bool(blind.any()) else None


def _open_forward(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, how: How, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """softmax(q k^T + bias), dropout, times v, a part at a time."""
    out = q.new_empty(*q.shape[:-1], v.shape[-1])
    norm = torch.empty(q.shape[:-1], dtype=wide(q), device=q.device)
    for blocks, rows in _parts(q, k):
        scores = _scores(q, k, bias, how, blocks, rows)
        highest = scores.amax(-1)
        shares = scores.softmax(-1)
        # One pass less than logsumexp: the highest probability says how far the normaliser lies above its score.
        of_norm = highest.to(norm.dtype) - shares.amax(-1).to(norm.dtype).log()
        if bias is not None:
            blind = highest == float("-inf")
            of_norm.masked_fill_(blind, float("-inf"))
            shares.masked_fill_(blind[..., None], 0.0)
        if how.dropout:
            shares.mul_(kept(shares, how.threshold, generator))
        out[:, blocks, rows] = shares @ v[:, blocks]
        norm[:, blocks, rows] = of_norm
    return out.mul_(how.worth), norm


def _open_backward(
    g: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    o: Tensor,
    n: Tensor,
    bias: Tensor | None,
    how: How,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """With P the probabilities and M the kept ones: dV = (PM)^T g; dS = PM (g V^T) - P rowsum(g o)."""
    of_q, of_k, of_v = torch.empty_like(q), torch.zeros(k.shape).to(k), torch.zeros(v.shape).to(v)
    mean = (g * o).sum(-1, keepdim=True)
    g = g * how.worth
    for blocks, rows in _parts(q, k):
        scores = _scores(q, k, bias, how, blocks, rows).to(n.dtype)
        shares = scores.sub_(n[:, blocks, rows, None]).exp_().to(q.dtype)
        of_shares = g[:, blocks, rows] @ v[:, blocks].transpose(-1, -2)
        left = shares * kept(shares, how.threshold, generator) if how.dropout else shares
        of_v[:, blocks] += left.transpose(-1, -2) @ g[:, blocks, rows]
        of_scores = of_shares.mul_(left).addcmul_(shares, mean[:, blocks, rows], value=-1)
        of_q[:, blocks, rows] = of_scores @ k[:, blocks]
        of_k[:, blocks] += of_scores.transpose(-1, -2) @ q[:, blocks, rows]
    return of_q.mul_(how.scale), of_k.mul_(how.scale), of_v


def _parts(q: Tensor, k: Tensor) -> Iterator[tuple[slice, slice]]:
    """Blocks and rows of one part: whole blocks where they are small, rows of a block where it is large."""
    heads, number, rows, keys = *q.shape[:3], k.shape[2]
    blocks = max(1, SCORES_AT_ONCE // (heads * rows * keys))
    several = rows if blocks > 1 else max(1, min(rows, SCORES_AT_ONCE // (heads * keys)))
    for block in range(0, number, blocks):
        for row in range(0, rows, several):
            yield slice(block, block + blocks), slice(row, row + several)


def _scores(q: Tensor, k: Tensor, bias: Tensor | None, how: How, blocks: slice, rows: slice) -> Tensor:
    scores = (q[:, blocks, rows] * how.scale) @ k[:, blocks].transpose(-1, -2)
    if bias is not None:
        of_blocks = bias[:, blocks] if bias.shape[1] > 1 else bias
        scores += of_blocks[:, :, rows] if bias.shape[2] > 1 else of_blocks
    return scores
