"""Large products go to oneDNN: the same numbers and gradients as torch's own, and torch's own where oneDNN can't."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from regard.nn import linear as module
from regard.nn.linear import Linear, activated, linear, take_over

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch has no oneDNN here")


@pytest.fixture(autouse=True)
def every_product_is_large(monkeypatch):
    monkeypatch.setattr(module, "LARGE", 0)


@pytest.fixture
def products(monkeypatch):
    """How many products oneDNN took."""
    taken = []
    own = module.onednn
    monkeypatch.setattr(module, "onednn", lambda *given: (taken.append(given), own(*given))[1])
    return taken


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


LAYOUTS = {
    "rows": drawn(7, 5),
    "batch": drawn(3, 7, 5),
    "one text": drawn(1, 7, 5),
    "every second token": drawn(3, 14, 5)[:, ::2],
    "tokens outside": drawn(7, 3, 5).transpose(0, 1),
    "columns inside": drawn(3, 5, 7).transpose(1, 2),
    "every second number": drawn(3, 7, 10)[..., ::2],
    "one row again and again": drawn(1, 5).expand(7, 5),
    "a part of a wider row": drawn(3, 7, 15)[..., 5:10],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("with_bias", [True, False])
def test_states_and_gradients_are_torchs(layout, with_bias, products):
    found = []
    for function in (linear, F.linear):
        states = LAYOUTS[layout].detach().requires_grad_()
        weight = drawn(4, 5, seed=1).requires_grad_()
        bias = drawn(4, seed=2).requires_grad_() if with_bias else None
        mixed = function(states, weight, bias)
        mixed.add_(1.0)  # residuals are added in place
        mixed.square().sum().backward()
        learned = [states, weight] + ([bias] if with_bias else [])
        found.append([mixed.detach(), *(tensor.grad for tensor in learned)])
    assert len(products) == 2  # forward, and the gradient of the states
    for own, torchs in zip(*found, strict=True):
        torch.testing.assert_close(own, torchs, rtol=1e-5, atol=1e-5)


def test_gradients_have_gradients():
    found = []
    for function in (linear, F.linear):
        states, weight = drawn(7, 5).requires_grad_(), drawn(4, 5, seed=1).requires_grad_()
        (first,) = torch.autograd.grad(function(states, weight).pow(3).sum(), states, create_graph=True)
        first.square().sum().backward()
        found.append((states.grad, weight.grad))
    for own, torchs in zip(*found, strict=True):
        torch.testing.assert_close(own, torchs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("activation", [nn.GELU(), nn.GELU(approximate="tanh"), nn.ReLU(), nn.SiLU()], ids=repr)
@pytest.mark.parametrize("learning", [True, False])
def test_an_activated_product(activation, learning, products):
    layer, states = Linear(5, 4), drawn(3, 7, 5)
    with torch.set_grad_enabled(learning):
        found = activated(layer, states, activation)
    torch.testing.assert_close(found, activation(F.linear(states, layer.weight, layer.bias)), rtol=1e-5, atol=1e-6)
    assert len(products) == 1
    assert found.requires_grad == learning
    assert (len(products[0]) == 4) == (not learning and isinstance(activation, nn.GELU))


@pytest.mark.parametrize("activation", [nn.GELU(), nn.ReLU()], ids=repr)
@torch.no_grad()
def test_a_layer_that_was_replaced_or_is_listened_to_is_called(activation):
    class Adapted(Linear):
        def forward(self, states):
            return super().forward(states) + 1

    layer, states, heard = Adapted(5, 4), drawn(7, 5), []
    torch.testing.assert_close(activated(layer, states, activation), activation(layer(states)))
    layer = Linear(5, 4)
    layer.register_forward_hook(lambda *given: heard.append(given[2]))
    torch.testing.assert_close(activated(layer, states, activation), activation(heard[0]))
    assert (heard[0] < 0).any()


@pytest.mark.parametrize("learning", range(3))
def test_each_learns_by_itself(learning):
    """A bias alone too: so some adapters train."""
    found = []
    for function in (linear, F.linear):
        given = [drawn(7, 5), drawn(4, 5, seed=1), drawn(4, seed=2)]
        given[learning].requires_grad_()
        function(*given).square().sum().backward()
        assert [tensor.grad is not None for tensor in given] == [place == learning for place in range(3)]
        found.append(given[learning].grad)
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bias", [torch.arange(8.0)[::2], torch.ones(1).expand(4)], ids=["strided", "expanded"])
def test_a_bias_whose_numbers_do_not_stand_side_by_side(bias, products):
    states, weight = drawn(7, 5), drawn(4, 5, seed=1)
    assert torch.equal(linear(states, weight, bias), F.linear(states, weight, bias))
    assert not products


@pytest.mark.parametrize("why", ["double", "half", "autocast", "missing", "small"])
def test_torchs_own_where_onednn_cannot_or_does_not_pay(why, products, monkeypatch):
    dtype = {"double": torch.float64, "half": torch.bfloat16}.get(why, torch.float32)
    states, weight = drawn(7, 5).to(dtype), drawn(4, 5, seed=1).to(dtype)
    if why == "small":
        monkeypatch.setattr(module, "LARGE", 2 * 7 * 5 * 4 + 1)
    if why == "missing":
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with torch.autocast("cpu", torch.bfloat16, enabled=why == "autocast"):
        assert torch.equal(linear(states, weight), F.linear(states, weight))
    assert not products


def test_a_network_from_elsewhere_keeps_its_names_and_logits(products):
    class Adapted(nn.Linear):
        """Somebody else's idea of a linear map."""

    network = nn.Sequential(nn.Linear(5, 4), nn.Sequential(nn.ReLU(), nn.Linear(4, 3, bias=False)), Adapted(3, 2))
    states, before = drawn(7, 5), dict(network.state_dict())
    expected = network(states)
    take_over(network)
    assert [type(part).__name__ for part in network.modules() if isinstance(part, nn.Linear)] == [
        "Linear",
        "Linear",
        "Adapted",
    ]
    assert network.state_dict().keys() == before.keys()
    torch.testing.assert_close(network(states), expected)
    assert len(products) == 2


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")  # torch's own, of its jvp
def test_what_transforms_or_counts_sees_torchs_own_function(products):
    layer, states = Linear(5, 4), drawn(3, 7, 5)

    def figure(row):
        return layer(row).square().sum()

    each = torch.func.vmap(torch.func.grad(figure))(states)
    torch.testing.assert_close(each, torch.stack([torch.func.grad(figure)(text) for text in states]))
    _, moved = torch.func.jvp(layer, (states,), (torch.ones_like(states),))
    torch.testing.assert_close(moved, torch.ones_like(states) @ layer.weight.T)
    with forward_ad.dual_level():
        dual = layer(forward_ad.make_dual(states, torch.ones_like(states)))
        torch.testing.assert_close(forward_ad.unpack_dual(dual).tangent, moved)
    with FlopCounterMode(display=False) as counter:
        layer(states)
    assert counter.get_total_flops() == 2 * states.numel() * 4
    assert not products


def test_a_recorded_network_holds_torchs_function(products):
    program = torch.export.export(Linear(5, 4), (drawn(7, 5),))
    assert not products
    assert "mkldnn" not in str(program.graph)
    assert "linear" in str(program.graph)
