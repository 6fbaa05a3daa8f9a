"""Patterns inside checkpoints, against transformers' eager model with an explicit mask made of the definition."""

import copy
import json
import pickle
import subprocess
import sys

import pytest
import torch
from tests.checkpoints import FAMILIES as CONFIGURATIONS
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    BartConfig,
    BertModel,
    DebertaV2Config,
    Gemma2Config,
    LlamaConfig,
    MPNetConfig,
    T5Config,
)

from regard import assets
from regard.attention import lengthen, use
from regard.encoders.carrier import carriers, showing_weights
from regard.encoders.first_token import read_first_token_only
from regard.encoders.options import CheckpointOptions
from regard.encoders.pretrained import load_head
from regard.errors import ModelError, UsageError
from regard.nn.attention import pattern as make
from regard.nn.attention.reference import counts
from regard.registry import PATTERNS

SIZE, LENGTH = 40, 50
TINY = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
FAMILIES = {
    **CONFIGURATIONS,
    "modernbert": lambda size: _modern(size),
    "llama": lambda size: LlamaConfig(vocab_size=size, num_hidden_layers=2, num_key_value_heads=1, **TINY),
}
SETTINGS = {
    "full": {},
    "causal": {},
    "window": {"left": 3, "right": 5, "global_tokens": [0, 9]},
    "chunk": {"chunk_length": 7, "before": 1, "after": 1},
    "bigbird": {"block_size": 4, "random_blocks": 2},
    "segment": {"segment_length": 8, "memory_length": 4},
}
CAUSAL = ("gpt2", "llama")
# transformers' eager softmax is float32 in these, whatever the model is
CLOSE = {family: {"atol": 1e-5, "rtol": 1e-4} for family in ("llama", "modernbert")}


def _modern(size):
    config = CONFIGURATIONS["modernbert"](size)
    config.local_attention, config.num_hidden_layers = 8, 4
    config.layer_types = ["full_attention", "sliding_attention"] * 2
    return config


def classifier(family, **settings):
    """In float64, so that what differs differs by more than rounding."""
    config = FAMILIES[family](SIZE)
    config.num_labels, config.pad_token_id = 3, 0
    for name, value in settings.items():
        setattr(config, name, value)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForSequenceClassification.from_config(config).double().eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
    return model


def batch(length=LENGTH):
    keep = torch.ones(3, length, dtype=torch.long)
    keep[1, length // 2 :] = 0
    keep[2, 1:] = 0
    ids = torch.randint(5, SIZE, keep.shape, generator=torch.Generator().manual_seed(1)) * keep
    return {"input_ids": ids, "attention_mask": keep}


def masks(family, word, settings, keep, heads=2):
    """Additive masks of all pairs, from the definition: what transformers' eager attention takes as it is."""
    made, length = make(word, **settings), keep.shape[1]
    plan = made.plan(length, length, heads=heads, keep=keep.bool())
    met = counts(made, plan, len(keep), heads).double()
    place = torch.arange(length)
    if family in CAUSAL:
        met = met * (place[:, None] >= place)
    met = met * keep[:, None, None, :]

    def added(numbers):
        return numbers.log().clamp(min=-1e30)  # finite in float32 too, in which some families take their softmax

    if family != "modernbert":
        return added(met)
    near = (place[:, None] - place).abs() <= 4
    return {"full_attention": added(met), "sliding_attention": added(met * near)}


def real(states, keep):
    return states[keep.bool()]


@pytest.mark.parametrize("word", SETTINGS)
@pytest.mark.parametrize("family", FAMILIES)
def test_states_and_gradients_are_those_of_the_definition(family, word):
    inputs, model = batch(), classifier(family).base_model
    keep = inputs["attention_mask"]
    eager = copy.deepcopy(model)
    eager.set_attn_implementation("eager")
    use(model, word, **SETTINGS[word])
    mask = masks(family, word, SETTINGS[word], keep)
    expected = real(eager(input_ids=inputs["input_ids"], attention_mask=mask).last_hidden_state, keep)
    found = real(model(**inputs).last_hidden_state, keep)
    close = CLOSE.get(family, {})
    torch.testing.assert_close(found, expected, **close)
    slope = torch.randn(expected.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    (expected * slope).sum().backward()
    (found * slope).sum().backward()
    others = dict(model.named_parameters())
    for name, parameter in eager.named_parameters():
        if parameter.grad is not None:
            other = others[name].grad
            torch.testing.assert_close(other, parameter.grad, msg=lambda m, name=name: f"{name}: {m}", **close)


def test_every_pattern_but_lsh_is_tried():
    assert {*SETTINGS, "lsh"} == set(PATTERNS)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_window_wider_than_the_text_changes_nothing(family):
    inputs, model = batch(), classifier(family)
    expected = model(**inputs).logits
    use(model, "window", left=LENGTH, right=LENGTH)
    torch.testing.assert_close(model(**inputs).logits, expected)
    use(model, "window", left=2, right=2)
    assert (model(**inputs).logits - expected).abs().max() > 1e-3
    use(model, "full")
    torch.testing.assert_close(model(**inputs).logits, expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_and_loaded_it_is_the_same_model(family, tmp_path):
    inputs, model = batch(), classifier(family)
    plain = model(**inputs).logits
    use(model, "window", left=2, right=1, global_tokens=[0, 3])
    expected = model(**inputs).logits
    model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == "regard-patterned"
    assert config["base_model_type"] == family
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path, dtype=torch.float64)
    assert type(again) is type(model)
    torch.testing.assert_close(again(**inputs).logits, expected)
    assert (expected - plain).abs().max() > 1e-6
    base = AutoModel.from_pretrained(tmp_path, dtype=torch.float64)
    torch.testing.assert_close(
        base(**inputs).last_hidden_state[:, :1], model.base_model(**inputs).last_hidden_state[:, :1]
    )
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        torch.testing.assert_close(other(**inputs).logits, expected)


def test_plain_transformers_refuses_what_was_saved(tmp_path):
    use(classifier("bert"), "window", left=2, right=2).save_pretrained(tmp_path)
    script = f"""
from transformers import AutoModel, BertModel
for kind in (AutoModel, BertModel):
    try:
        kind.from_pretrained({str(tmp_path)!r})
    except ValueError as error:
        print("refused:", str(error)[:200].replace(chr(10), " "))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["refused"] * 2
    assert "regard-patterned" in done.stdout


def test_a_module_that_lost_its_pattern_does_not_run(tmp_path):
    use(classifier("bert"), "window", left=2, right=2).base_model.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="has lost its attention pattern"):
        BertModel.from_pretrained(tmp_path)(**batch())


def test_full_attention_does_not_come_back_unasked():
    model = use(classifier("bert"), "window", left=2, right=2)
    with pytest.raises(UsageError, match="carries an attention pattern"):
        model.set_attn_implementation("eager")


WRITING = {
    "window": {"left": 3, "right": 3, "global_tokens": [1]},
    "causal": {},
    "segment": {"segment_length": 4, "memory_length": 3},
    "chunk": {"chunk_length": 3},
    "chunk without a ring": {"chunk_length": 3, "before": 2, "after": 1, "wrap": False},
}


@pytest.mark.parametrize("word", WRITING)
@pytest.mark.parametrize("family", CAUSAL)
def test_generation_with_a_cache_sees_what_generation_without_sees(family, word):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(FAMILIES[family](SIZE)).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2, generator=torch.Generator().manual_seed(4))
    use(model, word.split()[0], **WRITING[word])
    ids = torch.randint(5, SIZE, (2, 9), generator=torch.Generator().manual_seed(1))
    options = {"max_new_tokens": 12, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    for keep in (torch.ones_like(ids), torch.tensor([[0] * 3 + [1] * 6, [1] * 9])):
        cached, anew = (
            model.generate(input_ids=ids, attention_mask=keep, use_cache=cache, **options) for cache in (True, False)
        )
        torch.testing.assert_close(cached, anew)
    # Position by position: a token at a time sees what the whole text at once sees.
    whole, cache = model(input_ids=ids).logits, None
    for place in range(ids.shape[1]):
        step = model(input_ids=ids[:, place : place + 1], past_key_values=cache, use_cache=True)
        cache = step.past_key_values
        torch.testing.assert_close(step.logits[:, 0], whole[:, place])


@pytest.mark.parametrize(
    ("word", "settings"), [("bigbird", {"block_size": 2}), ("chunk", {"chunk_length": 3, "after": 1})]
)
def test_a_pattern_that_changes_as_a_text_grows_keeps_nothing_that_was_read(word, settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = use(AutoModelForCausalLM.from_config(FAMILIES["gpt2"](SIZE)).eval(), word, **settings)
    ids = torch.randint(5, SIZE, (1, 9), generator=torch.Generator().manual_seed(1))
    options = {"max_new_tokens": 3, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    with pytest.raises(UsageError, match="changes as a text grows") as refused:
        model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **options)
    assert "use_cache=False" in refused.value.mend
    anew = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False, **options)
    assert anew.shape == (1, 12)


@pytest.mark.parametrize(("part", "refused"), [("encoder", False), ("decoder", True), (None, True)])
def test_only_what_writes_is_refused_such_a_pattern(part, refused, tmp_path):
    use(bart(AutoModelForSeq2SeqLM).float(), "bigbird", part=part, block_size=4).save_pretrained(tmp_path)
    options = CheckpointOptions()
    if refused:
        with pytest.raises(UsageError, match="changes as a text grows"):
            load_head("AutoModelForSeq2SeqLM", str(tmp_path), "a model that writes", labels=None, options=options)
        return
    model = load_head("AutoModelForSeq2SeqLM", str(tmp_path), "a model that writes", labels=None, options=options)
    ids = torch.randint(5, SIZE, (1, 9), generator=torch.Generator().manual_seed(1))
    both = [model.generate(input_ids=ids, max_new_tokens=4, use_cache=cache) for cache in (True, False)]
    assert torch.equal(*both)


def bart(cls=AutoModel):
    sizes = {f"{part}_{name}": value for part in ("encoder", "decoder") for name, value in
             {"layers": 2, "attention_heads": 2, "ffn_dim": 32}.items()}  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BartConfig(vocab_size=SIZE, d_model=16, max_position_embeddings=64, pad_token_id=0,
                            bos_token_id=1, eos_token_id=2, decoder_start_token_id=2, **sizes)  # fmt: skip
        model = cls.from_config(config).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2, generator=torch.Generator().manual_seed(4))
    return model


@pytest.mark.parametrize("part", ["encoder", "decoder", None])
def test_an_encoder_alone_leaves_decoder_and_cross_attention_as_they_are(part, tmp_path):
    inputs, settings = batch(), {"left": 2, "right": 3, "global_tokens": [0]}
    keep = inputs["attention_mask"]
    targets = inputs["input_ids"][:, :20]
    plain, model = bart(), bart()
    plain.set_attn_implementation("eager")
    use(model, "window", part=part, **settings)
    encoder_mask = masks("bart", "window", settings, keep) if part != "decoder" else keep
    states = plain.encoder(input_ids=inputs["input_ids"], attention_mask=encoder_mask).last_hidden_state
    ones = torch.ones_like(targets)
    decoder_mask = masks("gpt2", "window", settings, ones) if part != "encoder" else ones
    expected = plain.decoder(
        input_ids=targets, attention_mask=decoder_mask, encoder_hidden_states=states, encoder_attention_mask=keep
    ).last_hidden_state
    found = model(**inputs, decoder_input_ids=targets, decoder_attention_mask=ones)
    torch.testing.assert_close(real(found.encoder_last_hidden_state, keep), real(states, keep))
    torch.testing.assert_close(found.last_hidden_state, expected)
    model.save_pretrained(tmp_path)
    again = AutoModel.from_pretrained(tmp_path, dtype=torch.float64)
    torch.testing.assert_close(again(**inputs, decoder_input_ids=targets).last_hidden_state, found.last_hidden_state)
    assert (again.decoder.config._attn_implementation == "regard") == (part != "encoder")


def test_a_second_part_is_refused_because_only_one_is_saved():
    model = use(bart(), "window", part="encoder", left=2, right=2)
    with pytest.raises(UsageError, match="in its encoder already"):
        use(model, "window", part="decoder", left=2, right=2)
    use(model, "window", left=2, right=2)


REFUSED = {
    "t5": (lambda: T5Config(vocab_size=SIZE, d_model=16, d_kv=8, num_layers=1, num_heads=2, d_ff=32), "position_bias"),
    "mpnet": (lambda: MPNetConfig(vocab_size=SIZE, num_hidden_layers=1, **TINY), "can't be exchanged"),
    "deberta": (lambda: DebertaV2Config(vocab_size=SIZE, num_hidden_layers=1, **TINY), "can't be exchanged"),
    "gemma2": (
        lambda: Gemma2Config(vocab_size=SIZE, num_hidden_layers=1, num_key_value_heads=1, head_dim=8, **TINY),
        "softcap",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", REFUSED)
def test_what_can_carry_no_pattern_is_refused_and_left_as_it_was(family):
    config, why = REFUSED[family]
    model = AutoModel.from_config(config()).eval()
    before = model.config._attn_implementation
    with pytest.raises(UsageError, match=why) as caught:
        use(model, "window", left=2, right=2)
    assert caught.value.exit_code == 2
    assert model.config._attn_implementation == before
    assert not carriers(model)
    assert model.config.to_dict()["model_type"] == config().model_type


def test_attention_that_does_more_than_its_interface_says_is_refused():
    model = classifier("bert")
    own = model.bert.encoder.layer[0].attention.self
    plain = type(own).forward

    def doubled(*args, **keywords):
        states, weights = plain(own, *args, **keywords)
        return states * (2 if own.config._attn_implementation == "eager" else 1), weights

    own.forward = doubled
    with pytest.raises(UsageError, match="does more than"):
        use(model, "window", left=2, right=2)
    own.forward = lambda states, *args, **keywords: (states, None)
    with pytest.raises(UsageError, match="not all of its attention"):
        use(model, "window", left=2, right=2)


def test_words_and_settings_that_do_not_fit_are_refused():
    model = classifier("bert")
    with pytest.raises(UsageError, match="lsh hashes one vector"):
        use(model, "lsh")
    with pytest.raises(UsageError, match="no encoder apart"):
        use(model, "window", part="encoder")
    with pytest.raises(UsageError, match="left"):
        use(model, "window", left=-1)
    with pytest.raises(UsageError, match="unknown attention pattern"):
        use(model, "windows")
    use(model, "window", left=2, right=2)
    ids = batch()["input_ids"]
    with pytest.raises(UsageError, match=r"mask .* of pairs"):
        model(input_ids=ids, attention_mask=torch.ones(3, 1, LENGTH, LENGTH))


def test_packed_texts_are_refused():
    model = use(AutoModel.from_config(FAMILIES["gpt2"](SIZE)).eval(), "window", left=2, right=2)
    places = torch.tensor([[0, 1, 2, 0, 1, 2]])
    with pytest.raises(UsageError, match="no other mask is possible"):
        model(input_ids=places + 5, position_ids=places, use_cache=False)


class Largest(TorchDispatchMode):
    """The number of elements of the largest tensor made while it is on, which a tensor's views do not have."""

    elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for made in result if isinstance(result, tuple | list) else (result,):
            if isinstance(made, torch.Tensor):
                self.elements = max(self.elements, made.untyped_storage().nbytes() // made.element_size())
        return result


@pytest.mark.parametrize("word", ["window", "bigbird", "chunk"])
@pytest.mark.parametrize("family", ["bert", "gpt2", "modernbert"])
def test_nothing_as_large_as_all_pairs_is_made(family, word):
    length = 4096
    settings = {"window": {"left": 64, "right": 64, "global_tokens": [0]}, "bigbird": {"block_size": 16}, "chunk": {}}
    model = classifier(family).float()
    if family != "modernbert":
        lengthen(model, length)
    use(model, word, **settings[word])
    ids = torch.randint(5, SIZE, (1, length), generator=torch.Generator().manual_seed(1))
    keep = torch.ones_like(ids)
    keep[:, 4000:] = 0
    with Largest() as seen:
        model(input_ids=ids, attention_mask=keep).logits.sum().backward()
    assert seen.elements < length**2 / 3


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_with_the_shortcut_for_the_first_token_results_are_the_same(family):
    """The shortcut is off while a pattern is carried, whichever came first."""
    inputs, before, after = batch(), classifier(family), classifier(family)
    expected = use(classifier(family), "window", left=2, right=2)(**inputs).logits
    read_first_token_only(before)
    use(before, "window", left=2, right=2)
    use(after, "window", left=2, right=2)
    read_first_token_only(after)
    for model in (before, after):
        torch.testing.assert_close(model(**inputs).logits, expected)


def test_weights_are_shown_on_demand():
    inputs, model = batch(), classifier("bert")
    expected = use(model, "window", left=2, right=2, global_tokens=[0])(**inputs).logits
    with showing_weights(model):
        found = model(**inputs, output_attentions=True)
    torch.testing.assert_close(found.logits, expected)
    assert len(found.attentions) == 2
    whole = found.attentions[0][0]
    torch.testing.assert_close(whole.sum(-1), torch.ones(2, LENGTH, dtype=torch.float64))
    assert whole[:, 10, 13:].max() == 0
    assert whole[:, 10, 12].min() > 0


def test_dropout_of_weights_is_on_in_training_only():
    inputs = batch()
    model = use(
        classifier("bert", attention_probs_dropout_prob=0.5, hidden_dropout_prob=0.0), "window", left=2, right=2
    )
    with torch.random.fork_rng():
        torch.testing.assert_close(model(**inputs).logits, model(**inputs).logits)
        model.train()
        assert not torch.equal(model(**inputs).logits, model(**inputs).logits)


def test_a_changed_mask_is_another_pass():
    """The same tensor, changed in place, is no longer what was prepared for."""
    model = use(classifier("distilbert"), "window", left=2, right=2)
    ids, keep = batch()["input_ids"], torch.ones(3, LENGTH, dtype=torch.bool)
    first = model(input_ids=ids, attention_mask=keep).logits
    keep[:, 2] = False
    assert not torch.allclose(model(input_ids=ids, attention_mask=keep).logits, first)


def test_the_real_minilm_with_a_wide_window_is_itself():
    try:
        folder = assets.path("minilm")
    except ModelError:
        pytest.skip("the asset minilm is not in the cache: regard get minilm")
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    keep = torch.ones(2, 200, dtype=torch.long)
    keep[1, 120:] = 0
    ids = torch.randint(2000, 20000, keep.shape, generator=torch.Generator().manual_seed(1)) * keep
    plain = model(input_ids=ids, attention_mask=keep).last_hidden_state
    use(model, "window", left=256, right=256)
    torch.testing.assert_close(
        real(model(input_ids=ids, attention_mask=keep).last_hidden_state, keep), real(plain, keep), atol=1e-5, rtol=1e-5
    )
    settings = {"left": 8, "right": 8, "global_tokens": [0]}
    eager = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager").eval()
    heads = model.config.num_attention_heads
    mask = masks("bert", "window", settings, keep, heads).float()
    expected = eager(input_ids=ids, attention_mask=mask).last_hidden_state
    found = use(model, "window", **settings)(input_ids=ids, attention_mask=keep).last_hidden_state
    torch.testing.assert_close(real(found, keep), real(expected, keep), atol=1e-5, rtol=1e-5)
