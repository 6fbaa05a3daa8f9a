"""The layers as plain functions give what the modules give, and stand back where modules are needed."""

import pytest
import torch
from torch import nn

from regard.decoders import lean
from regard.decoders.transformer import TransformerDecoder

CASES = [{}, {"norm": "post"}, {"embedding_size": 6}, {"tie": False, "memory_width": None}]


def made(**settings):
    settings = {"memory_width": 5} | settings
    with torch.random.fork_rng():
        torch.manual_seed(0)
        decoder = TransformerDecoder(
            vocabulary=11, width=8, layers=2, heads=2, feed_forward_size=16, max_length=16, pad_id=0,
            dropout=0.1, embedding_dropout=0.1, **settings
        )  # fmt: skip
    return decoder.eval()


def read(decoder, rows, pieces):
    generator = torch.Generator().manual_seed(1)
    memory = torch.randn(rows, 4, 5, generator=generator, dtype=decoder.embedding.weight.dtype)
    memory = memory if hasattr(decoder.layers[0], "memory_attention") else None
    ids = torch.randint(1, 11, (rows, sum(pieces)), generator=generator)
    state, found = decoder.start(memory, rows=rows), []
    for piece in ids.split(pieces, 1):
        logits, state = decoder.extend(piece, state)
        found.append(logits)
    return torch.cat(found, 1), state


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("rows", [1, 5])
def test_functions_give_what_modules_give(case, rows):
    decoder = made(**case).double()
    expected, slow = read(decoder, rows, (3, 1, 1))
    with torch.no_grad():
        found, fast = read(decoder, rows, (3, 1, 1))
    assert slow.lean is None
    assert fast.lean is not None
    torch.testing.assert_close(found, expected.detach(), atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_weights_in_another_order_give_the_same_scores(case, monkeypatch):
    monkeypatch.setattr(lean, "NUMBERS", 1)
    decoder = made(**case)
    expected, _ = read(decoder, 5, (3, 1, 1))
    with torch.inference_mode():
        found, state = read(decoder, 5, (3, 1, 1))
        assert (state.lean.output.ordered is not None) == torch.backends.mkldnn.is_available()
        assert read(decoder, 1, (1, 1))[1].lean.output.ordered is None
    torch.testing.assert_close(found, expected.detach(), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_weights_that_changed_count_for_the_next_text(monkeypatch):
    monkeypatch.setattr(lean, "NUMBERS", 1)
    decoder = made()
    before, _ = read(decoder, 5, (2,))
    decoder.layers[0].attention.projection.weight.data.mul_(2)
    after, _ = read(decoder, 5, (2,))
    decoder.layers[0].attention.register_forward_hook(lambda *_: None)
    by_modules, state = read(decoder, 5, (2,))
    assert state.lean is None
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after, by_modules, atol=1e-5, rtol=1e-4)


class Doubled(nn.Linear):
    def forward(self, states):
        return 2 * super().forward(states)


@torch.no_grad()
def test_a_layer_that_was_replaced_is_called():
    decoder = made()
    expected, _ = read(decoder, 2, (2,))
    other = decoder.layers[0].feed_forward.layers[3] = Doubled(16, 8)
    found, state = read(decoder, 2, (2,))
    assert state.lean is None
    other.weight *= 0.5
    assert not torch.allclose(found, read(decoder, 2, (2,))[0])
    assert not torch.allclose(found, expected)


@torch.no_grad()
def test_modules_are_called_in_training_and_under_autocast():
    decoder = made()
    with torch.autocast("cpu", torch.bfloat16):
        assert read(decoder, 2, (2,))[1].lean is None
    assert read(decoder, 2, (2,))[1].lean is not None
    with torch.random.fork_rng():
        assert read(decoder.train(), 2, (2,))[1].lean is None


def test_what_began_without_gradients_goes_on_with_them():
    decoder = made()
    with torch.no_grad():
        _, state = read(decoder, 2, (2,))
    logits, _ = decoder.extend(torch.ones(2, 1, dtype=torch.long), state)
    assert logits.requires_grad
