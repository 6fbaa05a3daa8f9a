"""Words to ids: every word once, in order, whatever it is made of; a long text in windows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.recipe import PreprocessOptions, TokenOptions
from regard.text.normalise import Normaliser
from regard.text.tokenise import load_tokenizer
from regard.text.word_encoder import WordEncoder, words_of
from regard.text.word_vocabulary import CharacterVocabulary, train_word_tokenizer

TEXT = "The dog , the cat and 😀 ran : a &amp; b"


def spans(text):
    """The stretches between blanks."""
    found, start = [], 0
    for word in text.split(" "):
        if word:
            found.append((start, start + len(word)))
        start += len(word) + 1
    return found


def encoder(max_length=64, characters=True, **settings):
    normaliser = Normaliser(PreprocessOptions())
    words = list(words_of(normaliser, [TEXT], [spans(TEXT)]))
    tokenizer = train_word_tokenizer(words, TokenOptions(kind="word", vocabulary_size=100, minimum_frequency=1))
    letters = CharacterVocabulary.train(words, minimum_frequency=1) if characters else None
    return WordEncoder(tokenizer, letters, normaliser, max_length, **settings)


def named(own, ids):
    return own.tokenizer.convert_ids_to_tokens(ids)


def test_a_word_is_an_id_and_its_characters():
    own = encoder()
    text = "THE Dog & zebra 😀"
    [found] = own.encode([text], [spans(text)])
    assert named(own, found.ids) == ["the", "dog", "&", "[UNK]", "😀"]
    assert found.first == [0, 1, 2, 3, 4]
    assert found.words == found.answers == range(5)
    assert [len(letters) for letters in found.characters] == [3, 3, 1, 5, 1]
    assert found.tokens_in_text == 5
    assert (found.unread, found.windows) == (0, [found])


def test_without_characters_there_are_none():
    [found] = encoder(characters=False).encode([TEXT], [spans(TEXT)])
    assert found.characters == ()


@pytest.mark.parametrize("characters", [False, True])
def test_a_text_without_words_is_one_token_of_padding(characters):
    own = encoder(characters=characters)
    [found] = own.encode(["  "], [[]])
    assert (found.ids, found.first, found.answers) == ([own.pad_id], [], range(0))
    assert found.characters == (([],) if characters else ())
    assert found.places() == []
    assert own.encode([], []) == []


def test_a_word_spelled_like_a_special_token_is_unknown():
    own = encoder()
    [found] = own.encode(["[PAD]"], [[(0, 5)]])
    assert named(own, found.ids) == ["[UNK]"]


def test_a_word_that_normalising_would_leave_nothing_of_is_still_a_word():
    own = encoder()
    [found] = own.encode(["<br>"], [[(0, 4)]])
    assert len(found.ids) == 1
    assert len(found.characters[0]) == 4


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=50), st.integers(1, 7), st.data())
def test_every_word_is_read_once_in_order_as_in_one_long_window(text, max_length, data):
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=16)))
    words = list(zip(places[::2], places[1::2], strict=False))
    small, whole = ENCODER_OF[max_length], ENCODER_OF[64]
    [found], [expected] = small.encode([text], [words]), whole.encode([text], [words])
    assert all(len(window.ids) <= max_length for window in found.windows)
    assert [word for window in found.windows for word in window.answers] == list(range(len(words)))
    read = [
        (found.windows[window].ids[token], found.windows[window].characters[token]) for window, token in found.places()
    ]
    assert read == list(zip(expected.ids, expected.characters, strict=True))[: len(words)]
    assert found.unread == 0


ENCODER_OF = {length: encoder(length, max_windows=100) for length in (1, 2, 3, 4, 5, 6, 7, 64)}


def test_what_lies_behind_the_last_window_is_counted():
    own = encoder(4, window_stride=3, max_windows=2)
    text = "a b a b a b a b a b"
    [found] = own.encode([text], [spans(text)])
    assert [window.words for window in found.windows] == [range(4), range(3, 7)]
    assert len(found.places()) == 7 == own.reach
    assert (found.unread, found.tokens_in_text) == (3, 10)


def test_saved_and_loaded_gives_the_same_ids(tmp_path):
    own = encoder()
    own.save(tmp_path)
    again = WordEncoder(
        load_tokenizer(str(tmp_path)), CharacterVocabulary.load(tmp_path), Normaliser(PreprocessOptions()), 64
    )
    assert again.encode([TEXT], [spans(TEXT)]) == own.encode([TEXT], [spans(TEXT)])
    assert (tmp_path / "tokenizer_config.json").is_file()
    encoder(characters=False).save(tmp_path / "plain")
    assert not (tmp_path / "plain" / "characters.json").exists()
