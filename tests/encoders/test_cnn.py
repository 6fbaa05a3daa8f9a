"""The CNN against torch's own Conv1d, and its backward pass of few answers against that of all."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from regard.encoders import cnn
from regard.encoders.cnn import CnnConfig, CnnEncoder
from regard.nn.pooling import masked_max

WIDTHS = st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple)
LENGTHS = st.lists(st.integers(1, 20), min_size=1, max_size=4)


def made(widths: tuple[int, ...], lengths: list[int]) -> tuple[CnnEncoder, Tensor, Tensor]:
    torch.manual_seed(0)
    encoder = CnnEncoder(CnnConfig(widths=widths, channels=5, embedding_size=6)).double()
    embeddings = torch.randn(len(lengths), max(lengths), 6, dtype=torch.float64, requires_grad=True)
    return encoder, embeddings, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def by_conv1d(encoder: CnnEncoder, embeddings: Tensor, keep: Tensor) -> Tensor:
    """Equation 2, a window beginning (width - 1) // 2 words before each token."""
    signal = embeddings.masked_fill(~keep[..., None], 0.0).transpose(1, 2)
    found = [
        F.relu(convolution(F.pad(signal, ((width - 1) // 2, width // 2))))
        for convolution, width in zip(encoder.convolutions, encoder.widths, strict=True)
    ]
    return torch.cat(found, dim=1).transpose(1, 2)


def gradients(states: Tensor, keep: Tensor, encoder: CnnEncoder, embeddings: Tensor) -> list[Tensor]:
    pooled = masked_max(states, keep)
    weights = torch.linspace(-1, 1, pooled.numel(), dtype=pooled.dtype).view(pooled.shape)
    return list(torch.autograd.grad((pooled * weights).sum(), [embeddings, *encoder.parameters()]))


@pytest.mark.parametrize("few", [2.0, -1.0], ids=["of few", "of all"])
@settings(deadline=None, max_examples=40)
@given(WIDTHS, LENGTHS)
def test_states_and_gradients_are_conv1ds(few: float, widths: tuple[int, ...], lengths: list[int]) -> None:
    encoder, embeddings, keep = made(widths, lengths)
    expected = by_conv1d(encoder, embeddings, keep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cnn, "FEW", few)
        found = encoder(embeddings, keep).states
        torch.testing.assert_close(found, expected)
        own = gradients(found, keep, encoder, embeddings)
    for one, other in zip(own, gradients(expected, keep, encoder, embeddings), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("pooled", "calls"), [(True, 1), (False, 0)])
def test_few_answers_are_computed_with_where_few_have_a_gradient(pooled, calls, monkeypatch):
    taken = []
    of_few = cnn.gradients_of_few
    monkeypatch.setattr(cnn, "gradients_of_few", lambda *given: taken.append(1) or of_few(*given))
    encoder, embeddings, keep = made((3, 4, 5), [60, 50])
    states = encoder(embeddings, keep).states
    (masked_max(states, keep) if pooled else states).sum().backward()
    assert len(taken) == calls


def test_no_gradient_at_all_is_zero():
    encoder, embeddings, keep = made((2, 3), [40])
    (encoder(embeddings, keep).states * 0.0).sum().backward()
    assert not embeddings.grad.any()
    assert not any(parameter.grad.any() for parameter in encoder.parameters())


def test_a_second_pass_back_gives_the_same():
    encoder, embeddings, keep = made((3, 4), [50, 40])
    total = masked_max(encoder(embeddings, keep).states, keep).sum()
    asked = [embeddings, *encoder.parameters()]
    once, again = torch.autograd.grad(total, asked, retain_graph=True), torch.autograd.grad(total, asked)
    assert all(torch.equal(one, other) for one, other in zip(once, again, strict=True))


def test_what_is_frozen_has_no_gradient():
    encoder, embeddings, keep = made((3, 4), [50])
    encoder.convolutions[0].weight.requires_grad_(False)
    states = encoder(embeddings.detach(), keep).states
    states.sum().backward()
    assert encoder.convolutions[0].weight.grad is None
    assert encoder.convolutions[1].weight.grad.any()


def test_without_gradients_the_states_are_the_same():
    encoder, embeddings, keep = made((3, 4), [7, 3])
    with torch.no_grad():
        found = encoder(embeddings, keep).states
    assert torch.equal(found, encoder(embeddings, keep).states)
