"""Checkpoints' attention in bfloat16 on a CPU: short texts in float32, all else as transformers has it."""

import pytest
import torch
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from regard.nn.fused_attention import BFLOAT16_FROM
from regard.training import short_attention

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


def bert():
    torch.manual_seed(0)
    return BertModel(BertConfig(vocab_size=50, max_position_embeddings=1024, **SIZES)).eval()


def gpt():
    torch.manual_seed(0)
    return GPT2Model(GPT2Config(vocab_size=50, n_positions=1024, n_embd=16, n_layer=2, n_head=2)).eval()


@pytest.fixture
def formats(monkeypatch):
    """The number formats in which torch's kernel was asked to attend."""
    found = []
    own = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda query, *rest, **more: (found.append(query.dtype), own(query, *rest, **more))[1],
    )
    return found


def states(model, tokens, padded, dtype):
    ids = torch.randint(50, (2, tokens), generator=torch.Generator().manual_seed(0))
    keep = torch.ones_like(ids)
    keep[1, tokens - padded :] = 0
    with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        found = model(input_ids=ids, attention_mask=keep).last_hidden_state
    return found.float()[keep.bool()]


@pytest.mark.parametrize("make", [bert, gpt])
@pytest.mark.parametrize("padded", [0, 3])
def test_short_texts_are_attended_to_in_float32(make, padded, formats):
    model = make()
    expected = states(model, 12, padded, torch.float32)
    formats.clear()
    with short_attention.quick():
        found = states(model, 12, padded, torch.bfloat16)
    assert set(formats) == {torch.float32}
    assert (found - expected).norm() / expected.norm() < 0.02
    found.sum().backward()
    assert all(parameter.grad is not None for name, parameter in model.named_parameters() if "pooler" not in name)


def test_long_texts_and_float32_stay_as_they_are(formats):
    with short_attention.quick():
        states(bert(), BFLOAT16_FROM, 0, torch.bfloat16)
        assert set(formats) == {torch.bfloat16}
        formats.clear()
        found = states(bert(), 12, 3, torch.float32)
    assert torch.equal(found, states(bert(), 12, 3, torch.float32))


def test_the_register_is_as_before_afterwards():
    before = ALL_ATTENTION_FUNCTIONS["sdpa"]
    with short_attention.quick():
        assert ALL_ATTENTION_FUNCTIONS["sdpa"] is not before
    assert ALL_ATTENTION_FUNCTIONS["sdpa"] is before
