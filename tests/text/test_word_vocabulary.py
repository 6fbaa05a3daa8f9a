"""Which words and characters get an id, and that they keep it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import ModelError
from regard.recipe import TokenOptions
from regard.text.tokenise import SPECIAL_TOKENS, load_tokenizer
from regard.text.word_vocabulary import FILE, PADDING, UNKNOWN, CharacterVocabulary, train_word_tokenizer

WORDS = ["The"] * 4 + ["dog"] * 3 + ["1984"] * 3 + ["cat"] * 2 + ["Uluru", "zebra"]


def kept(words=WORDS, *, size=100, minimum=2, lowercase=True, **settings):
    options = TokenOptions(kind="word", vocabulary_size=size, minimum_frequency=minimum, lowercase=lowercase)
    vocabulary = train_word_tokenizer(words, options, **settings).get_vocab()
    ordered = sorted(vocabulary, key=vocabulary.get)
    assert ordered[: len(SPECIAL_TOKENS)] == list(SPECIAL_TOKENS.values())
    assert list(vocabulary.values()) != ordered
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    return ordered[len(SPECIAL_TOKENS) :]


def test_frequent_words_are_kept_the_most_frequent_first():
    assert kept() == ["the", "1984", "dog", "cat"]
    assert kept(lowercase=False) == ["The", "1984", "dog", "cat"]
    assert kept(digits_as_zero=True) == ["the", "0000", "dog", "cat"]
    assert len(kept([f"w{number}" for number in range(200)] * 2)) == 100 - len(SPECIAL_TOKENS)


def test_a_rare_word_with_a_vector_is_kept():
    assert kept(known=["uluru", "ape"]) == ["the", "1984", "dog", "cat", "uluru"]
    assert kept(known=["uluru"], lowercase=False) == ["The", "1984", "dog", "cat", "Uluru"]


def test_words_that_training_never_met_are_kept_in_the_order_of_their_vectors_while_there_is_room():
    known = ["dog", "Ape", "zoo", "newt", "zoo", "", "[PAD]"]
    assert kept(known=known, unseen=True) == ["the", "1984", "dog", "cat", "zoo", "newt"]  # no word is read as Ape
    many = [f"w{number}" for number in range(300)]
    assert kept(known=many, unseen=True) == ["the", "1984", "dog", "cat", *many[: 100 - len(SPECIAL_TOKENS) - 4]]


def test_a_word_spelled_like_a_special_token_gets_no_second_id():
    assert kept(["[PAD]", "[PAD]", "a", "a"], lowercase=False) == ["a"]


@pytest.mark.parametrize("digits_as_zero", [False, True])
def test_transformers_gives_words_the_same_ids(tmp_path, digits_as_zero):
    options = TokenOptions(kind="word", vocabulary_size=100, minimum_frequency=1)
    tokenizer = train_word_tokenizer(WORDS, options, digits_as_zero=digits_as_zero)
    tokenizer.save_pretrained(tmp_path)
    again = load_tokenizer(str(tmp_path))
    assert again.get_vocab() == tokenizer.get_vocab()
    found = again("the DOG saw 1985, the cat")["input_ids"]
    named = ["the", "dog", "[UNK]", "0000" if digits_as_zero else "[UNK]", "[UNK]", "the", "cat"]
    assert again.convert_ids_to_tokens(found) == named


def test_characters_keep_their_case_and_rare_ones_are_unknown():
    characters = CharacterVocabulary.train(["aA", "bA", "ab", "c"])
    assert characters.characters == ["A", "a", "b"]
    assert characters.ids("bAc") == [4, 2, UNKNOWN]
    assert characters.ids("") == []
    assert len(characters) == 5


@given(st.text(max_size=30), st.integers(1, 9))
def test_a_long_word_is_its_beginning_and_its_end(word, longest):
    characters = CharacterVocabulary.train([word], minimum_frequency=1, longest=longest)
    names = dict(enumerate(characters.characters, UNKNOWN + 1))
    read = "".join(names[number] for number in characters.ids(word))
    head = (longest + 1) // 2
    assert read == (word if len(word) <= longest else word[:head] + word[len(word) - longest // 2 :])
    assert PADDING not in characters.ids(word)


def test_characters_are_saved_and_loaded(tmp_path):
    saved = CharacterVocabulary.train(["añ€😀\u2028"] * 2, longest=12)
    saved.save(tmp_path)
    loaded = CharacterVocabulary.load(tmp_path)
    assert (loaded.characters, loaded.longest) == (saved.characters, 12)


@pytest.mark.parametrize("content", [None, "[]", '{"characters": []}', "{", '{"characters": 3, "longest": 3}'])
def test_a_missing_or_damaged_file_is_said(tmp_path, content):
    if content is not None:
        (tmp_path / FILE).write_text(content)
    with pytest.raises(ModelError, match=r"characters\.json is (missing|damaged)"):
        CharacterVocabulary.load(tmp_path)
