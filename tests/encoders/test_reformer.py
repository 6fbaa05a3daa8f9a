"""The reformer from scratch: what the contract suite does not say of it."""

from __future__ import annotations

import pytest
import torch

from regard.encoders.reformer import ReformerEncoder
from regard.encoders.reformer_config import ReformerConfig
from regard.errors import UsageError
from regard.nn import reversible
from regard.nn.positions import AxialPositions, axial_shape


@pytest.fixture(autouse=True)
def none_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """But the last layer: texts of a test are short, and all would be."""
    monkeypatch.setattr(reversible, "KEPT", 0)


def encoder(**changes) -> ReformerEncoder:
    settings = {
        "embedding_size": 8,
        "hidden_size": 8,
        "heads": 2,
        "feed_forward_size": 16,
        "chunk_length": 4,
        "layers": 3,
        "max_position_embeddings": 40,
        "dropout": 0.0,
        **changes,
    }
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return ReformerEncoder(ReformerConfig(**settings)).double()


def ragged(lengths: list[int], width: int = 8):
    states = torch.randn(len(lengths), max(lengths), width, generator=torch.Generator().manual_seed(0)).double()
    return states, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("settings", [{}, {"causal": True}, {"local_chunk_length": 6, "rounds": 3}, {"kinds": ["lsh"]}])
def test_a_text_has_the_same_states_and_weights_alone_and_in_any_batch(settings):
    lengths, net = [3, 17, 4, 9, 31, 12, 10], encoder(**settings)
    states, keep = ragged(lengths)
    together = net(states, keep, need_weights=True)
    for text, length in enumerate(lengths):
        alone = net(states[text : text + 1, :length], keep[text : text + 1, :length], need_weights=True)
        torch.testing.assert_close(together.states[text, :length], alone.states[0])
        for wide, own in zip(together.attentions, alone.attentions, strict=True):
            torch.testing.assert_close(wide[text, :, :length, :length], own[0])
            assert not wide[text, :, :length, length:].any()


def test_weights_are_rows_that_sum_to_one_and_change_nothing():
    net = encoder()
    states, keep = ragged([13, 13])
    shown = net(states, keep, need_weights=True)
    assert len(shown.attentions) == 3
    for layer in shown.attentions:
        torch.testing.assert_close(layer.sum(-1), torch.ones(2, 2, 13).double())
    torch.testing.assert_close(shown.states, net(states, keep).states)
    assert net(states, keep).attentions is None


def test_gradients_are_those_of_differences():
    """The whole encoder, dropout and attention dropout on, by finite differences with the same draws. At these numbers
    no token is so near the edge of a bucket that a difference moves it."""
    net = encoder(dropout=0.2, attention_dropout=0.2, layers=2).train()
    states, keep = ragged([9, 6])

    def run(given):
        with torch.random.fork_rng():
            torch.manual_seed(5)
            return net(given, keep).states * keep[..., None]

    assert torch.autograd.gradcheck(run, states.requires_grad_(), eps=1e-7, atol=1e-4, rtol=1e-3, fast_mode=True)


def test_causal_tokens_do_not_hear_of_what_comes_after():
    net = encoder(causal=True, kinds=["local"])  # hashing sorts all tokens, and chunks begin elsewhere
    states, keep = ragged([15])
    changed = states.clone()
    changed[:, 9:] = changed[:, 9:].flip(-1)
    before, after = net(states, keep).states, net(changed, keep).states
    torch.testing.assert_close(before[:, :9], after[:, :9])
    assert not torch.allclose(before[:, 9:], after[:, 9:])


def test_a_text_without_tokens_spoils_nothing():
    net = encoder()
    states, keep = ragged([9, 9])
    keep[1] = False
    out = net(states, keep).states
    out.sum().backward()
    assert out.isfinite().all()
    assert all(weight.grad.isfinite().all() for weight in net.parameters())


def test_axial_places_are_a_row_and_a_column():
    places = AxialPositions(3, 4, 2, 5)
    found = places(torch.zeros(1, 11, 7))[0]
    for place in range(11):
        expected = torch.cat([places.rows.weight[place // 4], places.columns.weight[place % 4]])
        torch.testing.assert_close(found[place], expected)


def test_a_text_beyond_the_axial_places_is_an_error_that_says_how_many_there_are():
    with pytest.raises(UsageError, match=r"13 tokens.*3 by 4, end at 12"):
        AxialPositions(3, 4, 2, 5)(torch.zeros(1, 13, 7))


@pytest.mark.parametrize("length", [1, 2, 3, 24, 256, 1000, 4096])
def test_the_shape_holds_the_length_and_no_row_more(length):
    rows, columns = axial_shape(length)
    assert rows * columns >= length > (rows - 1) * columns
