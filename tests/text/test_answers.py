"""Every answer stands where it is said to stand; one that does not occur is an error, never left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.text.answers import Placed, Stated, as_words, place, stated, within_word

CONTEXT = "Maybe in May; Paris in Maytime is Paris. In May!"


@pytest.mark.parametrize(
    ("cell", "start", "expected"),
    [
        (None, None, []),
        ("", None, []),
        ([], None, []),
        ({"text": [], "answer_start": []}, None, []),
        ({"text": None, "answer_start": None}, None, []),
        ("May", None, [("May", None)]),
        ("May", "9", [("May", 9)]),
        ("May", 9.0, [("May", 9)]),
        ("May", float("nan"), [("May", None)]),
        (["May", "Paris"], None, [("May", None), ("Paris", None)]),
        (["May", "Paris"], [9, 14], [("May", 9), ("Paris", 14)]),
        ({"text": ["May"], "answer_start": [9]}, None, [("May", 9)]),
        ({"text": np.array(["May"], dtype=object), "answer_start": np.array([9])}, None, [("May", 9)]),
        ({"text": ["May", "Paris"]}, None, [("May", None), ("Paris", None)]),
        ({"text": "May", "answer_start": "9"}, None, [("May", 9)]),
        ([{"text": "May", "answer_start": 9}, {"text": "Paris"}], None, [("May", 9), ("Paris", None)]),
        (1973, None, [("1973", None)]),
    ],
)
def test_every_shape_of_a_cell(cell, start, expected) -> None:
    assert stated(cell, start) == expected


@pytest.mark.parametrize(
    ("cell", "start", "message"),
    [
        ({"answer_start": [1]}, None, "without the key 'text'"),
        ({"text": ["a", "b"], "answer_start": [1]}, None, "2 answers, but 1 starts"),
        ({"text": ["a"], "answer_start": []}, None, "1 answers, but 0 starts"),
        (["a", "b"], 3, "2 answers, but 1 starts"),
        ([["a"]], None, "no text"),
        (["a", {"text": "b"}], None, "no text"),
        (True, None, "no text"),
        ("a", "first", "no whole number"),
        ("a", 1.5, "no whole number"),
        ("a", True, "no whole number"),
        ({"text": ["a"], "answer_start": [{}]}, None, "no whole number"),
    ],
)
def test_what_is_no_answer_is_said(cell, start, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stated(cell, start)


@pytest.mark.parametrize(
    ("answer", "start", "expected"),
    [
        ("May", 9, Placed("May", 9, "given")),
        ("May", 0, Placed("May", 0, "given")),
        ("May", None, Placed("May", 9, "found")),
        ("tim", None, Placed("tim", 26, "found")),
        ("May", 8, Placed("May", 9, "moved")),
        ("May", 22, Placed("May", 23, "moved")),
        ("Paris", 24, Placed("Paris", 14, "moved")),
        ("May", -1, Placed("May", 0, "moved")),
        ("May", 10_000, Placed("May", 44, "moved")),
        (" May", 8, Placed(" May", 8, "given")),
        ("May\n", 9, Placed("May", 9, "moved")),
        ("\tMay", None, Placed("May", 9, "found")),
    ],
)
def test_an_answer_is_where_it_stands(answer: str, start: int | None, expected: Placed) -> None:
    assert place(CONTEXT, Stated(answer, start)) == expected


def test_an_answer_that_is_not_there_is_an_error_with_a_hint() -> None:
    with pytest.raises(ValueError, match=r"the answer 'London' is not in its context$"):
        place(CONTEXT, Stated("London", 3))
    with pytest.raises(ValueError, match=r"is not in its context; it has 'in Maytime'"):
        place(CONTEXT, Stated("IN  maytime", None))
    with pytest.raises(ValueError, match="an empty answer"):
        place(CONTEXT, Stated("  ", 3))


@settings(deadline=None)
@given(st.text("ab c", min_size=1, max_size=30), st.data())
def test_the_nearest_place_is_the_nearest(context: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(context) - 1))
    answer = context[begin : data.draw(st.integers(begin + 1, min(len(context), begin + 3)))]
    start = data.draw(st.integers(-3, len(context) + 3))
    places = [at for at in range(len(context)) if context.startswith(answer, at)]
    if answer.strip():
        found = place(context, Stated(answer, start))
        assert found.text == answer
        assert abs(found.start - start) == min(abs(at - start) for at in places)
        assert (found.how == "given") == (start in places)
        assert place(context, Stated(answer, None)).start in places


def test_words_have_borders() -> None:
    assert [place for place in range(8) if within_word("it's a1b", place)] == [1, 6, 7]
    assert not within_word("東京都", 1)
    assert not within_word("กรุงเทพ", 1)
    assert as_words(CONTEXT, "May") == 9
    assert as_words("maybe", "may") == -1
    assert as_words("(may)", "may") == 1
