"""The Transformer's layers once more, for writing: the same numbers as the modules give, without calling them.

Notable: of one step with a small network the calls of modules are half the time. And where several rows are read at
once on a CPU, oneDNN's product with weights in an order of its own is up to twice as fast as the usual one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from regard.decoders.cache import Cache, TransformerState
from regard.nn.linear import has_onednn, onednn

if TYPE_CHECKING:
    from regard.decoders.transformer import DecoderBlock, TransformerDecoder

# Below these the usual product is as fast (measured on one core with AVX-512).
ROWS, NUMBERS = 4, 2**17
PLAIN = (nn.Linear, nn.LayerNorm, nn.Embedding, nn.GELU, nn.Dropout)


def can_be_lean(model: nn.Module) -> bool:
    """Whether nothing is lost when modules aren't called: no gradient, no dropout, no hook, and no layer that was
    replaced by another (an adapter, a quantised one)."""
    if torch.is_grad_enabled() or torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled("cuda"):
        return False
    return not any(
        part.training
        or part._forward_hooks
        or part._forward_pre_hooks
        or not (type(part) in PLAIN or type(part).__module__.startswith(("regard.", "torch.nn.modules.container")))
        for part in model.modules()
        if not isinstance(part, nn.Identity)
    )


class Product:
    """A linear map. Weights are put in order at the first call that gains by it, and never kept longer than a text is
    written: they are then always those of the module."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight, self.bias = weight, bias
        fit = weight.device.type == "cpu" and weight.dtype == torch.float32 and weight.numel() >= NUMBERS
        self.ordered: Tensor | None = None
        self.can_order = fit and has_onednn()

    @classmethod
    def of(cls, module: Any) -> Product:
        return cls(module.weight, module.bias)

    def __call__(self, states: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        if not self.can_order or len(states) < ROWS:
            return F.linear(states, self.weight, self.bias)
        if self.ordered is None:
            self.ordered = torch.ops.mkldnn._reorder_linear_weight(self.weight.detach(), 64)
        return onednn(states, self.ordered, self.bias)


class Norm:
    def __init__(self, module: Any) -> None:
        self.settings = (module.normalized_shape, module.weight, module.bias, module.eps)

    def __call__(self, states: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        return torch.layer_norm(states, *self.settings)


class LeanBlock:
    """A `DecoderBlock`. States are `[n d]`: the tokens of all rows, row by row."""

    def __init__(self, block: DecoderBlock) -> None:
        self.pre, self.heads = block.pre, block.attention.heads
        self.projection, self.output = Product.of(block.attention.projection), Product.of(block.attention.output)
        inner, _, _, outer = block.feed_forward.layers
        self.inner, self.outer = Product.of(inner), Product.of(outer)
        self.attention_norm, self.feed_forward_norm = Norm(block.attention_norm), Norm(block.feed_forward_norm)
        if hasattr(block, "memory_attention"):
            self.query = Product.of(block.memory_attention.query)
            self.memory_output = Product.of(block.memory_attention.output)
            self.memory_norm = Norm(block.memory_norm)

    def __call__(
        self, states: Float[Tensor, "n d"], number: int, state: TransformerState, seen: Tensor | None
    ) -> tuple[Float[Tensor, "n d"], Cache]:
        """As layer `number` of `TransformerDecoder.extend`."""
        before = self.attention_norm(states) if self.pre else states
        projected = self.projection(before).view(state.groups, -1, 3, self.heads, states.shape[1] // self.heads)
        cache = state.caches[number].add(projected[:, :, 1:].permute(2, 0, 3, 1, 4), state.filled)
        pairs = cache.pairs[:, :, :, : cache.filled]
        mixed = F.scaled_dot_product_attention(projected[:, :, 0].transpose(1, 2), pairs[0], pairs[1], attn_mask=seen)
        states = self._beside(states, self.output(mixed.transpose(1, 2).reshape(states.shape)), self.attention_norm)
        if state.memory:
            states = self._met(states, state.memory[number], state)
        before = self.feed_forward_norm(states) if self.pre else states
        return self._beside(states, self.outer(F.gelu(self.inner(before))), self.feed_forward_norm), cache

    def _met(self, states: Tensor, memory: Float[Tensor, "2 g h s d"], state: TransformerState) -> Tensor:
        before = self.memory_norm(states) if self.pre else states
        query = self.query(before).view(state.groups, -1, self.heads, memory.shape[-1]).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(query, memory[0], memory[1], attn_mask=state.hidden)
        return self._beside(states, self.memory_output(mixed.transpose(1, 2).reshape(states.shape)), self.memory_norm)

    def _beside(self, states: Tensor, found: Tensor, norm: Norm) -> Tensor:
        found += states
        return found if self.pre else norm(found)


class LeanDecoder:
    """All layers, and the map to the vocabulary."""

    def __init__(self, decoder: TransformerDecoder) -> None:
        self.blocks = [LeanBlock(block) for block in decoder.blocks]
        self.norm = Norm(decoder.norm) if isinstance(decoder.norm, nn.LayerNorm) else None
        self.narrow = Product.of(decoder.narrow) if isinstance(decoder.narrow, nn.Linear) else None
        tied = decoder.output is None
        self.output = Product(decoder.embedding.weight, decoder.output_bias) if tied else Product.of(decoder.output)

    @classmethod
    def of(cls, decoder: TransformerDecoder) -> LeanDecoder | None:
        """None where the modules are needed: see `can_be_lean`."""
        return cls(decoder) if can_be_lean(decoder) else None

    def __call__(
        self, states: Float[Tensor, "b t d"], state: TransformerState, seen: Tensor | None
    ) -> tuple[Float[Tensor, "b t v"], list[Cache]]:
        """As `TransformerDecoder.extend` from the embedded tokens on."""
        rows, tokens, _ = states.shape
        states, caches = states.flatten(0, 1), []
        for number, block in enumerate(self.blocks):
            states, cache = block(states, number, state, seen)
            caches.append(cache)
        states = states if self.norm is None else self.norm(states)
        states = states if self.narrow is None else self.narrow(states)
        return self.output(states).unflatten(0, (rows, tokens)), caches
