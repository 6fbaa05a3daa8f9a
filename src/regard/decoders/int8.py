"""Weights of a decoder rounded to eight bits: a quarter of what is read from memory for each token.

Notable: weights only, one scale for each output (symmetric, the largest weight is 127): what is computed with them is
not rounded to integers. On a CPU torch's own kernel takes rows in bfloat16, adds up in float32 and gives bfloat16;
elsewhere the weights are spread out again, which is the readable version that it is tested against.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int, Int8
from torch import Tensor, nn
from torch.nn import functional as F

from regard.decoders.llama import LlamaDecoder

LARGEST = 127
KERNEL_STEP = 64
"""Inputs that torch's kernel takes at a time: it reads beyond the weights where their number is no multiple of 16."""


def rounded(weight: Float[Tensor, "o i"]) -> tuple[Int8[Tensor, "o i"], Float[Tensor, " o"]]:
    """Whole numbers and the scale of each row; their product is off by half a scale at most."""
    scales = (weight.abs().amax(1).clamp_min(torch.finfo(weight.dtype).tiny).float() / LARGEST).to(weight.dtype)
    whole = (weight.float() / scales.float()[:, None]).round().clamp(-LARGEST, LARGEST)
    return whole.to(torch.int8).contiguous(), scales


class Int8Linear(nn.Module):
    """`nn.Linear` with rounded weights."""

    weight: Tensor
    scales: Tensor
    narrow_scales: Tensor
    bias: Tensor | None

    def __init__(
        self, weight: Int8[Tensor, "o i"], scales: Float[Tensor, " o"], bias: Float[Tensor, " o"] | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("scales", scales)
        self.register_buffer("bias", bias)
        self.register_buffer("narrow_scales", scales.bfloat16(), persistent=False)

    @classmethod
    def of(cls, linear: nn.Linear) -> Int8Linear:
        return cls(*rounded(linear.weight.data), None if linear.bias is None else linear.bias.data)

    def forward(self, states: Float[Tensor, "*b i"]) -> Float[Tensor, "*b o"]:
        product = self.packed(states) if self.has_kernel(states) else self.spread(states)
        return product if self.bias is None else product + self.bias

    def has_kernel(self, states: Float[Tensor, "*b i"]) -> bool:
        fit = states.dtype in (torch.float32, torch.bfloat16)
        return states.is_cpu and fit and states.shape[-1] % KERNEL_STEP == 0

    def packed(self, states: Float[Tensor, "*b i"]) -> Float[Tensor, "*b o"]:
        """By torch's kernel, without the bias."""
        rows = states.reshape(-1, states.shape[-1]).bfloat16()
        product = torch._weight_int8pack_mm(rows, self.weight, self.narrow_scales)
        return product.to(states.dtype).view(*states.shape[:-1], -1)

    def spread(self, states: Float[Tensor, "*b i"]) -> Float[Tensor, "*b o"]:
        """The same by a plain product, without the bias."""
        return F.linear(states, self.weight.to(states.dtype)) * self.scales.to(states.dtype)


class Int8Embedding(nn.Module):
    """`nn.Embedding` with rounded weights, which a map to the vocabulary can share."""

    weight: Tensor
    scales: Tensor

    def __init__(self, weight: Int8[Tensor, "v w"], scales: Float[Tensor, " v"]) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("scales", scales)

    def forward(self, ids: Int[Tensor, "*b"]) -> Float[Tensor, "*b w"]:
        return self.weight[ids].to(self.scales.dtype) * self.scales[ids][..., None]


def quantise(decoder: LlamaDecoder) -> None:
    """Round the weights of all its maps, and of the embedding where the map to the vocabulary shares it."""
    tied = decoder.vocabulary.weight is decoder.embedding.weight
    for part in [*decoder.layers, decoder]:
        for name, linear in part.named_children():
            if isinstance(linear, nn.Linear):
                part.add_module(name, Int8Linear.of(linear))
    if tied:
        shared: Any = decoder.vocabulary
        decoder.add_module("embedding", Int8Embedding(shared.weight, shared.scales))
