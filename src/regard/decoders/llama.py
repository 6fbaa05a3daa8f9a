"""The decoder that Llama and its kin are (Touvron et al. 2023): one file for reading a text and for writing it fast.

Notable: it exists for writing one token at a time on a CPU, where reading the weights is nearly all the time and calls
are the rest. Weights that are read together lie together (query, key and value; gate and up), each laid out in the
order in which a product with one row reads it fastest (`lay_out`); tokens are rows of a matrix but in attention; what
is kept of them is written in place, and keys are never repeated for the query heads that share them.
`llama_weights.py` makes one of a checkpoint; what a checkpoint's own modules give is what this gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from regard.decoders.base import Decoder, DecoderOutput
from regard.errors import UsageError

PIECE = 512
"""Tokens of a prompt that are read at once: the more, the larger the scores of attention."""
SMALLEST = 256
"""Tokens that a new room holds; a full one is copied to one twice as large."""


class Room:
    """Keys and values of all layers, of which the first `filled` places hold what was read. Of the `p` heads the first
    half are of keys, the other of values."""

    def __init__(self, pairs: Float[Tensor, "l b p s d"], filled: int = 0) -> None:
        self.pairs, self.filled = pairs, filled

    def for_more(self, length: int, tokens: int) -> Room:
        """Where `tokens` can be written behind the first `length` places: here, or where that is too small or somebody
        has gone on already, in a copy of what stands before them."""
        room, stop = self, length + tokens
        if stop > self.pairs.shape[3] or self.filled != length:
            pairs = self.pairs.new_zeros(*self.pairs.shape[:3], max(stop, 2 * length, SMALLEST), self.pairs.shape[4])
            pairs[:, :, :, :length] = self.pairs[:, :, :, :length]
            room = Room(pairs)
        room.filled = stop
        return room

    def layers(self, length: int) -> list[Kept]:
        """Of each layer, the places behind the first `length` and all places up to `filled`."""
        new = self.pairs[:, :, :, length : self.filled].unbind()
        keys, values = self.pairs[:, :, :, : self.filled].chunk(2, 2)
        return [Kept(*parts) for parts in zip(new, keys.unbind(), values.unbind(), strict=True)]


@dataclass(frozen=True)
class Kept:
    """Of one layer: where keys and values of the new tokens go, and those of all tokens, the new ones included."""

    new: Float[Tensor, "b p t d"]
    keys: Float[Tensor, "b k s d"]
    values: Float[Tensor, "b k s d"]


@dataclass(frozen=True)
class LlamaState:
    """The room with what was read, `length` tokens. States of one text share it."""

    room: Room
    length: int


@dataclass(frozen=True)
class Rotation:
    """Cosines and signed sines of the places that are read (RoPE; Su et al. 2021, section 3.4.2), for heads of queries
    and keys; values beside them are not turned, so that one product does for all heads."""

    cosines: Float[Tensor, "t h d"]
    sines: Float[Tensor, "t h d"]

    @classmethod
    def at(
        cls, start: int, tokens: int, frequencies: Float[Tensor, " half"], scale: float, turned: int, still: int
    ) -> Rotation:
        # No half number format holds every whole number above 256.
        exact = torch.promote_types(frequencies.dtype, torch.float32)
        places = torch.arange(start, start + tokens, device=frequencies.device, dtype=exact)
        angles = (places[:, None] * frequencies.to(exact))[:, None]
        cosines, sines = angles.cos() * scale, angles.sin() * scale
        cosines, sines = torch.cat([cosines, cosines], -1), torch.cat([-sines, sines], -1)
        ones, zeros = torch.ones_like(cosines), torch.zeros_like(sines)
        return cls(
            torch.cat([cosines.expand(-1, turned, -1), ones.expand(-1, still, -1)], 1),
            torch.cat([sines.expand(-1, turned, -1), zeros.expand(-1, still, -1)], 1),
        )

    def to(self, dtype: torch.dtype) -> Rotation:
        return Rotation(self.cosines.to(dtype), self.sines.to(dtype))

    def __call__(self, heads: Float[Tensor, "b t h d"]) -> Float[Tensor, "b t h d"]:
        """Halves of a head are the two coordinates that turn, as in transformers: rolled, one meets the other."""
        return torch.addcmul(heads * self.cosines, heads.roll(heads.shape[-1] // 2, -1), self.sines)


class Norm(nn.Module):
    """RMSNorm (Zhang and Sennrich 2019, equation 4) in few calls: a state over hypot(its length, sqrt(n epsilon)),
    times `scale`, which is the weight times sqrt(n). torch's own makes nine calls of it on a CPU."""

    floor: Tensor

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((width,), width**0.5))
        self.register_buffer("floor", torch.tensor((width * epsilon) ** 0.5, device="cpu"), persistent=False)

    def forward(self, states: Float[Tensor, "n w"]) -> Float[Tensor, "n w"]:
        return states / torch.hypot(torch.linalg.vector_norm(states, dim=-1, keepdim=True), self.floor) * self.scale


class LlamaBlock(nn.Module):
    """One layer: attention and a gated feed-forward net (Shazeer 2020, SwiGLU), each behind an RMSNorm."""

    def __init__(
        self,
        width: int,
        heads: int,
        shared_heads: int,
        head_width: int,
        feed_forward_size: int,
        epsilon: float,
        biases: frozenset[str],
    ) -> None:
        super().__init__()
        self.heads, self.head_width = heads, head_width
        projected = (heads + 2 * shared_heads) * head_width
        self.attention_norm = Norm(width, epsilon)
        self.query_key_value = nn.Linear(width, projected, bias="query_key_value" in biases)
        self.output = nn.Linear(heads * head_width, width, bias="output" in biases)
        self.feed_forward_norm = Norm(width, epsilon)
        self.gate_up = nn.Linear(width, 2 * feed_forward_size, bias="gate_up" in biases)
        self.down = nn.Linear(feed_forward_size, width, bias="down" in biases)

    def forward(self, states: Float[Tensor, "n w"], rotate: Rotation, kept: Kept | None = None) -> Float[Tensor, "n w"]:
        """States after the layer. With `kept`, keys and values of tokens before these, theirs are written there."""
        tokens = rotate.cosines.shape[0]
        heads = self.query_key_value(self.attention_norm(states))
        heads = rotate(heads.view(-1, tokens, rotate.cosines.shape[1], self.head_width))
        pairs = heads[:, :, self.heads :].transpose(1, 2)
        if kept is None:
            keys, values = pairs.chunk(2, 1)
        else:
            kept.new.copy_(pairs)
            keys, values = kept.keys, kept.values
        states = states + self.output(attend(heads[:, :, : self.heads], keys, values))
        gate, up = self.gate_up(self.feed_forward_norm(states)).chunk(2, -1)
        return states + self.down(F.silu(gate) * up)


def attend(
    query: Float[Tensor, "b t h d"], keys: Float[Tensor, "b k s d"], values: Float[Tensor, "b k s d"]
) -> Float[Tensor, "b*t h*d"]:
    """Causal attention of the last `t` of `s` tokens. Query heads that share a head of keys (GQA; Ainslie et al. 2023,
    section 2.2) are, where they are of one token, further queries of it."""
    rows, tokens, heads, width = query.shape
    if tokens == 1:
        grouped = query.view(rows, keys.shape[1], -1, width)
        return F.scaled_dot_product_attention(grouped, keys, values).reshape(rows, heads * width)
    seen = None if tokens == keys.shape[2] else causal(tokens, keys.shape[2], query.device)
    mixed = F.scaled_dot_product_attention(
        query.transpose(1, 2), keys, values, seen, is_causal=seen is None, enable_gqa=True
    )
    return mixed.transpose(1, 2).reshape(rows * tokens, heads * width)


def causal(tokens: int, keys: int, device: torch.device) -> Bool[Tensor, "t s"]:
    """Which of `keys` places each of the last `tokens` sees."""
    return torch.ones(tokens, keys, dtype=torch.bool, device=device).tril(keys - tokens)


def refuse_longer(tokens: int, most: int | None, who: str) -> None:
    """Raises `UsageError` for more tokens than there are positions; -1 stands for no limit (XLNet), as None does."""
    if most is not None and 0 < most < tokens:
        raise UsageError(f"a text of {tokens:,} tokens, but {who} reads {most:,}", mend="give a part of it")


class LlamaDecoder(Decoder):
    """A language model. `shared_heads` are heads of keys and values, which divide `heads`. `frequencies` are radians a
    token of each pair of coordinates; what is turned is multiplied by `rotary_scale`. `biases` names the maps of a
    block that have one. `positions`: tokens that it reads at most; more of them raise `UsageError`.
    """

    frequencies: Tensor

    def __init__(
        self,
        vocabulary_size: int,
        width: int,
        layers: int,
        heads: int,
        shared_heads: int,
        head_width: int,
        feed_forward_size: int,
        frequencies: Float[Tensor, " half"],
        *,
        rotary_scale: float = 1.0,
        epsilon: float = 1e-6,
        biases: frozenset[str] = frozenset(),
        positions: int | None = None,
    ) -> None:
        super().__init__()
        self.positions = positions
        self.heads, self.shared_heads, self.head_width = heads, shared_heads, head_width
        self.rotary_scale = rotary_scale
        self.embedding = nn.Embedding(vocabulary_size, width)
        self.layers = nn.ModuleList(
            LlamaBlock(width, heads, shared_heads, head_width, feed_forward_size, epsilon, biases)
            for _ in range(layers)
        )
        self.norm = Norm(width, epsilon)
        self.vocabulary = nn.Linear(width, vocabulary_size, bias=False)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(
        self,
        ids: Int[Tensor, "b t"],
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        need_weights: bool = False,
    ) -> DecoderOutput:
        """Without a memory, and so without weights of one."""
        return DecoderOutput(self._read(ids, 0, [None] * len(self.layers)))

    def start(
        self,
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        rows: int | None = None,
    ) -> LlamaState:
        shape = (len(self.layers), rows or 1, 2 * self.shared_heads, SMALLEST, self.head_width)
        return LlamaState(Room(self.norm.scale.new_zeros(shape)), 0)

    @torch.inference_mode()
    def extend(self, ids: Int[Tensor, "b t"], state: Any) -> tuple[Float[Tensor, "b t v"], LlamaState]:
        """Without gradients: what is kept is written in place."""
        told = []
        for piece in ids.split(PIECE, 1):
            room = state.room.for_more(state.length, piece.shape[1])
            told.append(self._read(piece, state.length, room.layers(state.length)))
            state = LlamaState(room, room.filled)
        return told[0] if len(told) == 1 else torch.cat(told, 1), state

    def reorder(self, state: Any, rows: Int[Tensor, " n"]) -> LlamaState:
        pairs = state.room.pairs.index_select(1, rows.to(state.room.pairs.device))
        return LlamaState(Room(pairs, state.length), state.length)

    def _read(self, ids: Int[Tensor, "b t"], start: int, kept: list[Any]) -> Float[Tensor, "b t v"]:
        refuse_longer(start + ids.shape[1], self.positions, "this checkpoint")
        states = self.embedding(ids.flatten())
        rotate = Rotation.at(
            start,
            ids.shape[1],
            self.frequencies,
            self.rotary_scale,
            turned=self.heads + self.shared_heads,
            still=self.shared_heads,
        ).to(states.dtype)
        for layer, own in zip(self.layers, kept, strict=True):
            states = layer(states, rotate, own)
        return self.vocabulary(self.norm(states)).view(*ids.shape, -1)


def lay_out(model: nn.Module) -> None:
    """Store the weights of maps that widen column by column: with one row, the product then runs along what is stored,
    up to twice as fast where a thread of a CPU reads them from memory (`benchmarks/generate.py`). The values and what a
    map computes stay the same; a narrowing map is faster as it was."""
    for part in model.modules():
        if isinstance(part, nn.Linear) and part.out_features >= part.in_features:
            part.weight.data = part.weight.data.t().contiguous().t()
