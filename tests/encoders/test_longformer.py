"""Longformer: what transformers' returns with the same weights, output and gradients, whatever the padding."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.encoders import peers
from torch import Tensor
from transformers import LongformerConfig as TheirConfig
from transformers import LongformerModel

from regard.encoders import from_transformers
from regard.encoders.bert_weights import LAYER
from regard.encoders.longformer import GLOBAL, Longformer
from regard.errors import ModelError, UsageError

PAD = 1


def peer(window: int | list[int] = 4, **settings: Any) -> LongformerModel:
    """In single precision: in double, transformers' gradients are NaN where a whole window is padding."""
    torch.manual_seed(0)
    config = {**peers.TINY, "max_position_embeddings": 70, "pad_token_id": PAD, **settings}
    return LongformerModel(TheirConfig(attention_window=window, **config))


def chosen(ids: Tensor, places: list[list[int]]) -> Tensor:
    mask = torch.zeros_like(ids)
    for row, of_text in enumerate(places):
        mask[row, of_text] = 1
    return mask


def compare(their: LongformerModel, inputs: dict[str, Tensor], training: bool) -> None:
    own = from_transformers(their.train(training))
    assert own.training == training
    peers.compare(their, own, inputs, {**LAYER, **GLOBAL})


@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize("window", [4, [4, 8], 16], ids=str)
@pytest.mark.parametrize(
    "lengths", [(1,), (3,), (8,), (37,), (64, 64), (37, 20, 5), (9, 1)], ids=lambda lengths: "-".join(map(str, lengths))
)
def test_the_same_states_as_transformers(lengths, window, training):
    compare(peer(window), peers.texts(lengths, PAD), training)


@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize("window", [4, [4, 8]], ids=str)
@pytest.mark.parametrize(
    "places",
    [[[0], [0], [0]], [[0, 5, 6], [2], []], [[36], [19, 0], [4]], [list(range(37)), [1], [0, 30]]],
    ids=["first", "several", "last", "all"],
)
def test_the_same_states_with_global_tokens_of_each_text(places, window, training):
    inputs = peers.texts((37, 20, 5), PAD)
    mask = chosen(inputs["input_ids"], places)  # one of them is padding: no global token
    compare(peer(window), {**inputs, "global_attention_mask": mask}, training)


def test_padding_on_the_left_and_types():
    inputs = peers.texts((20, 11), PAD, left=True)
    types = torch.arange(20).expand(2, -1) % 2
    mask = chosen(inputs["input_ids"], [[0], [12]])
    compare(peer(4), {**inputs, "global_attention_mask": mask, "token_type_ids": types}, False)


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
def test_activations(activation):
    compare(peer(4, hidden_act=activation), peers.texts((12,), PAD), False)


def test_long_texts_in_pieces():
    """Longer than one piece of what follows attention, and than one block of the band."""
    their = peer(64, max_position_embeddings=3002).eval()
    inputs = peers.texts((3000, 700), PAD)
    inputs["global_attention_mask"] = chosen(inputs["input_ids"], [[0, 1500], [0]])
    own = from_transformers(their)
    with torch.inference_mode():
        difference = (own(**inputs).states - their(**inputs).last_hidden_state).abs()
    assert difference.max() < 1e-4


def test_weights_are_those_that_mix():
    own = from_transformers(peer(4).eval())
    inputs = peers.texts((12, 7), PAD)
    mask = chosen(inputs["input_ids"], [[0, 3], [2]])
    shown = own(**inputs, global_attention_mask=mask, need_weights=True).attentions
    assert [tuple(of_layer.shape) for of_layer in shown] == [(2, 2, 12, 12)] * 2
    rows = shown[0][inputs["attention_mask"][:, None].bool().expand(-1, 2, -1)]
    torch.testing.assert_close(rows.sum(-1), torch.ones_like(rows.sum(-1)))
    assert (shown[0][1, :, :, 7:] == 0).all()
    assert (shown[0][0, :, 0] > 0).all()
    assert (shown[0][0, :, :, 3] > 0).all()
    assert (shown[0][0, :, 11, 4:9] == 0).all()


def test_the_copy_is_one_of_its_own():
    their = peer()
    own = from_transformers(their)
    assert isinstance(own, Longformer)
    with torch.no_grad():
        their.embeddings.word_embeddings.weight.zero_()
    assert own.embeddings.tokens.weight.abs().sum() > 0


def test_a_text_beyond_the_learned_places_is_refused():
    own = from_transformers(peer(max_position_embeddings=12))
    with pytest.raises(ModelError, match=r"reaches place 21, but places were learned up to 11"):
        own(**peers.texts((20,), PAD))


def test_other_models_are_refused_by_name():
    from transformers import LongformerForMaskedLM

    with pytest.raises(UsageError, match="no encoder for a Linear"):
        from_transformers(torch.nn.Linear(2, 2))
    config = peer().config
    with pytest.raises(UsageError, match="LongformerForMaskedLM") as caught:
        from_transformers(LongformerForMaskedLM(config))
    assert "base_model" in caught.value.mend
