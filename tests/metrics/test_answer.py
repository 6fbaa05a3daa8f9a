"""Exact match and F1 are those of SQuAD's scripts; means, intervals and tables are what their questions say."""

from __future__ import annotations

import re
import string
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import DataError
from regard.metrics.answer import exact_match, f1, kind_of, normalised, score_answers, tally_answer
from regard.records import AnswerPrediction, Scores


def said(output: str, gold: tuple[str, ...] | None, question: str = "What?", context: str = "") -> AnswerPrediction:
    return AnswerPrediction("q", context, question, output, 0, len(output), gold, 1.0)


@pytest.mark.parametrize(
    ("output", "gold", "exact", "overlap"),
    [
        ("The Old Bridge!", ["old bridge"], 1, 1),
        ("a bridge", ["an old bridge"], 0, 2 / 3),
        ("old old bridge", ["old bridge bridge"], 0, 2 / 3),
        ("bridge", ["river", "the bridge of stone"], 0, 2 / 4),
        ("1,883", ["1883"], 1, 1),
        ("U.S.A.", ["USA"], 1, 1),
        ("well-known", ["well known"], 0, 0),
        ("", [], 1, 1),
        ("bridge", [], 0, 0),
        ("", ["bridge"], 0, 0),
        ("the", ["The"], 1, 1),
        ("the", ["bridge", "a"], 0, 0),
        ("", ["the"], 1, 1),
        ("theatre", ["atre"], 0, 0),
        ("  Über  die\nBrücke ", ["über die brücke"], 1, 1),
    ],
)
def test_what_an_answer_is_worth(output: str, gold: list[str], exact: float, overlap: float) -> None:
    assert exact_match(output, gold) == exact
    assert f1(output, gold) == pytest.approx(overlap)


def words_of(text: str) -> list[str]:
    """Written anew: words of a text that are no articles, punctuation taken out of them."""
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


texts = st.lists(st.sampled_from(["a", "The", "bridge", "Bridge.", "of-the", "old", ",", "an"]), max_size=6).map(
    " ".join
)


@settings(deadline=None)
@given(texts, st.lists(texts, max_size=3))
def test_the_same_as_written_out(output: str, gold: list[str]) -> None:
    counted = [one for one in map(words_of, gold) if one] or [[]]
    own = words_of(output)
    expected = []
    for one in counted:
        shared = sum(min(Counter(own)[word], Counter(one)[word]) for word in set(own))
        precision, recall = shared / max(len(own), 1), shared / max(len(one), 1)
        both_empty = not own and not one
        expected.append(1.0 if both_empty else 2 * precision * recall / (precision + recall) if shared else 0.0)
    assert f1(output, gold) == pytest.approx(max(expected))
    assert exact_match(output, gold) == (own in counted)
    assert normalised(output) == " ".join(own)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is it?", "what"),
        ("In which year?", "which"),
        ("To whom, and why?", "who"),
        ("Whose was it?", "who"),
        ("When did it fall?", "when"),
        ("where?", "where"),
        ("How many arches?", "how many"),
        ("how much did it cost?", "how many"),
        ("How long is it?", "how"),
        ("Why?", "why"),
        ("Name the river.", "other"),
        ("Wer baute sie?", "other"),
        ("Somewhat later?", "other"),
    ],
)
def test_kinds_of_questions(question: str, kind: str) -> None:
    assert kind_of(question) == kind


def test_scores_of_answers() -> None:
    found = score_answers(
        [
            said("old bridge", ("the old bridge",), "What?", "w " * 120),
            said("bridge", ("the old bridge", "old"), "Who?", "w " * 120),
            said("river", ("bridge",), "Who?", "w " * 600),
            said("bridge", ("bridge",), "How many?", "w"),
        ],
        part="validation",
        seed=1,
    )
    assert list(found.values) == ["f1", "exact_match"]
    assert found.values["f1"] == pytest.approx((1 + 2 / 3 + 0 + 1) / 4)
    assert found.values["exact_match"] == 0.5
    assert found.intervals["f1"][0] < found.values["f1"] < found.intervals["f1"][1]
    assert list(found.per_class) == ["what", "who", "how many"]
    assert found.per_class["who"] == {"f1": pytest.approx(1 / 3), "exact_match": 0.0, "support": 2}
    lengths = {row["at_least"]: row["support"] for row in found.detail["by_answer_length"]}
    assert lengths == {1: 3, 3: 1}
    assert {row["at_least"]: row["support"] for row in found.detail["by_context_length"]} == {1: 1, 100: 2, 500: 1}
    assert Scores.from_json(found.to_json()) == found


def test_questions_without_an_answer_are_told_apart() -> None:
    predictions = [said("bridge", ("bridge",)), said("", ("bridge",)), said("", ()), said("river", ()), said("", ())]
    found = score_answers(predictions, part="test", seed=1)
    assert found.values == pytest.approx(
        {"f1": 0.6, "exact_match": 0.6, "has_answer_f1": 0.5, "no_answer_accuracy": 2 / 3}
    )
    assert set(found.intervals) == set(found.values)
    assert [row["support"] for row in found.detail["by_answer_length"]] == [2]
    only = score_answers(predictions[2:], part="test", seed=1)
    assert set(only.values) == {"f1", "exact_match"}


def test_all_right_has_an_interval_too() -> None:
    found = score_answers([said("bridge", ("bridge",))] * 20, part="test", seed=1)
    assert found.values == {"f1": 1.0, "exact_match": 1.0}
    low, high = found.intervals["exact_match"]
    assert 0.8 < low < 0.9
    assert high == 1.0
    assert found.intervals["f1"] == (low, high)
    half = score_answers([said("bridge", ("old bridges bridge",))] * 20, part="test", seed=1)
    assert set(half.intervals) == {"exact_match"}


def test_a_tally_is_the_f1_of_one_question() -> None:
    assert tally_answer(said("old bridge", ("the old bridge",))) == (1.0, 1.0)
    assert tally_answer(said("", ("bridge",))) == (0.0, 1.0)


def test_nothing_to_score() -> None:
    with pytest.raises(DataError, match="nothing to score"):
        score_answers([], part="test", seed=1)
    with pytest.raises(DataError, match="'q' has no answer"):
        score_answers([said("a", None)], part="test", seed=1)
    with pytest.raises(DataError, match="'q' has no answer"):
        tally_answer(said("a", None))
