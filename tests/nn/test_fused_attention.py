"""Attention in bfloat16 on a CPU: short texts in float32, the outside as before."""

import pytest
import torch
from torch.nn import functional as F

from regard.nn.fused_attention import BFLOAT16_FROM, fused_attention


def drawn(tokens, dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(2, 2, tokens, 8, generator=generator).to(dtype).requires_grad_() for _ in range(3)]


def mask_of(kind, tokens):
    seen = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    if kind == "bool":
        return seen
    return torch.zeros(tokens, tokens, dtype=torch.bfloat16).masked_fill(~seen, float("-inf"))


@pytest.mark.parametrize("kind", ["bool", "added", "causal", None])
@pytest.mark.parametrize("autocast", [False, True])
def test_short_texts_are_attended_to_in_float32_and_come_back_in_bfloat16(kind, autocast):
    query, key, value = drawn(6, torch.bfloat16)
    causal = kind == "causal"
    mask = None if causal or kind is None else mask_of(kind, 6)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        mixed = fused_attention(query, key, value, mask, causal=causal, scale=0.3)
    mixed.float().sum().backward()
    wide = [tensor.detach().float() for tensor in (query, key, value)]
    if mask is not None and mask.dtype != torch.bool:
        mask = mask.float()
    expected = F.scaled_dot_product_attention(*wide, attn_mask=mask, is_causal=causal, scale=0.3)
    assert mixed.dtype == query.grad.dtype == torch.bfloat16
    torch.testing.assert_close(mixed.float(), expected, atol=0.01, rtol=0.01)


@pytest.mark.parametrize(("tokens", "dtype"), [(6, torch.float32), (6, torch.float64), (BFLOAT16_FROM, torch.bfloat16)])
def test_all_else_is_torchs_own(tokens, dtype):
    query, key, value = drawn(tokens, dtype)
    assert torch.equal(fused_attention(query, key, value), F.scaled_dot_product_attention(query, key, value))
