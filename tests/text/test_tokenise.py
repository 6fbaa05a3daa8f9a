"""Tokens know their characters in the text as given; a cut is the strategy's; nothing is cut unknown."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import ModelError
from regard.recipe import PreprocessOptions, TokenOptions
from regard.text.normalise import Normaliser
from regard.text.tokenise import TextEncoder, load_tokenizer, train_tokenizer

TEXTS = ["The film isn't bad: it's <b>great</b>!", "No.<br />No &amp; no again; 10/10", "A naïve café — déjà vu…"] * 5
KINDS = ("wordpiece", "bpe", "word")


def encoder(kind="word", max_length=32, strategy="head"):
    options = TokenOptions(kind=kind, vocabulary_size=400, minimum_frequency=1)
    normaliser = Normaliser(PreprocessOptions())
    tokenizer = train_tokenizer((normaliser(text).text for text in TEXTS), options)
    return TextEncoder(tokenizer, normaliser, max_length, strategy)


ENCODERS = {kind: encoder(kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_offsets_point_into_the_text_as_given(kind):
    text = TEXTS[0]
    found = ENCODERS[kind].encode([text])[0]
    words = [text[start:end] for (start, end), special in zip(found.offsets, found.special, strict=True) if not special]
    assert "great" in "".join(words)
    assert "<b>" not in "".join(words)
    assert found.special[0]
    assert found.special[-1]
    assert len(found.ids) == len(found.offsets) == len(found.special) == found.tokens_in_text


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_offsets_are_in_range_and_in_order(kind, text):
    found = ENCODERS[kind].encode([text])[0]
    spans = [span for span, special in zip(found.offsets, found.special, strict=True) if not special]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


def test_words_are_cut_as_glove_knows_them():
    found = ENCODERS["word"].encode(["It isn't John's: don't!"])[0]
    tokens = ENCODERS["word"].tokenizer.convert_ids_to_tokens(found.ids)
    spans = ["It isn't John's: don't!"[start:end] for start, end in found.offsets[1:-1]]
    assert spans == ["It", "is", "n't", "John", "'s", ":", "do", "n't", "!"]
    assert tokens[0] == "[CLS]"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("head", ["1", "2", "3", "4", "5"]),
        ("tail", ["6", "7", "8", "9", "0"]),
        ("head+tail", ["1", "2", "3", "9", "0"]),
    ],
)
def test_the_strategy_says_what_of_a_long_text_is_read(strategy, expected):
    text = "1 2 3 4 5 6 7 8 9 0"
    found = encoder("word", max_length=7, strategy=strategy).encode([text])[0]
    assert [text[start:end] for start, end in found.offsets[1:-1]] == expected
    assert found.tokens_in_text == 12


@pytest.mark.parametrize("strategy", ["head", "tail", "head+tail"])
def test_a_very_long_text_is_cut_by_characters_first_and_its_length_estimated(strategy):
    short = encoder("word", max_length=12, strategy=strategy)
    text = " ".join(f"w{n:06}" for n in range(300_000))
    found = short.encode([text])[0]
    read = [text[start:end] for start, end in found.offsets[1:-1]]
    head, tail = [f"w{n:06}" for n in range(10)], [f"w{n:06}" for n in range(299_990, 300_000)]
    assert read == {"head": head, "tail": tail, "head+tail": head[:5] + tail[5:]}[strategy]
    assert found.tokens_in_text == pytest.approx(300_000, rel=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_text_still_has_tokens(kind):
    assert ENCODERS[kind].encode([""])[0].special == [True, True]
    assert ENCODERS[kind].encode([]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_gives_the_same_ids_and_knows_its_padding(kind, tmp_path):
    ENCODERS[kind].save(tmp_path)
    loaded = load_tokenizer(str(tmp_path))
    again = TextEncoder(loaded, ENCODERS[kind].normaliser, 32, "head")
    assert again.encode(TEXTS) == ENCODERS[kind].encode(TEXTS)
    assert loaded.pad_token == "[PAD]"
    assert (tmp_path / "tokenizer_config.json").is_file()


@pytest.mark.parametrize("kind", KINDS)
def test_training_twice_gives_the_same_tokenizer(kind):
    expected = json.loads(encoder(kind).backend.to_str())
    for _ in range(3):
        assert json.loads(encoder(kind).backend.to_str()) == expected


def test_a_limit_without_room_for_a_token_is_refused():
    with pytest.raises(ModelError, match="special tokens"):
        encoder(max_length=2)


def test_a_missing_tokenizer_is_said(tmp_path):
    with pytest.raises(ModelError, match="tokenizer can't be loaded"):
        load_tokenizer(str(tmp_path))


def test_characters_give_the_text_back_and_rare_ones_are_unknown():
    options = TokenOptions(kind="character", lowercase=False, minimum_frequency=2)
    tokenizer = train_tokenizer(["aAb\n b", "aA é"], options)
    ids = tokenizer("ab\nA é", add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == "ab[UNK]A [UNK]"
    assert tokenizer.decode(ids[:2]) == "ab"
    assert len(tokenizer) == 5 + len("aAb ")
    lower = train_tokenizer(["aAb", "B"], TokenOptions(kind="character", lowercase=True))
    assert lower.decode(lower("BA", add_special_tokens=False)["input_ids"]) == "ba"
    few = train_tokenizer(
        ["".join(map(chr, range(0x4E00, 0x4F00))) * 2], TokenOptions(kind="character", vocabulary_size=100)
    )
    assert len(few) == 100
