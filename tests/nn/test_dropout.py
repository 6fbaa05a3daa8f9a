"""Dropout on a CPU: the share that is dropped, what is kept, its gradient, its random numbers."""

import pytest
import torch

from regard.nn.dropout import Dropout


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_share_is_dropped_the_rest_scaled_and_the_gradient_the_same(rate, dtype):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        states = torch.ones(300, 301, dtype=dtype, requires_grad=True)
        mixed = Dropout(rate)(states)
    mixed.sum().backward()
    mixed = mixed.detach()
    kept = mixed != 0
    assert float(kept.double().mean()) == pytest.approx(1 - rate, abs=0.005)
    assert torch.equal(mixed, states.grad)
    assert float(mixed[kept].double().mean()) == pytest.approx(1 / (1 - rate), rel=0.01)
    # No stripes: the decisions that come of one draw are as independent as others.
    lanes = kept.flatten()[: 4 * (kept.numel() // 4)].view(-1, 4).double()
    assert lanes.T.corrcoef().fill_diagonal_(0).abs().max() < 0.03
    assert lanes.mean(0).sub(1 - rate).abs().max() < 0.01


def test_the_generators_state_says_what_is_drawn():
    states, layer = torch.ones(7, 5), Dropout(0.5)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        kept = torch.random.get_rng_state()
        first, second = layer(states), layer(states)
        torch.random.set_rng_state(kept)
        assert torch.equal(layer(states), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_all_or_nothing(rate):
    assert torch.equal(Dropout(rate)(torch.ones(3, 4)), torch.full((3, 4), 1 - rate))
    assert torch.equal(Dropout(0.5).eval()(torch.ones(3, 4)), torch.ones(3, 4))


@pytest.mark.parametrize("states", [torch.ones(0, 4), torch.ones(4, 3).T, torch.ones(())])
def test_any_shape_and_order_in_memory(states):
    mixed = Dropout(0.5)(states)
    assert mixed.shape == states.shape
    assert mixed.unique().tolist() in ([], [0.0], [2.0], [0.0, 2.0])
