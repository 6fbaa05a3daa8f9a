"""Learned positions tiled, family by family: every copy reads as the first one did."""

import pytest
import torch
from tests.checkpoints import FAMILIES, SMALL
from transformers import AutoConfig, AutoModel, BartConfig, DebertaV2Config, MarianConfig

from regard import assets
from regard.attention import lengthen, use
from regard.encoders.lengthen import positions
from regard.errors import ModelError, UsageError

SIZE = 40
SEQ2SEQ = {f"{part}_{name}": value for part in ("encoder", "decoder") for name, value in
           {"layers": 1, "attention_heads": 2, "ffn_dim": 32}.items()}  # fmt: skip
MAKE = {
    **{family: FAMILIES[family] for family in ("bert", "roberta", "distilbert", "gpt2")},
    "bart": lambda size: BartConfig(vocab_size=size, d_model=16, max_position_embeddings=64, pad_token_id=1, **SEQ2SEQ),
}
# Tokens read before, rows of the table before those.
KNOWN = {"bert": (64, 0), "roberta": (65, 1), "distilbert": (64, 0), "gpt2": (64, 0), "bart": (64, 2)}


def made(config):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoModel.from_config(config).eval()


def table(model):
    names = ("position_embeddings", "wpe", "embed_positions")
    [name, *_] = [name for name, _ in model.named_parameters() if name.split(".")[-2] in names]
    return model.get_parameter(name).detach().clone()


@pytest.mark.parametrize("family", MAKE)
def test_positions_repeat_and_all_of_them_are_read(family, tmp_path):
    model = made(MAKE[family](SIZE))
    before, (most, offset) = table(model), KNOWN[family]
    ids = torch.randint(5, SIZE, (1, 60), generator=torch.Generator().manual_seed(1))
    expected = model(input_ids=ids).last_hidden_state
    assert positions(model) == most
    assert lengthen(model, 150) is model
    assert positions(model) == 150
    after = table(model)
    assert after.shape[0] == offset + 150
    assert torch.equal(after[:offset], before[:offset])
    assert all(torch.equal(after[offset + place], before[offset + place % most]) for place in range(150))
    torch.testing.assert_close(model(input_ids=ids).last_hidden_state, expected)
    long = torch.randint(5, SIZE, (2, 150), generator=torch.Generator().manual_seed(2))
    states = model(input_ids=long).last_hidden_state
    model.save_pretrained(tmp_path)
    again = AutoModel.from_pretrained(tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).max_position_embeddings == model.config.max_position_embeddings
    torch.testing.assert_close(again(input_ids=long).last_hidden_state, states)
    assert positions(again) == 150


@pytest.mark.parametrize("family", MAKE)
def test_with_a_pattern_before_or_after(family):
    long = torch.randint(5, SIZE, (2, 150), generator=torch.Generator().manual_seed(2))
    one = lengthen(use(made(MAKE[family](SIZE)), "window", left=4, right=4), 150)
    other = use(lengthen(made(MAKE[family](SIZE)), 150), "window", left=4, right=4)
    torch.testing.assert_close(one(input_ids=long).last_hidden_state, other(input_ids=long).last_hidden_state)


def test_an_encoder_with_a_pattern_is_lengthened_with_its_decoder(tmp_path):
    model = lengthen(use(made(MAKE["bart"](SIZE)), "window", part="encoder", left=4, right=4), 150)
    assert {model.config.max_position_embeddings, model.encoder.config.max_position_embeddings} == {150}
    model.save_pretrained(tmp_path)
    long = torch.randint(5, SIZE, (2, 150), generator=torch.Generator().manual_seed(2))
    again = AutoModel.from_pretrained(tmp_path)
    torch.testing.assert_close(again(input_ids=long).last_hidden_state, model(input_ids=long).last_hidden_state)


def test_gradients_reach_the_new_positions():
    model = lengthen(made(MAKE["roberta"](SIZE)), 150)
    model(input_ids=torch.full((1, 150), 7)).last_hidden_state.square().sum().backward()
    assert model.embeddings.position_embeddings.weight.grad[1:151].abs().sum(1).gt(0).all()


def test_the_same_length_is_no_change_and_fewer_are_refused():
    model = made(MAKE["bert"](SIZE))
    before = table(model)
    assert torch.equal(table(lengthen(model, 64)), before)
    with pytest.raises(UsageError, match="reads 64 tokens already"):
        lengthen(model, 63)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "config",
    [
        FAMILIES["modernbert"](SIZE),
        DebertaV2Config(vocab_size=SIZE, relative_attention=True, **SMALL),
        MarianConfig(vocab_size=SIZE, d_model=16, pad_token_id=1, decoder_start_token_id=1, **SEQ2SEQ),
    ],
    ids=["modernbert", "deberta", "marian"],
)
def test_models_without_learned_positions_are_refused(config):
    model = made(config)
    assert positions(model) is None
    with pytest.raises(UsageError, match="no learned positions") as caught:
        lengthen(model, 4096)
    assert caught.value.exit_code == 2


def test_the_real_minilm_reads_as_before():
    try:
        folder = assets.path("minilm")
    except ModelError:
        pytest.skip("the asset minilm is not in the cache: regard get minilm")
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    ids = torch.randint(2000, 20000, (1, 300), generator=torch.Generator().manual_seed(1))
    expected = model(input_ids=ids).last_hidden_state
    lengthen(model, 1024)
    torch.testing.assert_close(model(input_ids=ids).last_hidden_state, expected)
    assert model(input_ids=ids.repeat(1, 3)).last_hidden_state.shape[1] == 900
