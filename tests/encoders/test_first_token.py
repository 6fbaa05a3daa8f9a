"""The last layer computed for the first token only, against transformers' own: outputs and gradients, in float64."""

import copy

import pytest
import torch
from scipy.stats import ks_2samp
from tests.checkpoints import FAMILIES as CONFIGURATIONS
from tests.checkpoints import SMALL
from transformers import AutoModelForSequenceClassification, CamembertConfig, ElectraConfig, XLMRobertaConfig

from regard.encoders.first_token import FAMILIES, read_first_token_only

VOCABULARY = 40
MAKE = {
    **CONFIGURATIONS,
    "xlm-roberta": lambda size: XLMRobertaConfig(vocab_size=size, max_position_embeddings=66, pad_token_id=0, **SMALL),
    "camembert": lambda size: CamembertConfig(vocab_size=size, max_position_embeddings=66, pad_token_id=0, **SMALL),
    "electra": lambda size: ElectraConfig(vocab_size=size, embedding_size=8, max_position_embeddings=64, **SMALL),
}
KEEP = torch.tensor([[1] * 9, [1] * 4 + [0] * 5, [1] + [0] * 8])
BATCHES = {"padded": KEEP, "whole": torch.ones_like(KEEP), "one token": KEEP[:, :1]}


def pair(family, attention="sdpa", **settings):
    """A classifier as transformers makes it, in float64 and evaluation mode, and the same one with its shortcut."""
    config = MAKE[family](VOCABULARY)
    config.num_labels = 3
    for name, value in settings.items():
        assert hasattr(config, name)
        setattr(config, name, value)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        plain = AutoModelForSequenceClassification.from_config(config, attn_implementation=attention).double().eval()
        for parameter in plain.parameters():  # biases begin at 0, and would hide what is done to them
            torch.nn.init.normal_(parameter, std=0.3)
    short = copy.deepcopy(plain)
    read_first_token_only(short)
    return plain, short


def inputs(keep=KEEP):
    generator = torch.Generator().manual_seed(1)
    return {
        "input_ids": torch.randint(5, VOCABULARY, keep.shape, generator=generator) * keep,
        "attention_mask": keep,
    }


def states_of_the_last_layer(model, batch):
    """How many tokens the last layer answered for."""
    seen = []
    stack = FAMILIES[model.config.model_type][0]
    layer = model.base_model.get_submodule(stack)[-1]
    hook = layer.register_forward_hook(lambda module, args, output: seen.append(output.shape[1]))
    model(**batch)
    hook.remove()
    return seen[0]


def test_every_family_is_tested():
    assert set(FAMILIES) <= set(MAKE)
    assert all(FAMILIES.get(MAKE[word](VOCABULARY).model_type) for word in FAMILIES)


@pytest.mark.parametrize("keep", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("family", FAMILIES)
def test_logits_and_gradients_are_those_of_transformers(family, attention, keep):
    plain, short = pair(family, attention)
    labels = torch.tensor([0, 2, 1])
    expected, found = (model(**inputs(keep), labels=labels) for model in (plain, short))
    assert states_of_the_last_layer(short, inputs(keep)) == 1
    torch.testing.assert_close(found.logits, expected.logits)
    expected.loss.backward()
    found.loss.backward()
    others = dict(short.named_parameters())
    assert set(others) == dict(plain.named_parameters()).keys()
    for name, parameter in plain.named_parameters():
        assert (parameter.grad is None) == (others[name].grad is None), name
        if parameter.grad is not None:
            torch.testing.assert_close(others[name].grad, parameter.grad, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_reach_embeddings_that_are_handed_in(family):
    slopes = []
    for model in pair(family):
        given = model.get_input_embeddings()(inputs()["input_ids"]).detach().requires_grad_()
        logits = model(inputs_embeds=given, attention_mask=KEEP).logits
        slopes.append(torch.autograd.grad(logits[:, 1].sum(), given)[0])
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("family", FAMILIES)
def test_who_asks_for_attentions_or_states_gets_all_of_them(family):
    plain, short = pair(family, "eager")
    for asked in ("output_attentions", "output_hidden_states"):
        expected, found = (model(**inputs(), **{asked: True}) for model in (plain, short))
        field = asked.removeprefix("output_")
        assert len(found[field]) == len(expected[field]) > 0
        torch.testing.assert_close(found[field], expected[field])
        setattr(short.config, asked, True)
        torch.testing.assert_close(short(**inputs())[field], expected[field])
        setattr(short.config, asked, False)
    expected, found = (model.base_model(**inputs()).last_hidden_state for model in (plain, short))
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("bert", {"attention_probs_dropout_prob": 0.4, "hidden_dropout_prob": 0.0}),
        ("bert", {"attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.4}),
        ("distilbert", {"attention_dropout": 0.4, "dropout": 0.0, "seq_classif_dropout": 0.0}),
        ("distilbert", {"attention_dropout": 0.0, "dropout": 0.4, "seq_classif_dropout": 0.0}),
    ],
    ids=["bert attention", "bert hidden", "distilbert attention", "distilbert hidden"],
)
def test_dropout_is_that_of_transformers(family, settings):
    """In training each draw differs; how the logits of one layer are spread over many draws does not."""
    draws = []
    for seed, model in enumerate(pair(family, num_hidden_layers=1, **settings)):
        model.train()
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(seed)
            ids = inputs()["input_ids"][:1].expand(10000, -1)
            draws.append(model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.numpy())
    for expected, found in zip(*(draw.T for draw in draws), strict=True):
        assert ks_2samp(expected, found).pvalue > 0.01


@pytest.mark.parametrize("family", ["gpt2", "modernbert"])
def test_other_families_are_left_alone(family):
    _, short = pair(family)
    assert not short._forward_pre_hooks


def test_decoders_and_projections_that_are_no_matrices_are_left_alone():
    _, decoder = pair("bert", is_decoder=True)
    assert not decoder._forward_pre_hooks
    plain, short = pair("bert")
    own = short.bert.encoder.layer[-1].attention.self
    own.key = torch.nn.Sequential(own.key)
    assert states_of_the_last_layer(short, inputs()) == KEEP.shape[1]
    torch.testing.assert_close(short(**inputs()).logits, plain(**inputs()).logits)


def test_a_copy_has_its_own_last_layer():
    _, short = pair("bert")
    again = copy.deepcopy(short)
    torch.nn.init.zeros_(again.bert.encoder.layer[-1].attention.self.value.weight)
    assert states_of_the_last_layer(again, inputs()) == 1
    assert not torch.equal(again(**inputs()).logits, short(**inputs()).logits)


def test_the_checkpoint_is_a_plain_one(tmp_path):
    plain, short = pair("bert")
    for name, model in {"plain": plain, "short": short}.items():
        model.save_pretrained(tmp_path / name)
    for file in ("config.json", "model.safetensors"):
        assert (tmp_path / "short" / file).read_bytes() == (tmp_path / "plain" / file).read_bytes()
