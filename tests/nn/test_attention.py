"""The fused kernel against the readable reference: outputs and gradients, in float64."""

import pytest
import torch

from regard.nn.attention.multihead import MultiHeadAttention, attend, reference, weights


def draw(batch, tokens, seed=0):
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(batch, 2, tokens, 4, dtype=torch.float64, generator=generator) for _ in range(3)]
    return [part.requires_grad_() for part in parts]


KEEPS = {
    "one text": torch.ones(1, 1, dtype=torch.bool),
    "nothing hidden": torch.ones(2, 5, dtype=torch.bool),
    "ragged": torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=torch.bool),
    "a row of padding": torch.tensor([[1, 1, 1], [0, 0, 0]], dtype=torch.bool),
}


@pytest.mark.parametrize("keep", KEEPS.values(), ids=KEEPS)
def test_fused_equals_reference(keep):
    inputs = draw(*keep.shape)
    expected, found = reference(*inputs, keep), attend(*inputs, keep)
    torch.testing.assert_close(found, expected)
    slope = torch.randn(expected.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for left, right in zip(
        torch.autograd.grad(found, inputs, slope), torch.autograd.grad(expected, inputs, slope), strict=True
    ):
        torch.testing.assert_close(left, right)


def test_a_row_without_keys_is_zero():
    keep = KEEPS["a row of padding"]
    inputs = draw(*keep.shape)
    assert not attend(*inputs, keep)[1].any()
    assert not weights(*inputs[:2], keep)[1].any()


def test_weights_sum_to_one_and_give_padding_nothing():
    keep = KEEPS["ragged"]
    shown = weights(*draw(*keep.shape)[:2], keep)
    torch.testing.assert_close(shown.sum(-1), torch.ones(3, 2, 4, dtype=torch.float64))
    assert not shown[1, :, :, 2:].any()


def test_asking_for_weights_changes_nothing():
    layer = MultiHeadAttention(8, 2).double().eval()
    states = torch.randn(3, 4, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    plain, none = layer(states, KEEPS["ragged"])
    open_, shown = layer(states, KEEPS["ragged"], need_weights=True)
    assert none is None
    assert shown.shape == (3, 2, 4, 4)
    torch.testing.assert_close(plain, open_)


def test_dropout_is_on_in_training_only():
    layer = MultiHeadAttention(8, 2, dropout=0.5)
    states = torch.randn(1, 6, 8, generator=torch.Generator().manual_seed(3))
    keep = torch.ones(1, 6, dtype=torch.bool)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(layer.train()(states, keep)[0], layer(states, keep)[0])
        assert torch.equal(layer.eval()(states, keep)[0], layer(states, keep)[0])


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="does not divide"):
        MultiHeadAttention(10, 3)
