"""Texts as numbers of words: the words are those of the `word` tokenizer, rare ones are out, sentences stay apart."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from regard.errors import DataError, UsageError
from regard.recipe import PreprocessOptions, TokenOptions
from regard.text.normalise import Normaliser
from regard.text.tokenise import train_tokenizer
from regard.text.vectors import Sentences, read_sentences
from regard.text.vectors.sentences import LONGEST, word_splitter

TEXTS = st.lists(
    st.text(st.sampled_from("aB cß'nt.İΣ\u0301\u0915\u093f\u200b\u00a0<br>&lt;-😀\x1c\ud800"), max_size=30)
)


@settings(deadline=None)
@given(TEXTS, st.booleans())
def test_words_are_those_of_the_word_tokenizer(texts: list[str], lowercase: bool) -> None:
    options = TokenOptions(kind="word", lowercase=lowercase, minimum_frequency=1)
    normalise = Normaliser(PreprocessOptions())
    tokenizer = train_tokenizer([normalise(text).text for text in texts], options)
    split = word_splitter(lowercase=lowercase)
    special = set(tokenizer.all_special_tokens)
    assert {word for text in texts for word in split(text)} == set(tokenizer.get_vocab()) - special
    for text in texts:
        assert tokenizer.tokenize(normalise(text).text) == split(text)


def test_splits_as_glove_was_trained() -> None:
    assert word_splitter(lowercase=True)("I don't KNOW,<br/>Ann's.") == [
        *("i", "do", "n't", "know", ",", "ann", "'s", "."),
    ]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=9), max_size=9), st.integers(1, 3))
def test_sentences_keep_their_words_without_the_rare_ones(texts: list[list[str]], minimum: int) -> None:
    counts = Counter(word for text in texts for word in text)
    kept = {word for word, count in counts.items() if count >= minimum}
    if len(kept) < 2:
        with pytest.raises(DataError, match=f"{len(kept)} of {len(counts)} words"):
            Sentences.of(map(" ".join, texts), minimum_count=minimum)
        return
    found = Sentences.of(map(" ".join, texts), minimum_count=minimum)
    assert found.words == sorted(kept, key=lambda word: (-counts[word], word))
    assert found.counts.tolist() == [counts[word] for word in found.words]
    assert found.read == sum(counts.values())
    assert list(found) == [[word for word in text if word in kept] for text in texts if text]
    for window in (1, 3):
        pairs = sum(1 for text in found for i in range(len(text)) for j in range(len(text)) if 0 < abs(i - j) <= window)
        assert found.pairs(window) == pairs


def test_a_very_long_sentence_is_cut_rather_than_dropped() -> None:
    found = Sentences.of(["a b " * LONGEST], minimum_count=1)
    assert [len(sentence) for sentence in found] == [LONGEST, LONGEST]


def test_lines_of_a_text_file_and_paragraphs_of_any_other(tmp_path) -> None:
    (tmp_path / "t.txt").write_text("One line.\n\n  \nAnother,\r\nthird.\n", encoding="utf-8")
    assert read_sentences(tmp_path / "t.txt") == ["One line.", "Another,", "third."]
    parquet.write_table(pa.table({"text": ["First\nline.\n \n Second.\n", "Third."]}), tmp_path / "t.parquet")
    assert read_sentences(str(tmp_path / "t.parquet")) == ["First\nline.", " Second.\n", "Third."]
    (tmp_path / "t.csv").write_text("body,label\nhello,x\nthere,y\n")
    assert read_sentences(tmp_path / "t.csv", text_column="body") == ["hello", "there"]


def test_what_is_no_text_is_said(tmp_path) -> None:
    (tmp_path / "t.txt").write_bytes(b"fine\n\xff\n")
    with pytest.raises(DataError, match="no UTF-8") as caught:
        read_sentences(tmp_path / "t.txt")
    assert caught.value.line == 2
    with pytest.raises(DataError, match="no such file"):
        read_sentences(tmp_path / "u.txt")
    with pytest.raises(UsageError, match="unknown data set"):
        read_sentences("nothing")
