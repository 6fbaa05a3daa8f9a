"""The Transformer's decoder: read at once, in pieces, token by token and as beams; against torch's own layers."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from regard.decoders.transformer import TransformerDecoder
from regard.errors import UsageError

VOCABULARY, WIDTH = 11, 8
CASES = [
    {},
    {"norm": "post"},
    {"positions": "sinusoidal"},
    {"embedding_size": 6, "tie": False},
    {"embedding_size": 6, "positions": "sinusoidal", "norm": "post"},
    {"memory_width": None},
]


def made(**settings):
    settings = {
        "vocabulary": VOCABULARY,
        "width": WIDTH,
        "layers": 2,
        "heads": 2,
        "feed_forward_size": 16,
        "memory_width": 5,
        "max_length": 16,
        "pad_id": 0,
        "dropout": 0.0,
        "embedding_dropout": 0.0,
    } | settings
    generator = torch.Generator().manual_seed(0)
    decoder = TransformerDecoder(**settings).double().eval()
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return decoder


def drawn(rows, tokens, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(1, VOCABULARY, (rows, tokens), generator=generator)


def remembered(decoder, rows, tokens=7, seed=2):
    """A memory whose rows are unequally long, and which of it is real; nothing for a language model."""
    if not hasattr(decoder.layers[0], "memory_attention"):
        return None, None
    generator = torch.Generator().manual_seed(seed)
    memory = torch.randn(rows, tokens, 5, generator=generator, dtype=torch.float64)
    return memory, torch.arange(tokens) < torch.tensor([tokens, 3, 1, 5])[:rows, None]


def begun(decoder, rows, **keywords):
    memory, keep = remembered(decoder, rows, **keywords)
    return decoder.start(memory, keep, rows=rows)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("pieces", [(9,), (1,) * 9, (4, 1, 1, 3), (1, 5, 3)])
@torch.no_grad()
def test_reading_in_pieces_is_reading_at_once(case, pieces):
    decoder, ids = made(**case), drawn(3, 9)
    memory, keep = remembered(decoder, 3)
    state, found = decoder.start(memory, keep, rows=3), []
    for piece in ids.split(pieces, 1):
        logits, state = decoder.extend(piece, state)
        found.append(logits)
    assert state.length == 9
    torch.testing.assert_close(torch.cat(found, 1), decoder(ids, memory, keep).logits, atol=1e-12, rtol=1e-10)
    stepped = decoder.step(ids[:, 0], decoder.start(memory, keep, rows=3))[0]
    torch.testing.assert_close(stepped, found[0][:, 0])


def torch_layer(block, **settings):
    """torch's own layer with the weights of ours; WIDTH is the memory's width too."""
    layer = nn.TransformerDecoderLayer(WIDTH, 2, 16, 0.0, F.gelu, batch_first=True, norm_first=block.pre).double()
    met = block.memory_attention
    pairs = [
        (layer.self_attn.in_proj_weight, block.attention.projection.weight),
        (layer.self_attn.in_proj_bias, block.attention.projection.bias),
        (layer.multihead_attn.in_proj_weight, torch.cat([met.query.weight, met.key_value.weight])),
        (layer.multihead_attn.in_proj_bias, torch.cat([met.query.bias, met.key_value.bias])),
    ]
    modules = [
        (layer.self_attn.out_proj, block.attention.output),
        (layer.multihead_attn.out_proj, met.output),
        (layer.linear1, block.feed_forward.layers[0]),
        (layer.linear2, block.feed_forward.layers[3]),
        (layer.norm1, block.attention_norm),
        (layer.norm2, block.memory_norm),
        (layer.norm3, block.feed_forward_norm),
    ]
    pairs += [(getattr(theirs, name), getattr(ours, name)) for theirs, ours in modules for name in ("weight", "bias")]
    for theirs, ours in pairs:
        theirs.data.copy_(ours)
    return layer


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_layers_are_those_of_torch(norm):
    decoder, ids = made(norm=norm, memory_width=WIDTH), drawn(3, 6)
    generator = torch.Generator().manual_seed(2)
    memory = torch.randn(3, 4, WIDTH, generator=generator, dtype=torch.float64)
    keep = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]]).bool()
    states = (decoder.embedding(ids) + decoder.positions.table.weight[:6]) * WIDTH**0.5
    later = torch.ones(6, 6, dtype=torch.bool).triu(1)
    for block in decoder.layers:
        states = torch_layer(block)(states, memory, tgt_mask=later, memory_key_padding_mask=~keep)
    expected = decoder.norm(states) @ decoder.embedding.weight.T + decoder.output_bias
    torch.testing.assert_close(decoder(ids, memory, keep).logits, expected)


REORDERS = {
    "beams": [[0, 0, 1, 1, 2, 2], [1, 0, 2, 3, 5, 5], [4, 4, 0, 1, 3, 2]],
    "sentences leave": [[0, 0, 0, 1, 1, 1, 2, 2, 2], [1, 0, 1, 8, 6, 7], [3, 3, 5]],
    "unequal": [[0, 1, 1, 2], [3, 2, 2, 0, 0], [4, 1, 1]],
    "beams of beams": [[2, 2, 0, 0], [1, 1, 0, 0, 2, 2, 3, 3], [7, 5, 4, 6, 0, 3]],
    "permuted": [[2, 0, 1], [1, 2, 0], [0, 1, 2]],
    "best of beams": [[0, 0, 1, 1, 2, 2], [1, 2, 4], [2, 2, 0, 0]],
    "one row": [[0, 0, 0, 0], [3, 3, 0, 1], [2]],
}


@pytest.mark.parametrize("case", [{}, {"memory_width": None}, {"positions": "sinusoidal"}], ids=str)
@pytest.mark.parametrize("orders", REORDERS.values(), ids=REORDERS.keys())
@pytest.mark.parametrize("prompt", [0, 1, 3])
@torch.no_grad()
def test_rows_that_go_on_from_others_are_those_rows_read_anew(case, orders, prompt):
    """After each order a token, and after the last one two more at once."""
    decoder, read = made(**case), drawn(3, prompt)
    state, sentence = begun(decoder, 3), torch.arange(3)
    memory, keep = remembered(decoder, 3)
    if prompt:
        _, state = decoder.extend(read, state)
    for seed, order in enumerate([*orders, None]):
        if order is not None:
            order = torch.tensor(order)
            state, sentence, read = decoder.reorder(state, order), sentence[order], read[order]
        new = drawn(len(read), 1 if order is not None else 2, seed=seed)
        logits, state = decoder.extend(new, state)
        read = torch.cat([read, new], 1)
        of_rows = (None, None) if memory is None else (memory[sentence], keep[sentence])
        expected = decoder(read, *of_rows).logits[:, -new.shape[1] :]
        torch.testing.assert_close(logits, expected, atol=1e-12, rtol=1e-10)


@torch.no_grad()
def test_a_state_may_be_gone_on_from_twice():
    decoder = made()
    _, state = decoder.extend(drawn(2, 3), begun(decoder, 2))
    first, second = drawn(2, 4, seed=3), drawn(2, 4, seed=4)
    once, after_first = decoder.extend(first, state)
    decoder.extend(second, state)
    torch.testing.assert_close(decoder.extend(first, state)[0], once)
    expected = decoder(torch.cat([drawn(2, 3), first, second], 1), *remembered(decoder, 2)).logits
    torch.testing.assert_close(decoder.extend(second, after_first)[0], expected[:, 7:])


def test_what_was_read_in_inference_mode_can_be_gone_on_from_outside_it():
    decoder, ids = made(), drawn(2, 6)
    with torch.inference_mode():
        _, state = decoder.extend(ids[:, :4], begun(decoder, 2))
    with torch.no_grad():
        found, _ = decoder.extend(ids[:, 4:], state)
    torch.testing.assert_close(found, decoder(ids, *remembered(decoder, 2)).logits[:, 4:])


def test_gradients_go_back_through_pieces():
    decoder, ids = made(), drawn(2, 6)
    memory, keep = remembered(decoder, 2)
    state, found = decoder.start(memory, keep), []
    for piece in ids.split(2, 1):
        logits, state = decoder.extend(piece, state)
        found.append(logits)
    slope = torch.randn(2, 6, VOCABULARY, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    mine = torch.autograd.grad(torch.cat(found, 1), list(decoder.parameters()), slope)
    right = torch.autograd.grad(decoder(ids, memory, keep).logits, list(decoder.parameters()), slope)
    torch.testing.assert_close(mine, right)


def test_no_token_sees_what_comes_after_it():
    decoder, ids = made(), drawn(2, 8)
    memory, keep = remembered(decoder, 2)
    changed = ids.clone()
    changed[:, 5:] = ids[:, 5:] % 10 + 1
    before, after = (decoder(read, memory, keep).logits for read in (ids, changed))
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.isclose(before[:, 5:], after[:, 5:]).all(-1).any()


def test_padding_of_the_memory_changes_nothing_and_all_the_rest_counts():
    decoder, ids = made(), drawn(3, 4)
    memory, keep = remembered(decoder, 3)
    found = decoder(ids, memory, keep).logits
    elsewhere = torch.where(keep[..., None], memory, memory.flip(0) + 1)
    torch.testing.assert_close(decoder(ids, elsewhere, keep).logits, found)
    torch.testing.assert_close(decoder(ids[1:2], memory[1:2, :3]).logits, found[1:2])
    memory.requires_grad_()
    (of_memory,) = torch.autograd.grad(decoder(ids, memory, keep).logits.sum(), memory)
    assert torch.equal(of_memory.abs().sum(-1) > 0, keep)


def test_a_memory_without_a_token_gives_finite_scores_and_gradients():
    decoder, ids, keep = made(), drawn(2, 3), torch.zeros(2, 4, dtype=torch.bool)
    memory = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    output = decoder(ids, memory, keep, need_weights=True)
    output.logits.sum().backward()
    assert output.logits.isfinite().all()
    assert memory.grad.isfinite().all()
    torch.testing.assert_close(decoder.extend(ids, decoder.start(memory, keep))[0], output.logits)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_parameter_learns(case):
    decoder = made(**case).train()
    decoder(drawn(3, 6), *remembered(decoder, 3)).logits.square().sum().backward()
    still = [name for name, parameter in decoder.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert still == []


def test_one_embedding_reads_writes_and_may_be_the_source_s_too():
    source = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0)
    begin = source.weight.detach().clone()
    decoder = TransformerDecoder(
        vocabulary=VOCABULARY,
        width=WIDTH,
        layers=1,
        heads=2,
        feed_forward_size=16,
        memory_width=5,
        max_length=16,
        pad_id=0,
        dropout=0.0,
        embedding_dropout=0.0,
        embedding=source,
    )
    assert decoder.embedding is source
    torch.testing.assert_close(source.weight, begin)
    shapes = [tuple(parameter.shape) for parameter in decoder.parameters()]
    assert shapes.count((VOCABULARY, WIDTH)) == 1
    assert [tuple(p.shape) for p in made(tie=False).parameters()].count((VOCABULARY, WIDTH)) == 2


@pytest.mark.parametrize("case", CASES, ids=str)
def test_scores_begin_near_the_size_of_one(case):
    settings = {"memory_width": 64, "embedding_size": None} | case
    with torch.random.fork_rng():
        torch.manual_seed(0)
        decoder = TransformerDecoder(
            vocabulary=200, width=64, layers=2, heads=2, feed_forward_size=128, max_length=16, pad_id=0,
            dropout=0.0, embedding_dropout=0.0, **settings
        )  # fmt: skip
    ids = torch.randint(1, 200, (4, 16), generator=torch.Generator().manual_seed(1))
    memory = torch.randn(4, 5, 64, generator=torch.Generator().manual_seed(2))
    logits = decoder(ids, memory if settings["memory_width"] else None).logits
    assert 0.4 < logits.std() < 2.0


def test_weights_of_each_layer_say_what_was_taken_of_the_memory():
    decoder, ids = made(), drawn(3, 4)
    memory, keep = remembered(decoder, 3)
    plain, shown = decoder(ids, memory, keep), decoder(ids, memory, keep, need_weights=True)
    torch.testing.assert_close(plain.logits, shown.logits)
    assert plain.attentions is None
    assert [tuple(of_layer.shape) for of_layer in shown.attentions] == [(3, 2, 4, 7)] * 2
    for of_layer in shown.attentions:
        torch.testing.assert_close(of_layer.sum(-1), torch.ones(3, 2, 4, dtype=torch.float64))
        assert torch.equal(of_layer > 0, keep[:, None, None].expand_as(of_layer))
    assert made(memory_width=None)(ids, need_weights=True).attentions is None


def test_dropout_is_on_in_training_only():
    for dropout in ("dropout", "embedding_dropout", "attention_dropout"):
        decoder, ids = made(**{dropout: 0.5}), drawn(2, 6)
        given = remembered(decoder, 2)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            assert not torch.equal(decoder.train()(ids, *given).logits, decoder(ids, *given).logits), dropout
        assert torch.equal(decoder.eval()(ids, *given).logits, made()(ids, *given).logits), dropout


def test_a_text_longer_than_the_learned_positions_says_how_to_mend_it():
    decoder = made()
    with pytest.raises(UsageError, match="17 tokens, but this decoder's learned positions end at 16") as error:
        decoder(drawn(1, 17), *remembered(decoder, 1))
    assert "sinusoidal" in error.value.mend
    _, state = decoder.extend(drawn(1, 16), begun(decoder, 1))
    with pytest.raises(UsageError, match="17 tokens"):
        decoder.step(drawn(1, 1)[:, 0], state)
    assert made(positions="sinusoidal")(drawn(1, 40), *remembered(decoder, 1)).logits.shape == (1, 40, VOCABULARY)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(UsageError, match="8 does not divide into 3 heads"):
        made(heads=3)


def test_a_language_model_s_start_needs_the_number_of_rows():
    with pytest.raises(ValueError, match="rows"):
        made(memory_width=None).start()
