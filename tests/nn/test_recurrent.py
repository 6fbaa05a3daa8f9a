"""Recurrent layers' gradients against torch's packed layers; outputs are compared in test_layers."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from regard.nn.recurrent import CELLS, RecurrentLayer, reverse_within

LENGTHS = torch.tensor([5, 1, 3])
KEEP = torch.arange(5) < LENGTHS[:, None]


def states(width=6):
    torch.manual_seed(0)
    return torch.randn(3, 5, width, dtype=torch.float64, requires_grad=True)


def test_reversing_has_the_gradient_of_a_gather():
    assert torch.autograd.gradcheck(lambda given: reverse_within(given, KEEP), states(2))
    assert torch.autograd.gradgradcheck(lambda given: reverse_within(given, KEEP), states(2))


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_those_of_torchs_packed_bidirectional_layer(cell):
    ours = RecurrentLayer(cell, 6, 8, bidirectional=True).double()
    peer = CELLS[cell](6, 4, batch_first=True, bidirectional=True).double()
    for name, weight in ours.forwards.named_parameters():
        getattr(peer, name).data = weight.data
        getattr(peer, f"{name}_reverse").data = dict(ours.backwards.named_parameters())[name].data
    given = states()
    packed = pack_padded_sequence(given, LENGTHS, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(peer(packed)[0], batch_first=True)
    signs = torch.linspace(-1, 1, expected.numel(), dtype=torch.float64).view(expected.shape) * KEEP[..., None]
    names = [f"{name}{suffix}" for suffix in ("", "_reverse") for name, _ in ours.forwards.named_parameters()]
    wanted = torch.autograd.grad((expected * signs).sum(), [given, *(getattr(peer, name) for name in names)])
    found = torch.autograd.grad((ours(given, KEEP) * signs).sum(), [given, *ours.parameters()])
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)
