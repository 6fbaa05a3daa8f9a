"""Documents to windows: nothing is lost, nothing read twice, no window holds two documents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import ModelError
from regard.recipe import PreprocessOptions, TokenOptions
from regard.text import document_encoder
from regard.text.document_encoder import NO_WORD, DocumentEncoder
from regard.text.normalise import Normaliser
from regard.text.tokenise import train_tokenizer

TEXTS = [
    "Ada went to Rome. She stayed there, happily, for unbelievably long!",
    "Max & Grace  ate bread.\n\nThen they left.\nNobody saw them.\n \n\nThe end?",
    "no",
    "",
    " \n\t ",
]


def encoder(kind: str = "wordpiece", length: int = 12, **more: object) -> DocumentEncoder:
    options = TokenOptions(kind=kind, vocabulary_size=300, minimum_frequency=1)  # type: ignore[arg-type]
    tokenizer = train_tokenizer(TEXTS[:3], options)
    return DocumentEncoder(tokenizer, Normaliser(PreprocessOptions()), length, **more)  # type: ignore[arg-type]


KINDS = {kind: encoder(kind) for kind in ("wordpiece", "bpe", "word")}


@pytest.mark.parametrize("made", KINDS.values(), ids=KINDS)
@settings(max_examples=40, deadline=None)
@given(text=st.text(st.sampled_from("ab Rome.!,é😀\n<"), max_size=200))
def test_windows_are_the_text_in_order(made: DocumentEncoder, text: str) -> None:
    [item] = made.encode([text])
    whole = made.backend.encode(made.normaliser(text).text, add_special_tokens=False)
    assert [token for own in item.windows for token in own.ids] == whole.ids
    assert item.tokens_in_text == len(whole.ids)
    for window in item.windows:
        assert 0 < len(window.ids) <= made.room == 10
        for token in range(len(window.ids)):
            start, end = window.span(token)
            assert 0 <= start <= end <= len(text)
    lengths = [len(window.ids) for window in item.windows]
    assert not lengths or max(lengths) <= made.room


def test_characters_are_those_of_the_text_as_given() -> None:
    text = TEXTS[1]
    [item] = KINDS["wordpiece"].encode([text])
    spelled = "".join(text[slice(*own.span(token))] for own in item.windows for token in range(len(own.ids)))
    assert spelled == "".join(text.split())
    first = item.windows[0]
    assert text[slice(*first.span(0, len(first.ids) - 1))].startswith("Max & Grace  ate")


def test_a_window_begins_with_a_word_and_words_have_numbers() -> None:
    made = encoder(length=9)
    [item] = made.encode(["unbelievably " * 20])
    pieces = [made.tokenizer.convert_ids_to_tokens(own.ids.tolist()) for own in item.windows]
    assert len(pieces) > 2
    assert not any(own[0].startswith("##") for own in pieces)
    for own, window in zip(pieces, item.windows, strict=True):
        new = np.flatnonzero(np.diff(window.words, prepend=window.words[0] - 1))
        assert [not piece.startswith("##") for piece in own] == [place in new for place in range(len(own))]


def test_what_is_unknown_or_hidden_already_is_no_word() -> None:
    [item] = KINDS["word"].encode(["ada xyzzy [MASK] rome"])
    assert (item.windows[0].words == NO_WORD).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [("texts", 1), ("paragraphs", 3), ("lines", 4)],
)
def test_documents_of_a_text(documents: str, expected: int) -> None:
    made = encoder(length=40, documents=documents)
    items = made.encode([TEXTS[1], *TEXTS[3:]])
    assert [len(item.windows) for item in items] == [expected, 0, 0]
    windows = items[0].windows
    assert len({window.document for window in windows}) == expected
    shown = [TEXTS[1][slice(*own.span(0, len(own.ids) - 1))] for own in windows]
    assert shown[-1].endswith("The end?")
    assert expected == 1 or shown[0] == "Max & Grace  ate bread."


def test_sentences_begin_after_a_full_stop() -> None:
    made = encoder(length=60)
    [item] = made.encode(['Ada left. She stayed. "No!" Rome, 3.5 miles.'])
    window = item.windows[0]
    words = made.tokenizer.convert_ids_to_tokens(window.ids[list(window.sentences)].tolist())
    assert [words[0], *words[2:]] == ["she", "rome"]


def test_a_long_text_is_tokenised_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    made, text = KINDS["wordpiece"], "Ada went to Rome again. " * 30
    [whole] = made.encode([text])
    monkeypatch.setattr(document_encoder, "STRETCH", 50)
    [cut] = made.encode([text])
    for one, other in zip(whole.windows, cut.windows, strict=True):
        assert one.ids.tolist() == other.ids.tolist()
        assert one.places.tolist() == other.places.tolist()
        assert one.sentences == other.sentences
        assert np.diff(one.words).tolist() == np.diff(other.words).tolist()


def test_the_template_of_a_pair_and_what_is_left() -> None:
    made = encoder(length=12, pairs=True)
    assert made.room == 9
    tokens = [made.tokenizer.convert_ids_to_tokens(ids) for ids, _ in made.template[:3]]
    assert tokens == [["[CLS]"], ["[SEP]"], ["[SEP]"]]
    assert made.template.segments == (0, 1)
    assert not set(made.ordinary.tolist()) & set(made.tokenizer.all_special_ids)


def test_what_can_not_be_read_is_said() -> None:
    with pytest.raises(ModelError, match="max_length is 3"):
        encoder(length=3)
    tokenizer = encoder().tokenizer
    tokenizer.mask_token = None
    with pytest.raises(ModelError, match="gpt2: its tokenizer has no mask token"):
        DocumentEncoder(tokenizer, Normaliser(PreprocessOptions()), 20, name="gpt2")
