"""Pooling, positions and recurrent layers against their definitions."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from regard.nn.pooling import Pooling
from regard.nn.positions import LearnedPositions, positions, sinusoids
from regard.nn.recurrent import CELLS, RecurrentLayer, reverse_within


def ragged(lengths, width=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(len(lengths), max(lengths), width, dtype=torch.float64, generator=generator)
    keep = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return states, keep


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_reversing_twice_gives_back_and_padding_stays(lengths):
    states, keep = ragged(lengths)
    once = reverse_within(states, keep)
    assert torch.equal(reverse_within(once, keep), states)
    assert torch.equal(once[~keep], states[~keep])
    for row, length in enumerate(lengths):
        assert torch.equal(once[row, :length], states[row, :length].flip(0))


@pytest.mark.parametrize("cell", CELLS)
def test_both_directions_equal_torchs_packed_bidirectional_layer(cell):
    states, keep = ragged([5, 1, 3])
    ours = RecurrentLayer(cell, 6, 8, bidirectional=True).double()
    peer = CELLS[cell](6, 4, batch_first=True, bidirectional=True).double()
    for name, weight in ours.forwards.named_parameters():
        getattr(peer, name).data = weight.data
        getattr(peer, f"{name}_reverse").data = dict(ours.backwards.named_parameters())[name].data
    packed = pack_padded_sequence(states, keep.sum(1), batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(peer(packed)[0], batch_first=True)
    found = ours(states, keep)
    torch.testing.assert_close(found[keep], expected[keep])


@pytest.mark.parametrize("kind", ["first", "last", "mean", "max", "attention"])
def test_pooling_is_what_it_says_on_each_text_alone(kind):
    lengths = [4, 1, 3]
    states, keep = ragged(lengths)
    pooling = Pooling(kind, 6).double()
    pooled, weights = pooling(states, keep)
    for row, length in enumerate(lengths):
        own = states[row, :length]
        expected = {
            "first": lambda own=own: own[0],
            "last": lambda own=own: own[-1],
            "mean": lambda own=own: own.mean(0),
            "max": lambda own=own: own.amax(0),
            "attention": lambda own=own, row=row, length=length: weights[row, :length] @ own,
        }[kind]()
        torch.testing.assert_close(pooled[row], expected)
    assert (weights is None) == (kind != "attention")


def test_pooling_weights_are_a_distribution_over_real_tokens():
    states, keep = ragged([4, 1, 3])
    _, weights = Pooling("attention", 6).double()(states, keep)
    torch.testing.assert_close(weights.sum(1), torch.ones(3, dtype=torch.float64))
    assert not weights[~keep].any()


def test_last_of_two_directions_ends_at_the_first_token():
    states, keep = ragged([4, 2])
    pooled, _ = Pooling("last", 6, bidirectional=True)(states, keep)
    torch.testing.assert_close(pooled[1], torch.cat([states[1, 1, :3], states[1, 0, 3:]]))


def test_sinusoids_are_the_papers():
    table = sinusoids(50, 7)
    for place in (0, 1, 49):
        for column in range(7):
            angle = place / 10_000 ** (2 * (column // 2) / 7)
            expected = math.sin(angle) if column % 2 == 0 else math.cos(angle)
            assert table[place, column].item() == pytest.approx(expected, abs=1e-6)


def test_learned_positions_refuse_a_longer_text():
    with pytest.raises(ValueError, match="9 tokens, but positions were learned for 8"):
        LearnedPositions(8, 4)(torch.zeros(1, 9, 4))
    assert isinstance(positions("sinusoidal", 8, 4)(torch.zeros(1, 9, 4)), torch.Tensor)
    assert isinstance(positions("learned", 8, 4), nn.Module)
