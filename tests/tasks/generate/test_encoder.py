"""Every text comes back from its tokens, and every token knows its characters, however a text is cut for the work."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made_up import book

from regard import recipe as recipes
from regard.records import Corpus
from regard.tasks.generate import encoder as encoding
from regard.tasks.generate.building import language_encoder
from regard.tasks.generate.encoder import LanguageEncoder

LEARNED = book(60, seed=1) + "“Odd” signs: é 👩\u200d👧\t[SEP] don't\n"
TEXTS = st.text(st.sampled_from("Ada went.\n \t“é👧[]SEP'"), max_size=60)


def made(kind: str, **preprocess: bool) -> LanguageEncoder:
    recipe = recipes.build(
        {
            "task": "generate",
            "preprocess": preprocess,
            "tokens": {"kind": kind, "vocabulary_size": 400, "minimum_frequency": 1},
        },
        model="lstm",
    )
    return language_encoder(recipe, Corpus("made up", ["1"], [LEARNED]))


ENCODERS = {kind: made(kind) for kind in ("character", "bpe", "word")}


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, kind=st.sampled_from(["character", "bpe"]))
def test_tokens_give_the_text_back_and_know_their_characters(text: str, kind: str) -> None:
    encoder = ENCODERS[kind]
    (encoded,) = encoder.encode([text])
    assert encoder.decode(encoded.ids.tolist()) == text
    assert encoded.tokens_in_text == len(encoded.offsets)
    if kind == "character":
        assert [text[start:end] for start, end in encoded.offsets] == list(text)
    covered = {place for start, end in encoded.offsets for place in range(start, end)}
    assert covered == set(range(len(text)))


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, kind=st.sampled_from(["character", "bpe", "word"]))
def test_cut_in_parts_it_is_the_same(text: str, kind: str) -> None:
    encoder = ENCODERS[kind]
    (whole,) = encoder.encode([text])
    parts = list(encoding._parts(text, size=3))
    assert "".join(_cut(text, parts)) == text
    ids = [token for part in encoder.encode(_cut(text, parts)) for token in part.ids.tolist()]
    assert ids == whole.ids.tolist()


def _cut(text: str, parts: list[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in parts]


def test_a_long_text_is_cut_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    text = book(200, seed=2)
    (expected,) = ENCODERS["bpe"].encode([text])
    monkeypatch.setattr(encoding._parts, "__defaults__", (50,))
    assert len(list(encoding._parts(text))) > 50
    (found,) = ENCODERS["bpe"].encode([text])
    assert np.array_equal(found.ids, expected.ids)
    assert np.array_equal(found.offsets, expected.offsets)
    assert all(before <= after for (before, _), (after, _) in pairwise(found.offsets))


def test_special_tokens_in_a_text_are_its_characters() -> None:
    for kind in ("character", "bpe"):
        encoder = ENCODERS[kind]
        (encoded,) = encoder.encode(["a [SEP] d"])
        assert encoder.end_id not in encoded.ids
        assert encoder.decode([*encoded.ids, encoder.end_id]) == "a [SEP] d"


def test_unknown_characters_are_one_unknown_token_each() -> None:
    encoder = ENCODERS["character"]
    (encoded,) = encoder.encode(["a世界d"])
    unknown = encoder.tokenizer.unk_token_id
    assert encoded.ids.tolist().count(unknown) == 2
    assert unknown in encoder.never
    assert encoder.end_id not in encoder.never


def test_words_read_well() -> None:
    encoder = ENCODERS["word"]
    (encoded,) = encoder.encode(["Ada went to Rome.\nMax don't\n"])
    assert encoder.decode(encoded.ids.tolist()) == "Ada went to Rome. Max don't"


def test_places_are_those_of_the_text_as_given() -> None:
    encoder = made("bpe", html=True, whitespace=True)
    text = "Ada <b>went</b>   to &amp; Rome."
    (encoded,) = encoder.encode([text])
    assert encoder.decode(encoded.ids.tolist()) == "Ada went to & Rome."
    assert "&amp;" in [text[start:end].strip() for start, end in encoded.offsets]


def test_one_token_ends_a_text_and_begins_the_next() -> None:
    encoder = ENCODERS["bpe"]
    assert encoder.begin_id == encoder.end_id != encoder.pad_id
    assert encoder.opening(empty=True) == [encoder.begin_id]
    assert encoder.opening(empty=False) == []
    (nothing,) = encoder.encode([""])
    assert nothing.ids.shape == (0,)
    assert nothing.offsets.shape == (0, 2)
