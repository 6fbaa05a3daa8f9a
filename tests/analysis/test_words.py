from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.analysis.words import highlight, seen, split


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(great!) It isn't", ["(", "great", "!)", "It", "isn't"]),
        ("10/10, from the U.S. :-)", ["10/10", ",", "from", "the", "U.S.", ":-)"]),
        ("C++ 50% #tag @user $5.", ["C++", "50%", "#tag", "@user", "$5", "."]),
        ("film❤️❤️ 1️⃣ 👩‍👧", ["film", "❤️❤️", "1️⃣", "👩‍👧"]),
        ("naïve. हिन्दी! e\u0301te\u0301.", ["naïve", ".", "हिन्दी", "!", "e\u0301te\u0301", "."]),
        (
            "minutes--ruined, so... a well-made—film",
            ["minutes", "--", "ruined", ",", "so", "...", "a", "well-made", "—", "film"],
        ),
        ("这部电影 good", ["这", "部", "电", "影", "good"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_split(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in split(text)] == words


def test_subwords_are_summed_on_their_word() -> None:
    found = highlight("unbelievable!", [(0, 2, 1.0), (2, 9, 0.5), (9, 12, -0.25), (12, 13, 2.0)])
    assert [(item.start, item.end, item.score) for item in found] == [(0, 12, 1.25), (12, 13, 2.0)]


def test_unread_markup_parts_words_and_is_highlighted_by_nothing() -> None:
    text = "Bad.<br /><br />Good"
    found = highlight(text, [(0, 3, 1.0), (3, 4, 0.0), (16, 20, -1.0)])
    assert [text[item.start : item.end] for item in found] == ["Bad", ".", "Good"]
    assert seen(text, [(0, 3), (3, 4), (16, 20)]) == [(0, 20)]


def test_a_token_is_never_cut() -> None:
    text = "caf&eacute; New York"
    found = highlight(text, [(0, 11, 1.0), (12, 20, 4.0)])
    assert [text[item.start : item.end] for item in found] == ["caf&eacute;", "New", "York"]
    assert [item.score for item in found] == pytest.approx([1.0, 4 * 3 / 7, 4 * 4 / 7])


def test_what_was_cut_out_of_the_middle_ends_a_stretch() -> None:
    text = "one two three four. "
    assert seen(text, [(0, 3), (14, 18)]) == [(0, 3), (14, 20)]
    assert [text[item.start : item.end] for item in highlight(text, [(0, 3, 1.0), (14, 18, 1.0)])] == ["one", "four"]


def test_hostile_markup_is_read_in_linear_time() -> None:
    text = "<a" * 50_000 + "< >" * 50_000 + "x"
    assert seen(text, [(0, 1)])
    assert highlight(text, [(0, 1, 1.0), (len(text) - 1, len(text), 1.0)])


@st.composite
def read_texts(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, float]]]:
    parts = st.sampled_from(
        ["a", "Z", "9", " ", "\n", ".", "!", "(", "<br />", "<", ">", "❤️", "👩‍👧", "é", "&amp;", "影"]
    )
    text = "".join(draw(st.lists(parts, max_size=30)))
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places, st.integers(-8, 8)), max_size=12))
    return text, [(min(a, b), max(a, b), float(score)) for a, b, score in spans]


@settings(max_examples=500, deadline=None)
@given(read_texts())
def test_highlights_are_words_of_the_text(example: tuple[str, list[tuple[int, int, float]]]) -> None:
    text, pieces = example
    found = highlight(text, pieces)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all(0 <= item.start < item.end <= len(text) for item in found)
    assert not any(text[item.start].isspace() or text[item.end - 1].isspace() for item in found)
    stretches = seen(text, [(start, end) for start, end, _ in pieces])
    assert all(left[1] < right[0] for left, right in pairwise(stretches))
    assert all(any(low <= item.start and item.end <= high for low, high in stretches) for item in found)
    on_words = [piece for piece in pieces if text[piece[0] : piece[1]].strip()]
    assert sum(item.score for item in found) == pytest.approx(sum(score for _, _, score in on_words), abs=1e-9)
    covered = {place for item in found for place in range(item.start, item.end)}
    read = {place for start, end, _ in on_words for place in range(start, end) if not text[place].isspace()}
    assert read <= covered
