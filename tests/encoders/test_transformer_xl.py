"""Transformer-XL: segment by segment is one long pass under the same visibility; padding changes nothing."""

import pytest
import torch

from regard.encoders.transformer_xl import TransformerXLConfig, TransformerXLEncoder
from regard.nn import attention

CASES = [(4, 4, "pre"), (4, 4, "post"), (3, 5, "pre"), (5, 2, "post"), (4, 0, "pre"), (7, 30, "pre")]
LENGTHS = (1, 3, 4, 5, 8, 17, 23)


def made(segment=4, memory=4, norm="pre", **settings):
    config = TransformerXLConfig(
        hidden_size=8,
        layers=3,
        heads=2,
        feed_forward_size=16,
        embedding_size=6,
        segment_length=segment,
        memory_length=memory,
        norm=norm,
        dropout=0.0,
        **settings,
    )
    generator = torch.Generator().manual_seed(0)
    encoder = TransformerXLEncoder(config).double().eval()
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return encoder


def embedded(texts, length, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(texts, length, 6, generator=generator, dtype=torch.float64)


def one_long_pass(encoder, embeddings, keep):
    """Every layer over the whole text at once, dense, with the pattern `segment` and the layer's own score."""
    pattern = attention.pattern("segment", segment_length=encoder.segment_length, memory_length=encoder.memory_length)
    states = encoder.widen(embeddings) * encoder.width**0.5
    seen = attention.prepare(pattern, states[:, None], states[:, None], keep, engine="dense")
    for layer in encoder.layers:
        states, _ = layer(states, states[:, :0], seen)
    return encoder.norm(states)


@pytest.mark.parametrize(("segment", "memory", "norm"), CASES)
@pytest.mark.parametrize("ragged", [False, True], ids=["whole", "ragged"])
def test_segment_by_segment_is_one_long_pass(segment, memory, norm, ragged):
    """In evaluation mode: in training no gradient enters the memory. Outputs, and gradients of the embeddings."""
    encoder = made(segment, memory, norm)
    for length in LENGTHS:
        embeddings, keep = embedded(2, length).requires_grad_(), torch.ones(2, length, dtype=torch.bool)
        if ragged:
            keep[1, (length + 1) // 2 :] = False
        found = encoder(embeddings, keep).states[keep]
        expected = one_long_pass(encoder, embeddings, keep)[keep]
        torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-8)
        slope = torch.randn(found.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
        mine, right = (torch.autograd.grad(out, embeddings, slope)[0] for out in (found, expected))
        torch.testing.assert_close(mine, right, atol=1e-9, rtol=1e-7)


def test_training_gives_the_same_states_and_stops_gradients_at_the_memory():
    encoder, keep = made(), torch.ones(1, 12, dtype=torch.bool)
    embeddings = embedded(1, 12).requires_grad_()
    expected = encoder(embeddings, keep).states
    found = encoder.train()(embeddings, keep).states
    torch.testing.assert_close(found, expected)
    (of_embeddings,) = torch.autograd.grad(found[:, 8:].sum(), embeddings)
    assert not of_embeddings[:, :8].any()
    assert of_embeddings[:, 8:].abs().sum(-1).all()


def test_padding_changes_nothing():
    encoder, lengths = made(3, 5), (14, 9, 3, 1)
    keep = torch.arange(14) < torch.tensor(lengths)[:, None]
    embeddings = embedded(4, 14)
    together = encoder(embeddings, keep).states
    for row, length in enumerate(lengths):
        alone = encoder(embeddings[row : row + 1, :length], keep[row : row + 1, :length]).states
        torch.testing.assert_close(together[row, :length], alone[0], atol=1e-12, rtol=1e-10)
    elsewhere = torch.where(keep[..., None], embeddings, embedded(4, 14, seed=9))
    torch.testing.assert_close(encoder(elsewhere, keep).states[keep], together[keep])


def test_a_text_without_a_token_gives_finite_states_and_gradients():
    encoder, keep = made(), torch.zeros(1, 6, dtype=torch.bool)
    embeddings = embedded(1, 6).requires_grad_()
    states = encoder(embeddings, keep).states
    states.sum().backward()
    assert states.isfinite().all()
    assert embeddings.grad.isfinite().all()


def test_reading_in_parts_is_reading_at_once():
    encoder, embeddings, keep = made(), embedded(2, 12), torch.ones(2, 12, dtype=torch.bool)
    memory, parts = encoder.empty_memory(embeddings), []
    for start in range(0, 12, 4):
        read, memory = encoder.read(embeddings[:, start : start + 4], keep[:, start : start + 4], memory)
        parts.append(read.states)
        assert memory.keep.shape == (2, 4)
    torch.testing.assert_close(torch.cat(parts, 1), encoder(embeddings, keep).states)


def test_no_token_sees_what_comes_after_it_and_layers_reach_further_than_the_memory():
    encoder, keep = made(4, 4), torch.ones(1, 24, dtype=torch.bool)
    embeddings = embedded(1, 24).requires_grad_()
    states = encoder(embeddings, keep).states
    (of_embeddings,) = torch.autograd.grad(states[0, 17].sum(), embeddings)
    reached = of_embeddings[0].abs().sum(-1) > 0
    # Token 17 stands in the segment from 16 on: layer by layer it meets 12, 8 and 4 and what is behind them.
    assert reached.tolist() == [4 <= place <= 17 for place in range(24)]


@pytest.mark.parametrize("length", [1, 4, 11])
def test_weights_are_a_map_of_the_text(length):
    encoder, keep = made(4, 3), torch.ones(2, length, dtype=torch.bool)
    embeddings = embedded(2, length)
    plain, shown = encoder(embeddings, keep), encoder(embeddings, keep, need_weights=True)
    torch.testing.assert_close(plain.states, shown.states)
    assert plain.attentions is None
    assert [tuple(of_layer.shape) for of_layer in shown.attentions] == [(2, 2, length, length)] * 3
    pattern = attention.pattern("segment", segment_length=4, memory_length=3)
    place = torch.arange(length)
    seen = pattern.count(0, 0, place[:, None], place, pattern.plan(length, length))
    for of_layer in shown.attentions:
        torch.testing.assert_close(of_layer.sum(-1), torch.ones(2, 2, length, dtype=torch.float64))
        assert torch.equal(of_layer > 0, seen.expand_as(of_layer))


def test_dropout_of_attention_is_on_in_training_only():
    encoder, keep = made(attention_dropout=0.5), torch.ones(1, 9, dtype=torch.bool)
    embeddings = embedded(1, 9)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(encoder.train()(embeddings, keep).states, encoder(embeddings, keep).states)
        assert torch.equal(encoder.eval()(embeddings, keep).states, encoder(embeddings, keep).states)
