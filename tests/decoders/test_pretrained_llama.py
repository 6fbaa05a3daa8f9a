"""Llama's kind by our own decoder: the logits of transformers, however a text is cut, reordered or gone on from."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config

from regard.decoders import llama, llama_weights
from regard.decoders.int8 import Int8Linear, quantise, rounded
from regard.decoders.llama import LlamaDecoder
from regard.decoders.pretrained import CausalDecoder, causal_decoder
from regard.errors import UsageError
from regard.nn import search

SIZES = {
    "vocab_size": 61,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 2048,
}
LONG = {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
CONFIGS = {
    "grouped": LlamaConfig(**SIZES, num_key_value_heads=2),
    "tied": LlamaConfig(**SIZES, num_key_value_heads=4, tie_word_embeddings=True, rope_theta=500.0),
    "one key head, wide, biases": LlamaConfig(
        **SIZES, num_key_value_heads=1, head_dim=10, attention_bias=True, mlp_bias=True
    ),
    "turned for length": LlamaConfig(**SIZES, rope_parameters={**LONG, "original_max_position_embeddings": 16}),
    "mistral": MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=None),
    "qwen2": Qwen2Config(**SIZES, num_key_value_heads=2),
}
OTHERS = {
    "window": MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=8),
    "turned by length": LlamaConfig(
        **SIZES, rope_parameters={"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}
    ),
    "another gate": LlamaConfig(**SIZES, hidden_act="gelu"),
}


def made(config, dtype=torch.float32, **keywords):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(config, **keywords).to(dtype).eval()
        for parameter in model.parameters():  # as far apart as trained ones; norms and biases too
            parameter.data.normal_(1.0 if parameter.ndim == 1 else 0.0, 0.2)
    return model


def ids_of(rows, tokens, seed=0):
    return torch.randint(0, SIZES["vocab_size"], (rows, tokens), generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=CONFIGS, scope="module")
def model(request):
    return made(CONFIGS[request.param])


def test_the_logits_are_those_of_transformers(model):
    decoder, ids = causal_decoder(model), ids_of(3, 23)
    assert isinstance(decoder, LlamaDecoder)
    with torch.no_grad():
        expected = model(ids).logits
    torch.testing.assert_close(decoder(ids).logits, expected, atol=1e-4, rtol=1e-5)
    assert expected.std() > 0.1, "logits that say something"


def test_the_likeliest_tokens_are_those_of_generate(model):
    decoder, ids = causal_decoder(model), ids_of(2, 5)
    given = {"attention_mask": torch.ones_like(ids), "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    expected = model.generate(ids, max_new_tokens=20, **given)[:, 5:]
    _, state = decoder.extend(ids[:, :-1], decoder.start(rows=2))
    found = search.greedy(decoder, state, ids[:, -1], end=None, max_tokens=20)
    assert [row.ids for row in found] == expected.tolist()


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CONFIGS)), st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(1, 3))
def test_pieces_give_what_the_whole_gives(word, lengths, rows):
    decoder = llama_weights.of_llama(made(CONFIGS[word], torch.float64))
    ids, state, read = ids_of(rows, sum(lengths)), decoder.start(rows=rows), []
    for piece in ids.split(lengths, 1):
        logits, state = decoder.extend(piece, state)
        read.append(logits)
    torch.testing.assert_close(torch.cat(read, 1), decoder(ids).logits, atol=1e-11, rtol=0)


def test_a_text_longer_than_a_piece_and_its_room_is_read_whole(monkeypatch):
    monkeypatch.setattr(llama, "PIECE", 7)
    monkeypatch.setattr(llama, "SMALLEST", 4)
    decoder, ids = llama_weights.of_llama(made(CONFIGS["grouped"], torch.float64)), ids_of(2, 31)
    logits, state = decoder.extend(ids[:, :30], decoder.start(rows=2))
    last, _ = decoder.step(ids[:, 30], state)
    torch.testing.assert_close(torch.cat([logits, last[:, None]], 1), decoder(ids).logits, atol=1e-11, rtol=0)


def test_rows_are_left_repeated_and_exchanged():
    decoder, ids = llama_weights.of_llama(made(CONFIGS["grouped"], torch.float64)), ids_of(3, 6)
    _, state = decoder.extend(ids, decoder.start(rows=3))
    for rows in ([1], [2, 0], [0, 0, 1, 2, 2]):
        new = ids_of(len(rows), 1, seed=5)
        logits, _ = decoder.step(new[:, 0], decoder.reorder(state, torch.tensor(rows)))
        whole = decoder(torch.cat([ids[rows], new], 1)).logits[:, -1]
        torch.testing.assert_close(logits, whole, atol=1e-11, rtol=0)


def test_two_can_go_on_from_one_state():
    decoder, ids = llama_weights.of_llama(made(CONFIGS["grouped"], torch.float64)), ids_of(1, 9)
    _, begun = decoder.extend(ids[:, :4], decoder.start(rows=1))
    states = [decoder.extend(ids[:, start : start + 2], begun)[1] for start in (4, 6)]
    for state, start in zip(states, (4, 6), strict=True):
        logits, _ = decoder.step(ids[:, 8], state)
        whole = torch.cat([ids[:, :4], ids[:, start : start + 2], ids[:, 8:]], 1)
        torch.testing.assert_close(logits, decoder(whole).logits[:, -1], atol=1e-11, rtol=0)


def test_more_tokens_than_positions_are_refused():
    model = made(LlamaConfig(**{**SIZES, "max_position_embeddings": 8}))
    for decoder in (causal_decoder(model), CausalDecoder(model)):
        _, state = decoder.extend(ids_of(1, 8), decoder.start(rows=1))
        with pytest.raises(UsageError, match="9 tokens"):
            decoder.step(ids_of(1, 1)[:, 0], state)


def test_the_model_is_not_changed_and_what_it_learns_later_is_not_seen():
    model, ids = made(CONFIGS["tied"]), ids_of(1, 6)
    with torch.no_grad():
        before = model(ids).logits
        decoder = causal_decoder(model)
        assert torch.equal(model(ids).logits, before)
        for parameter in model.parameters():
            parameter.add_(0.1)
    torch.testing.assert_close(decoder(ids).logits, before, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("word", OTHERS)
def test_what_is_computed_otherwise_stays_with_transformers(word):
    model = made(OTHERS[word])
    assert isinstance(causal_decoder(model), CausalDecoder)
    with pytest.raises(UsageError, match="int8"):
        causal_decoder(model, int8=True)


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft asks transformers for it
def test_a_model_with_adapters_stays_with_transformers():
    peft = pytest.importorskip("peft")
    model = made(CONFIGS["grouped"])
    settings = peft.LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["q_proj"])
    assert isinstance(causal_decoder(peft.get_peft_model(model, settings)), CausalDecoder)


def test_rounded_weights_are_off_by_half_a_step_at_most():
    weight = torch.randn(7, 30, generator=torch.Generator().manual_seed(0)) * torch.arange(7)[:, None]
    whole, scales = rounded(weight)
    error = (whole * scales[:, None] - weight).abs()
    assert (error <= scales[:, None] / 2 + 1e-7).all()
    assert whole.abs().amax(1).tolist() == [0, 127, 127, 127, 127, 127, 127]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rows", [1, 5, 70])
def test_the_kernel_computes_what_spread_weights_do(bias, rows):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        linear, states = Int8Linear.of(torch.nn.Linear(128, 48, bias=bias)), torch.randn(2, rows, 128)
    assert linear.has_kernel(states)
    found, expected = linear(states), linear.spread(states) + (linear.bias if bias else 0)
    assert found.shape == expected.shape
    assert (found - expected).std() < 0.01 * expected.std(), "bfloat16 keeps two to three digits"


def test_the_kernel_is_left_alone_where_it_would_read_beyond_the_weights():
    linear = Int8Linear.of(torch.nn.Linear(24, 5))
    assert not linear.has_kernel(torch.zeros(1, 24))
    assert linear(torch.zeros(2, 3, 24)).shape == (2, 3, 5)


LARGER = {**SIZES, "hidden_size": 64, "intermediate_size": 128, "vocab_size": 97}
ROUNDED = {**CONFIGS, "by the kernel": LlamaConfig(**LARGER, num_key_value_heads=2, tie_word_embeddings=True)}


@pytest.mark.parametrize("word", ROUNDED)
def test_int8_says_nearly_the_same(word):
    model, ids = made(ROUNDED[word]), ids_of(2, 12)
    decoder = causal_decoder(model, int8=True)
    assert not [part for part in decoder.modules() if isinstance(part, torch.nn.Linear)]
    with torch.no_grad():
        expected = model(ids).logits
    logits, state = decoder.extend(ids[:, :11], decoder.start(rows=2))
    last, _ = decoder.step(ids[:, 11], state)
    for found in (decoder(ids).logits, torch.cat([logits, last[:, None]], 1)):
        assert (found - expected).std() < 0.05 * expected.std()


def test_int8_shares_the_embedding_as_the_weights_did():
    decoder = llama_weights.of_llama(made(CONFIGS["tied"]))
    quantise(decoder)
    assert decoder.embedding.weight is decoder.vocabulary.weight
