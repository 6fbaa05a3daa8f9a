"""Words to pieces: the first of each is known, marks of blanks stand where blanks do, windows hold whole words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.text.test_word_encoder import spans
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from regard.errors import ModelError, UsageError
from regard.recipe import PreprocessOptions, TokenOptions
from regard.text.normalise import Normaliser
from regard.text.piece_encoder import PieceEncoder
from regard.text.tokenise import TextEncoder, load_tokenizer, train_tokenizer

TEXTS = ["The cat (see it) isn't unhappy, is it?", "No; the unhappiest cats: déjà vu (see below)."] * 5
NORMALISER = Normaliser(PreprocessOptions())


def bpe(add_prefix_space):
    tokenizer = train_tokenizer(TEXTS, TokenOptions(kind="bpe", vocabulary_size=330, minimum_frequency=1))
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    return tokenizer


def sentencepiece(*pre, normalizer=None):
    """Unigram pieces marked by ▁, as XLM-R, T5 and ALBERT have them."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*pre])
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=90, special_tokens=special, unk_token="<unk>", show_progress=False, max_piece_length=6
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    if normalizer is not None:
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, None
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>")


MARK = pre_tokenizers.Metaspace(prepend_scheme="always")
KINDS = {
    "wordpiece": train_tokenizer(TEXTS, TokenOptions(vocabulary_size=150, minimum_frequency=1)),
    "gpt2": bpe(False),
    "roberta": bpe(True),
    "t5": sentencepiece(MARK),
    "albert": sentencepiece(pre_tokenizers.Metaspace(prepend_scheme="first")),
    "xlm-r": sentencepiece(pre_tokenizers.WhitespaceSplit(), MARK),
    "llama": sentencepiece(
        MARK, normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    ),
}


def encoder(kind="wordpiece", max_length=64, **settings):
    return PieceEncoder(KINDS[kind], NORMALISER, max_length, **settings)


def punctuation_apart(text):
    """Words as runs of letters, and every other sign alone."""
    found = []
    for place, sign in enumerate(text):
        if sign.isalnum() and found and found[-1][1] == place and text[place - 1].isalnum():
            found[-1] = (found[-1][0], place + 1)
        elif not sign.isspace():
            found.append((place, place + 1))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_words_have_the_marks_that_they_have_in_the_text(kind):
    """Where the tokenizer joins nothing over the ends of words, the pieces are those of the whole text."""
    text = "The cat (see it) unhappy, is it?"
    [found] = encoder(kind).encode([text], [punctuation_apart(text)])
    tokenizer, words = KINDS[kind], [text[start:end] for start, end in punctuation_apart(text)]
    whole = TextEncoder(tokenizer, NORMALISER, 64, "head").encode([text])[0]
    tokens = tokenizer.convert_ids_to_tokens(found.ids)
    assert tokens == tokenizer.convert_ids_to_tokens(whole.ids)
    ends = [*found.first[1:], len(tokens) - 1]
    for word, first, end in zip(words, found.first, ends, strict=True):
        assert "".join(tokens[first:end]).replace("##", "").lstrip("▁Ġ").lower() == word.lower()
    assert found.tokens_in_text == len(whole.ids)


@pytest.mark.parametrize("kind", KINDS)
def test_no_piece_reaches_over_two_words(kind):
    text = "isn't"
    [glued] = encoder(kind).encode([text], [[(0, 2), (2, 5)]])
    [whole] = encoder(kind).encode([text], [[(0, 5)]])
    assert len(glued.first) == 2
    assert glued.first[0] == whole.first[0] == 1
    assert len(whole.first) == 1


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="abé 漢(,😀\u200d\u0301\x00\n", max_size=60), st.integers(4, 12), st.data())
def test_every_word_is_answered_once_by_its_first_piece(kind, text, max_length, data):
    words = spans(text.replace("\n", " "))
    small = PieceEncoder(KINDS[kind], NORMALISER, max_length, data.draw(st.integers(0, max_length - 2)), 1000)
    [found], [whole] = small.encode([text], [words]), encoder(kind, 2000).encode([text], [words])
    assert [word for window in found.windows for word in window.answers] == list(range(len(words)))
    assert len(whole.first) == len(words)
    for window in found.windows:
        assert len(window.ids) <= max_length
        assert len(window.first) == len(window.words)
        assert window.first == sorted(set(window.first))
        assert [window.ids[0], window.ids[-1]] == [whole.ids[0], whole.ids[-1]]
        assert all(0 < first < len(window.ids) - 1 for first in window.first)
    read = [found.windows[window].ids[token] for window, token in found.places()]
    assert read == [whole.ids[first] for first in whole.first]
    assert found.tokens_in_text == whole.tokens_in_text == len(whole.ids)


def test_a_word_longer_than_a_window_keeps_its_first_pieces():
    own = encoder(max_length=7)
    text = "no unhappiestunhappiestunhappiest it"
    [found] = own.encode([text], [spans(text)])
    assert [window.words for window in found.windows] == [range(1), range(1, 2), range(2, 3)]
    assert [len(window.ids) for window in found.windows] == [3, 7, 3]
    assert found.tokens_in_text > 7 + 2


def test_a_word_without_pieces_is_unknown():
    own = encoder()
    text = "cat \u200b\u200d it"
    [found] = own.encode([text], [spans(text)])
    assert own.tokenizer.convert_ids_to_tokens(found.ids) == ["[CLS]", "cat", "[UNK]", "it", "[SEP]"]


def test_emoji_are_words():
    text = "cat 👩🏽‍🔬 😀 it"
    for kind in KINDS:
        [found] = encoder(kind).encode([text], [spans(text)])
        assert len(found.first) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_without_words_has_its_special_tokens(kind):
    [found] = encoder(kind).encode([""], [[]])
    assert (len(found.ids), found.first, found.places(), found.tokens_in_text) == (2, [], [], 2)
    assert encoder(kind).encode([], []) == []


def test_a_tokenizer_without_special_tokens_reads_an_empty_text_as_padding():
    backend = Tokenizer.from_str(KINDS["gpt2"].backend_tokenizer.to_str())
    backend.post_processor = processors.ByteLevel(trim_offsets=False)
    bare = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]")
    own = PieceEncoder(bare, NORMALISER, 8)
    assert own.encode([""], [[]])[0].ids == [own.pad_id]


def test_what_lies_behind_the_last_window_is_counted_and_not_tokenised():
    own = encoder(max_length=6, window_stride=4, max_windows=2)
    text = "it " * 100_000
    [found] = own.encode([text], [spans(text)])
    assert len(found.places()) == 8 == own.reach - 2
    assert found.unread == 99_992
    assert found.tokens_in_text == 100_002


def test_saved_and_loaded_gives_the_same_ids(tmp_path):
    own = encoder("xlm-r")
    own.save(tmp_path)
    again = PieceEncoder(load_tokenizer(str(tmp_path)), NORMALISER, 64)
    words = [punctuation_apart(text) for text in TEXTS]
    assert again.encode(TEXTS, words) == own.encode(TEXTS, words)


def test_what_leaves_words_out_is_refused():
    with pytest.raises(ModelError, match="2 special tokens"):
        encoder(max_length=2)
    with pytest.raises(UsageError, match=r"window_stride: 7"):
        encoder(max_length=8, window_stride=7)
