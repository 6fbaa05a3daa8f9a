"""Checkpoints behind the words of the search: what transformers gives, whatever a family keeps of what it read."""

import pytest
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from regard.decoders.pretrained import CausalDecoder, PretrainedTranslator
from regard.errors import UsageError
from regard.nn import search

VOCABULARY = 61
LAYERS = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
HALVES = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "max_position_embeddings": 64,
}
CAUSAL = {
    "GPT2Config": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64},
    "LlamaConfig": LAYERS,
    "MistralConfig": {**LAYERS, "num_key_value_heads": 2, "sliding_window": 4},
    "OPTConfig": {
        "hidden_size": 32,
        "ffn_dim": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "word_embed_proj_dim": 32,
        "max_position_embeddings": 64,
    },
    "OpenAIGPTConfig": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64},  # keeps nothing
}
SEQ2SEQ = {
    "T5Config": {
        "d_model": 32,
        "d_kv": 16,
        "d_ff": 48,
        "num_layers": 2,
        "num_heads": 2,
        "decoder_start_token_id": 0,
    },
    "BartConfig": {**HALVES, "forced_bos_token_id": 5},
    "MarianConfig": {**HALVES, "pad_token_id": 60, "decoder_start_token_id": 60, "eos_token_id": 1},
}


def made(auto, word, settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = auto.from_config(getattr(transformers, word)(vocab_size=VOCABULARY, **settings)).eval()
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.data.normal_(0.0, 0.2)
    return model


def ids_of(rows, tokens, seed=0):
    return torch.randint(3, VOCABULARY, (rows, tokens), generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=CAUSAL, scope="module")
def causal(request):
    return CausalDecoder(made(AutoModelForCausalLM, request.param, CAUSAL[request.param]))


@pytest.fixture(params=SEQ2SEQ, scope="module")
def translator(request):
    return PretrainedTranslator(made(AutoModelForSeq2SeqLM, request.param, SEQ2SEQ[request.param]))


SOURCE = ids_of(3, 8, seed=3)
KEEP = torch.arange(8) < torch.tensor([8, 5, 6])[:, None]


@torch.no_grad()
def answers_to_the_protocol(decoder, state, ids, *source):
    """Pieces, going on from an older state, and rows that are exchanged, left and repeated."""
    whole = decoder(ids, *source).logits
    states, read = [state], []
    for piece in ids.split([4, 1, 3, 2], 1):
        logits, state = decoder.extend(piece, states[-1])
        states.append(state)
        read.append(logits)
    torch.testing.assert_close(torch.cat(read, 1), whole, atol=1e-5, rtol=0)
    again, _ = decoder.step(ids[:, 4], states[1])
    torch.testing.assert_close(again, whole[:, 4], atol=1e-5, rtol=0)
    for rows in ([1], [2, 0, 2, 1]):
        new = ids_of(len(rows), 1, seed=9)
        logits, _ = decoder.step(new[:, 0], decoder.reorder(state, torch.tensor(rows)))
        longer = decoder(torch.cat([ids[rows], new], 1), *(part[rows] for part in source)).logits
        torch.testing.assert_close(logits, longer[:, -1], atol=1e-5, rtol=0)


def test_a_causal_checkpoint_answers_to_the_protocol(causal):
    ids = ids_of(3, 10)
    with torch.no_grad():
        torch.testing.assert_close(causal(ids).logits, causal.model(ids).logits)
    answers_to_the_protocol(causal, causal.start(rows=3), ids)


def test_a_causal_checkpoint_writes_what_generate_writes(causal):
    ids = ids_of(2, 6)
    given = {"attention_mask": torch.ones_like(ids), "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    expected = causal.model.generate(ids, max_new_tokens=10, **given)[:, 6:]
    with torch.inference_mode():
        _, state = causal.extend(ids[:, :-1], causal.start(rows=2))
    found = search.greedy(causal, state, ids[:, -1], end=None, max_tokens=10)
    assert [row.ids for row in found] == expected.tolist()


def test_a_translator_answers_to_the_protocol(translator):
    ids = ids_of(3, 10)
    with torch.no_grad():
        given = {"input_ids": SOURCE, "attention_mask": KEEP.long(), "decoder_input_ids": ids}
        torch.testing.assert_close(translator(ids, SOURCE, KEEP).logits, translator.model(**given).logits)
    answers_to_the_protocol(translator, translator.start(SOURCE, KEEP), ids, SOURCE, KEEP)


def test_a_translator_writes_what_generate_writes(translator):
    given = {"attention_mask": KEEP.long(), "do_sample": False, "num_beams": 1, "forced_eos_token_id": None}
    expected = translator.model.generate(SOURCE, max_new_tokens=12, **given)
    *before, first = translator.first
    state = translator.start(SOURCE, KEEP)
    with torch.inference_mode():
        if before:
            _, state = translator.extend(torch.tensor([before] * 3), state)
    end, padding = translator.model.generation_config.eos_token_id, translator.model.generation_config.pad_token_id
    found = search.greedy(translator, state, torch.full((3,), first), end=end, max_tokens=12 - len(before))
    for own, row in zip(found, expected[:, len(translator.first) :].tolist(), strict=True):
        assert own.ids == [token for token in row if token not in (end, padding)] or own.ids == row


def test_finished_rows_leave_and_beams_follow_one_another(translator):
    state = translator.start(SOURCE, KEEP)
    first = torch.full((3,), translator.first[0])
    together = search.beam(translator, state, first, beams=3, end=7, max_tokens=9)
    for row in range(3):
        alone = translator.start(SOURCE[row : row + 1], KEEP[row : row + 1])
        assert search.beam(translator, alone, first[:1], beams=3, end=7, max_tokens=9)[0][0].ids == together[row][0].ids


def test_weights_of_the_source_sum_to_one_and_padding_has_none(translator):
    before = translator.model.config._attn_implementation
    with torch.no_grad():
        output = translator(ids_of(3, 6), SOURCE, KEEP, need_weights=True)
    assert [tuple(layer.shape) for layer in output.attentions] == [(3, 2, 6, 8)] * 2
    for layer in output.attentions:
        torch.testing.assert_close(layer.sum(-1), torch.ones(3, 2, 6))
        assert not layer[1, :, :, 5:].any()
    assert translator.model.config._attn_implementation == before


def test_more_tokens_than_positions_are_refused():
    decoder = CausalDecoder(made(AutoModelForCausalLM, "GPT2Config", CAUSAL["GPT2Config"]))
    with pytest.raises(UsageError, match="65 tokens, but gpt2 reads 64"):
        decoder.extend(ids_of(1, 65), decoder.start(rows=1))
    translator = PretrainedTranslator(made(AutoModelForSeq2SeqLM, "BartConfig", SEQ2SEQ["BartConfig"]))
    with pytest.raises(UsageError, match="70 tokens, but bart reads 64"):
        translator.start(ids_of(1, 70))
