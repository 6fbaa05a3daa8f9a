"""Text out of tokens while they come: together what decoding them at once gives, and never half a character."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from regard.recipe import TokenOptions
from regard.text.streaming import Stream
from regard.text.tokenise import train_tokenizer

TEXTS = [
    'Ada met Charles ("don\'t you say") in London, 東京 👩‍🚀 naïve',
    "it's a   test\n\nof $5 (or more) things; e.g. café",
    "مرحبا — I'd say: yes!",
] * 2


def byte_fallback():
    """Pieces with blanks as in SentencePiece; what has no piece is its bytes (Llama 2, Mistral, Gemma)."""
    pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "▁a", "▁the", "b", "c", ".", "東", "é"]
    tokenizer = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, [], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens([AddedToken("<s>", special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def trained(kind):
    return train_tokenizer(TEXTS, TokenOptions(kind=kind, vocabulary_size=400, minimum_frequency=1, lowercase=False))


TRAINED = ("bpe", "word", "wordpiece", "character")
TOKENIZERS = {kind: trained(kind) for kind in TRAINED} | {"bytes": byte_fallback()}


@pytest.mark.parametrize("kind", TRAINED)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_the_pieces_together_are_the_text_decoded_at_once(kind, data):
    tokenizer = TOKENIZERS[kind]
    tokens = st.integers(0, len(tokenizer) - 1)
    prompt, written = data.draw(st.lists(tokens, max_size=10)), data.draw(st.lists(tokens, max_size=12))
    before = tokenizer.decode(prompt, skip_special_tokens=True)
    assume(not before.endswith("\ufffd"))  # a prompt ends with a character
    stream = Stream(tokenizer, prompt)
    told = "".join([*map(stream.push, written), stream.end()])
    assert before + told == tokenizer.decode(prompt + written, skip_special_tokens=True)


@pytest.mark.parametrize("kind", ["bpe", "bytes"])
@settings(max_examples=60, deadline=None)
@given(text=st.text(st.sampled_from("ab é東京👩‍🚀 .\n🇫🇷"), max_size=12))
def test_no_piece_has_half_a_character(kind, text):
    tokenizer = TOKENIZERS[kind]
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    stream = Stream(tokenizer)
    pieces = [*map(stream.push, ids), stream.end()]
    assert "\ufffd" not in "".join(pieces)
    assert "".join(pieces) == tokenizer.decode(ids, skip_special_tokens=True)


def test_a_character_comes_with_its_last_byte():
    tokenizer = TOKENIZERS["bytes"]
    stream = Stream(tokenizer)
    assert [stream.push(1 + byte) for byte in "👩".encode()] == ["", "", "", "👩"]


def test_what_never_became_a_character_is_told_at_the_end():
    tokenizer = TOKENIZERS["bytes"]
    stream = Stream(tokenizer)
    assert [stream.push(1 + byte) for byte in "👩".encode()[:2]] == ["", ""]
    assert stream.end() == tokenizer.decode([1 + byte for byte in "👩".encode()[:2]])
    assert stream.end() == ""


def test_a_word_after_a_prompt_begins_with_its_blank():
    tokenizer = TOKENIZERS["bytes"]
    the = tokenizer.convert_tokens_to_ids("▁the")
    assert Stream(tokenizer).push(the) == "the"
    assert Stream(tokenizer, [the]).push(the) == " the"


def test_special_tokens_are_shown_where_asked_for():
    tokenizer = TOKENIZERS["bytes"]
    mark, piece = tokenizer.convert_tokens_to_ids(["<s>", "b"])
    assert "".join(map(Stream(tokenizer).push, [mark, piece])) == "b"
    assert "".join(map(Stream(tokenizer, skip_special_tokens=False).push, [mark, piece])) == "<s>b"
