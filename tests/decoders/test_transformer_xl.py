"""Transformer-XL as a decoder: segments in turn, in pieces and token by token are one long pass; the memory learns."""

import pytest
import torch

from regard.decoders.transformer_xl import TransformerXLDecoder
from regard.errors import UsageError
from regard.nn import attention

VOCABULARY = 11
CASES = [(4, 4, "pre"), (4, 4, "post"), (3, 5, "pre"), (5, 2, "post"), (4, 0, "pre"), (7, 30, "pre"), (1, 3, "post")]


def made(segment=4, memory=4, norm="pre", **settings):
    settings = {
        "vocabulary": VOCABULARY,
        "width": 8,
        "layers": 3,
        "heads": 2,
        "feed_forward_size": 16,
        "segment_length": segment,
        "memory_length": memory,
        "pad_id": 0,
        "dropout": 0.0,
        "embedding_dropout": 0.0,
        "norm": norm,
    } | settings
    generator = torch.Generator().manual_seed(0)
    decoder = TransformerXLDecoder(**settings).double().eval()
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return decoder


def drawn(rows, tokens, seed=1):
    return torch.randint(1, VOCABULARY, (rows, tokens), generator=torch.Generator().manual_seed(seed))


def one_long_pass(decoder, ids):
    """Every layer over the whole text at once: all pairs that the pattern `segment` has, of them the earlier keys."""
    place = torch.arange(ids.shape[1])
    first = place[:, None] // decoder.segment_length * decoder.segment_length
    hidden = (place > place[:, None]) | (place < first - decoder.memory_length)
    states = decoder.widen(decoder.embedding(ids)) * decoder.width**0.5
    for layer in decoder.layers:
        normed = layer.attention_norm(states) if layer.pre else states
        query, (key, value) = layer.attention.ask(normed), layer.attention.project(normed)
        shares = layer.attention.score(query, key).masked_fill(hidden, float("-inf")).softmax(-1)
        states = layer.after(states, layer.attention.output((shares @ value).transpose(1, 2).flatten(2)))
    return decoder.scores(states)


@pytest.mark.parametrize(("segment", "memory", "norm"), CASES)
def test_segments_in_turn_are_one_long_pass(segment, memory, norm):
    decoder = made(segment, memory, norm)
    for length in (1, 4, 5, 17):
        ids = drawn(2, length)
        torch.testing.assert_close(decoder(ids).logits, one_long_pass(decoder, ids), atol=1e-10, rtol=1e-8)


def test_what_a_token_sees_is_the_pattern_segment_with_the_keys_before_it():
    pattern = attention.pattern("segment", segment_length=3, memory_length=2)
    place = torch.arange(8)
    seen = pattern.count(0, 0, place[:, None], place, pattern.plan(8, 8)) > 0
    first = place[:, None] // 3 * 3
    assert torch.equal(seen, (place <= place[:, None]) & (place >= first - 2))


@pytest.mark.parametrize(("segment", "memory", "norm"), CASES)
@pytest.mark.parametrize("pieces", [(17,), (1,) * 17, (3, 1, 6, 1, 1, 5), (4, 4, 9)])
@torch.no_grad()
def test_reading_in_pieces_is_reading_at_once(segment, memory, norm, pieces):
    decoder, ids = made(segment, memory, norm), drawn(2, 17)
    state, found = decoder.start(rows=2), []
    for piece in ids.split(pieces, 1):
        logits, state = decoder.extend(piece, state)
        found.append(logits)
        assert state.filled <= segment + memory
    torch.testing.assert_close(torch.cat(found, 1), decoder(ids).logits, atol=1e-12, rtol=1e-10)


@torch.no_grad()
def test_rows_that_go_on_from_others_are_those_rows_read_anew():
    decoder, read, state = made(), drawn(3, 5), None
    _, state = decoder.extend(read, decoder.start(rows=3))
    orders = [[0, 0, 1, 1, 2, 2], [1, 0, 2, 3, 5, 5], [0, 1, 2, 3, 4, 5], [5, 0], [1, 1, 1]]
    for seed, order in enumerate(orders):
        order = torch.tensor(order)
        read = torch.cat([read[order], drawn(len(order), 1, seed=seed)], 1)
        logits, state = decoder.step(read[:, -1], decoder.reorder(state, order))
        torch.testing.assert_close(logits, decoder(read).logits[:, -1], atol=1e-12, rtol=1e-10)


@torch.no_grad()
def test_a_state_may_be_gone_on_from_twice():
    decoder, ids = made(3, 2), drawn(2, 9)
    for length in range(1, 8):
        _, state = decoder.extend(ids[:, :length], decoder.start(rows=2))
        decoder.extend(drawn(2, 6, seed=5), state)
        found, _ = decoder.extend(ids[:, length:], state)
        torch.testing.assert_close(found, decoder(ids).logits[:, length:])


def test_stretches_of_whole_segments_are_the_text_at_once():
    decoder, ids, memory, found = made(), drawn(2, 18), None, []
    for stretch in ids.split([8, 4, 6], 1):
        logits, memory = decoder.forward_from(stretch, memory)
        found.append(logits)
        assert [tuple(of_layer.shape) for of_layer in memory] == [(2, 4, 8)] * 3
    torch.testing.assert_close(torch.cat(found, 1), decoder(ids).logits)


def test_in_training_no_gradient_enters_the_memory_but_its_keys_and_values_learn():
    decoder, ids = made().train(), drawn(2, 4)
    _, memory = decoder.forward_from(drawn(2, 8, seed=2))
    assert not any(of_layer.requires_grad for of_layer in memory)
    logits, _ = decoder.forward_from(ids, memory)
    (alone,) = torch.autograd.grad(decoder(ids).logits.sum(), decoder.layers[0].attention.key_value.weight)
    (with_memory,) = torch.autograd.grad(logits.sum(), decoder.layers[0].attention.key_value.weight)
    assert not torch.allclose(alone, with_memory)
    torch.testing.assert_close(decoder(drawn(2, 11)).logits, decoder.eval()(drawn(2, 11)).logits)


def test_no_token_sees_what_comes_after_it():
    decoder, ids = made(), drawn(2, 11)
    changed = ids.clone()
    changed[:, 6:] = ids[:, 6:] % 10 + 1
    before, after = decoder(ids).logits, decoder(changed).logits
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.isclose(before[:, 6:], after[:, 6:]).all(-1).any()


@pytest.mark.parametrize("case", [{}, {"memory": 0}, {"embedding_size": 6}, {"tie": False, "norm": "post"}], ids=str)
def test_every_parameter_learns(case):
    decoder = made(**case).train()
    decoder(drawn(3, 9)).logits.square().sum().backward()
    still = [name for name, parameter in decoder.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert still == []


def test_gradients_go_back_through_pieces():
    decoder, ids, found = made(), drawn(2, 7), []
    state = decoder.start(rows=2)
    for piece in ids.split([3, 1, 3], 1):
        logits, state = decoder.extend(piece, state)
        found.append(logits)
    slope = torch.randn(2, 7, VOCABULARY, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    mine = torch.autograd.grad(torch.cat(found, 1), list(decoder.parameters()), slope)
    right = torch.autograd.grad(decoder(ids).logits, list(decoder.parameters()), slope)
    torch.testing.assert_close(mine, right)


def test_dropout_is_on_in_training_only():
    for dropout in ("dropout", "embedding_dropout", "attention_dropout"):
        decoder, ids = made(**{dropout: 0.5}), drawn(2, 6)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            assert not torch.equal(decoder.train()(ids).logits, decoder(ids).logits), dropout
        assert torch.equal(decoder.eval()(ids).logits, made()(ids).logits), dropout


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"segment": 0}, "segments of 0"), ({"memory": -1}, "memory of -1"), ({"heads": 3}, "into 3 heads")],
)
def test_sizes_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        made(**settings)


def test_a_source_is_refused():
    memory = torch.zeros(1, 2, 8, dtype=torch.float64)
    for asked in (lambda: made()(drawn(1, 2), memory), lambda: made().start(memory)):
        with pytest.raises(UsageError, match="does not attend to a source"):
            asked()
    with pytest.raises(ValueError, match="rows"):
        made().start()
