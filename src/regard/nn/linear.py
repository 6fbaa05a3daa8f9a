"""Products with a weight matrix, by the library that is fastest at them.

Notable: torch gives float32 products on a CPU to MKL. On an AMD processor oneDNN, which torch brings along as well,
takes a tenth to a fifth less time for large ones (docs/log.md, 2026-11-26), and computes GELU on the way.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn import functional as F

LARGE = 1 << 24
"""Multiplications and additions from which oneDNN's longer way to a product pays."""


def linear(
    states: Float[Tensor, "*b k"], weight: Float[Tensor, "n k"], bias: Float[Tensor, " n"] | None = None
) -> Float[Tensor, "*b n"]:
    """`states weight^T + bias`, as `F.linear`."""
    if not _better(states, weight, bias):
        return F.linear(states, weight, bias)
    learning = [tensor for tensor in (states, weight, bias) if tensor is not None and tensor.requires_grad]
    if not torch.is_grad_enabled() or not learning:
        return onednn(states, weight, bias)
    rows: Tensor = _Linear.apply(states.reshape(-1, states.shape[-1]), weight, bias)
    return rows.view(*states.shape[:-1], weight.shape[0])


class Linear(nn.Linear):
    """`nn.Linear`, by `linear`."""

    def forward(self, states: Float[Tensor, "*b k"]) -> Float[Tensor, "*b n"]:
        return linear(states, self.weight, self.bias)


def activated(layer: nn.Module, states: Float[Tensor, "*b k"], activation: nn.Module) -> Float[Tensor, "*b n"]:
    """`activation(layer(states))`. Where no gradient is wanted, and `layer` is a `Linear` that nobody has replaced or
    listens to, GELU in one go with the product and ReLU in its place."""
    heard = layer._forward_hooks or layer._forward_pre_hooks or activation._forward_hooks
    if type(layer) is Linear and not heard and not torch.is_grad_enabled():
        if type(activation) is nn.GELU and _better(states, layer.weight, layer.bias):
            return onednn(states, layer.weight, layer.bias, activation)
        if type(activation) is nn.ReLU:
            return layer(states).relu_()
    found: Tensor = activation(layer(states))
    return found


PLAIN = (nn.Linear, Linear)
"""Linear maps that are no more than a matrix and a bias: none that was quantised or adapted."""


def take_over(model: nn.Module) -> None:
    """Make every `nn.Linear` of a network from elsewhere a `Linear`, in place; names and weights stay."""
    for part in model.modules():
        if type(part) is nn.Linear:
            part.__class__ = Linear


def has_onednn() -> bool:
    """Whether this torch computes products by oneDNN when it is asked to."""
    return bool(torch.backends.mkldnn.is_available()) and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class _Linear(torch.autograd.Function):
    """Of rows `[m k]`: what oneDNN gives for more dimensions is a view, which nothing may be added to in place."""

    @staticmethod
    def forward(states: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return onednn(states, weight, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Of torch's differentiable functions and `linear`, so gradients have gradients."""
        states, weight = ctx.saved_tensors
        of_states, of_weight, of_bias = ctx.needs_input_grad
        return (
            linear(gradient, weight.t()) if of_states else None,
            gradient.t() @ states if of_weight else None,  # MKL is the faster one here
            gradient.sum(0) if of_bias else None,
        )


def _better(states: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether oneDNN can take this product and is worth it. What only records a graph sees torch's own function."""
    if type(states) is not Tensor or _watched() or 2 * states.numel() * weight.shape[0] < LARGE:
        return False
    given = [states, weight] if bias is None else [states, weight, bias]
    return bool(
        all(type(tensor) in (Tensor, nn.Parameter) for tensor in given[1:])
        and all(tensor.device.type == "cpu" and tensor.dtype == torch.float32 for tensor in given)
        and not torch.is_autocast_enabled("cpu")
        and weight.dim() == 2
        and states.shape[-1] == weight.shape[1]
        and (bias is None or bias.is_contiguous())  # its stride is not looked at
        and torch.backends.mkldnn.enabled
        and has_onednn()
    )


def _watched() -> bool:
    """Whether somebody records or transforms what torch computes: export, vmap, both kinds of forward derivatives,
    counting of operations."""
    return bool(
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch._C._len_torch_dispatch_stack()
        or forward_ad._current_level >= 0
    )


def onednn(states: Tensor, weight: Tensor, bias: Tensor | None, activation: nn.GELU | None = None) -> Tensor:
    """The product itself, without a gradient; `weight` may be one that oneDNN has put in order."""
    word = "none" if activation is None else "gelu"
    product: Tensor = torch.ops.mkldnn._linear_pointwise(
        states, weight, bias, word, [], getattr(activation, "approximate", "")
    )
    return product
