"""Stretches are the whole text, cut by its lines; a single text gives its end away for validation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made_up import book

from regard.errors import DataError
from regard.records import Corpus
from regard.tasks.generate.stretches import SHORTEST, stretches
from regard.text.cut_end import cut_off_end

TEXTS = st.lists(st.sampled_from(["word ", "x" * 150, "\n", " \n", "\r\n", "é👧", "\t"]), max_size=60).map("".join)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_together_they_are_the_text(text: str) -> None:
    found = list(stretches(text))
    assert "".join(text[start:end] for start, end in found) == text
    assert all(end > start for start, end in found)
    assert all(end - start >= SHORTEST for start, end in found[:-1])


def test_lines_stay_whole_and_blank_ones_stay_behind_theirs() -> None:
    text = book(80, seed=1)
    found = [text[start:end] for start, end in stretches(text)]
    assert len(found) > 3
    assert all(part.endswith("\n") and not part.startswith("\n") for part in found)


def test_a_long_line_is_cut_before_a_word() -> None:
    text = "word " * 300
    found = [text[start:end] for start, end in stretches(text)]
    assert all(part.startswith("word") for part in found)
    assert all(SHORTEST <= len(part) <= 2 * SHORTEST for part in found[:-1])
    assert list(stretches("")) == []


def one(text: str) -> Corpus:
    return Corpus("book.txt", ["book"], [text])


def test_the_end_of_a_book_is_held_out_behind_a_paragraph() -> None:
    text = book(400, seed=1)
    train, validation, note = cut_off_end(one(text), 0.1)
    assert train.texts[0] + validation.texts[0] == text
    assert train.texts[0].endswith("\n\n")
    assert 0.08 < len(validation.texts[0]) / len(text) < 0.12
    assert note.endswith("cut from train, behind a paragraph")


@pytest.mark.parametrize(
    ("text", "behind"), [("word\n" * 50, "line"), ("word " * 50, "word"), ("x" * 200, "character")]
)
def test_without_paragraphs_it_is_cut_behind_what_there_is(text: str, behind: str) -> None:
    cut = cut_off_end(one(text), 0.1)
    assert cut.note.endswith(f"behind a {behind}")
    assert cut.train.texts[0] + cut.validation.texts[0] == text


def test_a_text_of_nothing_is_too_short_to_cut() -> None:
    with pytest.raises(DataError, match="too short"):
        cut_off_end(one("x"), 0.1)
