"""Multi-head attention: its heads against the definition, padding, weights, dropout."""

import pytest
import torch

from regard.nn import attention
from regard.nn.attention.multihead import MultiHeadAttention

KEEPS = {
    "one text": torch.ones(1, 1, dtype=torch.bool),
    "nothing hidden": torch.ones(2, 5, dtype=torch.bool),
    "ragged": torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=torch.bool),
    "a row of padding": torch.tensor([[1, 1, 1], [0, 0, 0]], dtype=torch.bool),
}


def layer_of(seed=0, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MultiHeadAttention(8, 2, **settings).double()


def draw(batch, tokens, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, tokens, 8, dtype=torch.float64, generator=generator, requires_grad=True)


def readable(layer, states, keep):
    """Each head by the reference, side by side, through the projection."""
    query, key, value = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in layer.projection(states).chunk(3, -1))
    pattern = attention.pattern("full")
    mixed = attention.reference(query, key, value, pattern, pattern.plan(*keep.shape[1:] * 2), keep)
    return layer.output(mixed.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("keep", KEEPS.values(), ids=KEEPS)
def test_a_layer_is_its_heads_by_the_reference(keep):
    layer, states = layer_of(), draw(*keep.shape)
    inputs = [states, *layer.parameters()]
    expected, found = readable(layer, states, keep), layer(states, keep)[0]
    torch.testing.assert_close(found, expected)
    slope = torch.randn(expected.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for left, right in zip(
        torch.autograd.grad(found, inputs, slope), torch.autograd.grad(expected, inputs, slope), strict=True
    ):
        torch.testing.assert_close(left, right)


def test_a_row_without_keys_is_zero():
    keep = KEEPS["a row of padding"]
    layer, states = layer_of(), draw(*keep.shape)
    mixed, shown = layer(states, keep, need_weights=True)
    torch.testing.assert_close(mixed[1], layer.output.bias.expand_as(mixed[1]))
    assert not shown[1].any()


def test_weights_sum_to_one_and_give_padding_nothing():
    keep = KEEPS["ragged"]
    shown = layer_of()(draw(*keep.shape), keep, need_weights=True)[1]
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
