"""BigBird: what transformers' returns with the same weights, in its two modes, whatever the length and the padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.encoders import peers
from torch import Tensor
from transformers import BigBirdConfig as TheirConfig
from transformers import BigBirdModel

from regard.encoders import from_transformers
from regard.encoders.bert_weights import LAYER
from regard.encoders.bigbird import Bigbird, BigbirdConfig, BigbirdEncoder
from regard.encoders.bigbird_draw import draw_training
from regard.errors import ModelError, UsageError

PAD = 0


def peer(**settings: Any) -> BigBirdModel:
    torch.manual_seed(0)
    config = {**peers.TINY, "max_position_embeddings": 120, "pad_token_id": PAD, "block_size": 4, **settings}
    return BigBirdModel(TheirConfig(**config))


def compare(their: BigBirdModel, inputs: dict[str, Tensor], training: bool) -> None:
    own = from_transformers(their.train(training))
    before = np.random.get_state()[1].copy()
    own(**inputs)
    assert (np.random.get_state()[1] == before).all(), "NumPy's global generator was touched"
    peers.compare(their, own, inputs, LAYER)


@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize("random", [1, 2, 3], ids=lambda number: f"random{number}")
@pytest.mark.parametrize(
    "lengths",
    [(1,), (20,), (28,), (29,), (44,), (45,), (80, 80), (101,), (93, 60, 7)],
    ids=lambda lengths: "-".join(map(str, lengths)),
)
def test_the_same_states_as_transformers(lengths, random, training):
    """From (5 + 2 * random) * 4 tokens down, attention is full."""
    compare(peer(num_random_blocks=random), peers.texts(lengths, PAD), training)


@pytest.mark.parametrize(("length", "longest", "block"), [(1024, 1024, 64), (1000, 4096, 64), (3072, 4096, 128)])
def test_the_lengths_of_the_paper(length, longest, block):
    """They are drawn by another rule, in training. In float64: gradients are sums over thousands of tokens."""
    their = peer(max_position_embeddings=longest, block_size=block, num_random_blocks=3).double()
    compare(their, peers.texts((length,), PAD), True)


@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
def test_settings_of_the_configuration(training):
    their = peer(num_random_blocks=1, use_bias=False, rescale_embeddings=True, hidden_act="gelu", num_hidden_layers=3)
    inputs = peers.texts((60, 33), PAD)
    compare(their, {**inputs, "token_type_ids": torch.arange(60).expand(2, -1) % 2}, training)
    compare(peer(attention_type="original_full"), peers.texts((60, 33), PAD), training)


def test_padding_on_the_left():
    compare(peer(num_random_blocks=1), peers.texts((60, 47), PAD, left=True), False)


def test_long_texts_in_pieces():
    their = peer(max_position_embeddings=3000, block_size=16).eval()
    own, inputs = from_transformers(their), peers.texts((2900, 1700), PAD)
    with torch.inference_mode():
        difference = (own(**inputs).states - their(**inputs).last_hidden_state).abs()
    assert difference.max() < 1e-4


def test_a_short_text_does_not_change_a_long_one():
    """transformers' model turns to full attention for good; what is made of it afterwards is sparse all the same."""
    their, inputs = peer(num_random_blocks=1).eval(), peers.texts((80,), PAD)
    expected = their(**inputs).last_hidden_state
    their(**peers.texts((9,), PAD))
    own = from_transformers(their)
    own(**peers.texts((9,), PAD))
    torch.testing.assert_close(own(**inputs).states, expected, atol=2e-5, rtol=1e-5)


def test_blocks_drawn_in_training_are_never_met_anyhow():
    drawn = draw_training(length=400, block=4, number=3, heads=2, longest=400, seed=1)
    assert drawn.shape == (2, 100, 3)
    own = torch.arange(100)[:, None]
    middle = drawn[:, 1:-1]
    assert ((middle - own[1:-1]).abs() > 1).all()
    assert ((middle > 0) & (middle < 11)).all()


def test_weights_are_those_that_mix():
    own = from_transformers(peer(num_random_blocks=1).eval())
    inputs = peers.texts((40, 30), PAD)
    shown = own(**inputs, need_weights=True).attentions
    assert [tuple(of_layer.shape) for of_layer in shown] == [(2, 2, 40, 40)] * 2
    torch.testing.assert_close(shown[0].sum(-1), torch.ones(2, 2, 40))
    assert (shown[1][1, :, :, 30:] == 0).all()
    assert (shown[1][0, :, 20, 28:36] == 0).all()


def test_a_network_of_ours_draws_for_each_text_alone():
    """Random blocks and the last block are those of the text's own length, in whatever batch it stands."""
    torch.manual_seed(0)
    config = BigbirdConfig(
        hidden_size=16,
        heads=2,
        embedding_size=16,
        max_position_embeddings=80,
        block_size=4,
        random_blocks=2,
        dropout=0.0,
    )
    encoder, states = BigbirdEncoder(config).double(), torch.randn(3, 80, 16, dtype=torch.float64)
    lengths = (80, 47, 6)
    keep = torch.arange(80) < torch.tensor(lengths)[:, None]
    together = encoder(states, keep).states
    for row, length in enumerate(lengths):
        alone = encoder(states[row : row + 1, :length], keep[row : row + 1, :length]).states[0]
        torch.testing.assert_close(together[row, :length], alone)


def test_what_is_refused():
    own = from_transformers(peer(max_position_embeddings=12))
    assert isinstance(own, Bigbird)
    with pytest.raises(ModelError, match=r"reaches place 19, but places were learned up to 11"):
        own(**peers.texts((20,), PAD))
    with pytest.raises(UsageError, match="decoder"):
        from_transformers(peer(is_decoder=True, attention_type="original_full"))
