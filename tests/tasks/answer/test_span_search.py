"""The best spans are those that looking at every pair gives; a threshold is the best of all there could be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.metrics.answer import f1
from regard.records import AnswerPrediction, Entity
from regard.tasks.answer.span_search import ALWAYS, as_answer, best_spans, choose_threshold
from regard.text.pair_encoder import EncodedPair


def pair_of(spans: list[tuple[int, int]], windows: list[tuple[int, int]], head: int = 3) -> EncodedPair:
    """A context of tokens with these characters, read in windows of them, behind `head` tokens of another kind."""
    offsets = np.array(spans, dtype=np.int64).reshape(-1, 2)
    made = [
        EncodedPair(
            ids=[0] * (head + stop - start + 1),
            type_ids=[0] * (head + stop - start + 1),
            context=(head, head + stop - start),
            offsets=offsets[start:stop],
            no_answer=0,
            tokens_in_text=0,
            question_tokens=1,
            context_tokens=len(spans),
            start=start,
        )
        for start, stop in windows
    ]
    return EncodedPair(**{**vars(made[0]), "further": tuple(made[1:])})


def by_hand(start, end, pair, longest, most):
    """Every pair of every window, one by one."""
    found: dict[tuple[int, int], float] = {}
    for row, window in enumerate(pair.windows):
        low, high = window.context
        for i in range(low, high):
            for j in range(i, min(i + longest, high)):
                span = int(window.offsets[i - low, 0]), int(window.offsets[j - low, 1])
                if span[1] > span[0]:
                    found[span] = max(found.get(span, -math.inf), float(start[row, i]) + float(end[row, j]))
    none = min(float(start[row, 0]) + float(end[row, 0]) for row in range(len(pair.windows)))
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:most]
    weights = np.exp(np.array([*(score for _, score in best), none]) - max([none, *(score for _, score in best)]))
    return [span for span, _ in best], weights / weights.sum()


@st.composite
def cases(draw):
    tokens = draw(st.integers(0, 9))
    spans, place = [], 0
    for _ in range(tokens):
        # Several tokens may be one character (bytes of an emoji), and one may have none (a blank).
        width = draw(st.integers(0, 2))
        if spans and draw(st.booleans()) and draw(st.booleans()):
            spans.append(spans[-1])
        else:
            spans.append((place, place + width))
        place += width
    room = draw(st.integers(1, 9))
    step = draw(st.integers(1, room))
    starts = sorted({min(start, max(tokens - room, 0)) for start in range(0, max(tokens, 1), step)})
    pair = pair_of(spans, [(start, min(start + room, tokens)) for start in starts])
    width = max(len(window.ids) for window in pair.windows) + draw(st.integers(0, 2))
    values = st.sampled_from([-1.5, 0.0, 0.0, 1.0, 2.5]) if draw(st.booleans()) else st.floats(-9, 9, width=32)
    scores = draw(st.lists(values, min_size=2 * len(starts) * width, max_size=2 * len(starts) * width))
    start, end = np.array(scores, dtype=np.float32).reshape(2, len(starts), width)
    return start, end, pair, draw(st.integers(1, 12)), draw(st.integers(1, 6))


@settings(max_examples=300, deadline=None)
@given(cases())
def test_the_best_spans_are_those_of_looking_at_every_pair(case):
    start, end, pair, longest, most = case
    found = best_spans(start, end, pair, max_answer_tokens=longest, most=most)
    spans, probabilities = by_hand(*case)
    assert [tuple(span) for span in found.spans.tolist()] == spans
    np.testing.assert_allclose([*found.probabilities, found.no_answer], probabilities, atol=1e-12)


def test_a_long_context_is_searched_whole():
    generator = np.random.default_rng(0)
    pair = pair_of([(4 * n, 4 * n + 3) for n in range(1000)], [(n, n + 300) for n in range(0, 701, 100)])
    start, end = generator.normal(size=(2, 8, 304))
    found = best_spans(start, end, pair)
    spans, probabilities = by_hand(start, end, pair, 30, 5)
    assert [tuple(span) for span in found.spans.tolist()] == spans
    assert found.no_answer == pytest.approx(probabilities[-1])


def test_a_model_that_says_the_same_of_all_gives_the_first_stretches():
    pair = pair_of([(n, n + 1) for n in range(200)], [(0, 200)])
    found = best_spans(np.zeros((1, 204)), np.zeros((1, 204)), pair, most=3)
    assert found.spans.tolist() == [[0, 1], [0, 2], [0, 3]]
    np.testing.assert_allclose([*found.probabilities, found.no_answer], 0.25)


def test_there_is_no_answer_only_where_no_window_has_one():
    pair = pair_of([(0, 1), (2, 3), (4, 5)], [(0, 2), (1, 3)])
    start, end = np.zeros((2, 2, 6))
    start[0, 0] = end[0, 0] = 9.0
    assert best_spans(start, end, pair).no_answer < 0.2
    start[1, 0] = end[1, 0] = 9.0
    assert best_spans(start, end, pair).no_answer > 0.99


def answer(threshold, context="an old bridge"):
    pair = pair_of([(0, 2), (3, 6), (7, 13)], [(0, 3)])
    start, end = np.zeros((2, 1, 7))
    start[0, 4], end[0, 5], start[0, 0] = 3.0, 3.0, 5.0
    found = best_spans(start, end, pair, most=3)
    return as_answer(
        found, identity="q", context=context, question="What?", gold=("old",), no_answer_threshold=threshold
    )


def test_an_answer_is_given_unless_none_is_likelier_than_the_threshold():
    given_, none = answer(ALWAYS), answer(0.2)
    assert (given_.output, given_.start, given_.end) == ("old bridge", 3, 13)
    assert given_.confidence == pytest.approx(1 - given_.no_answer - sum(e.confidence for e in given_.alternatives))
    assert [context[e.start : e.end] for context in [given_.input] for e in given_.alternatives] == [
        "an old bridge",
        "old",
    ]
    assert (none.output, none.start, none.end, none.confidence) == ("", 0, 0, given_.no_answer)
    assert len(none.alternatives) == 3
    assert none.to_json()["alternatives"][0]["text"] == "old bridge"
    assert answer(given_.no_answer).output == "old bridge"


def test_a_context_without_a_token_has_no_answer():
    pair = pair_of([], [(0, 0)])
    found = best_spans(np.zeros((1, 4)), np.zeros((1, 4)), pair)
    assert (len(found.spans), found.no_answer) == (0, 1.0)
    said = as_answer(found, identity="q", context="", question="What?", gold=None)
    assert (said.output, said.confidence) == ("", 1.0)


def prediction(no_answer, best, gold, given_=True):
    context = "bridge river"
    start = context.index(best)
    entity = Entity(start, start + len(best), "answer", 1 - no_answer)
    span = (best, start, start + len(best)) if given_ else ("", 0, 0)
    return AnswerPrediction("q", context, "What?", *span, gold, 0.5, no_answer, () if given_ else (entity,))


answers = st.builds(
    prediction,
    st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1),
    st.sampled_from(["bridge", "river", "bridge river"]),
    st.sampled_from([(), (), ("bridge",), ("river", "bridge river"), None]),
    st.booleans(),
)


def score_at(threshold, predictions):
    judged = [item for item in predictions if item.gold is not None]
    kept = []
    for item in judged:
        best = item.output or item.input[item.alternatives[0].start : item.alternatives[0].end]
        kept.append(f1(best if item.no_answer <= threshold else "", item.gold))
    return sum(kept) / max(len(kept), 1)


@settings(max_examples=200, deadline=None)
@given(st.lists(answers, max_size=12))
def test_the_threshold_is_the_best_there_is(predictions):
    threshold, best = choose_threshold(predictions)
    assert 0 <= threshold <= 1
    assert score_at(threshold, predictions) == pytest.approx(best)
    tried = [0.0, 1.0, *(item.no_answer for item in predictions)]
    assert best == pytest.approx(max(score_at(t, predictions) for t in tried))


def test_where_every_question_has_an_answer_one_is_always_given():
    predictions = [prediction(p, "bridge", ("bridge",)) for p in (0.1, 0.99)] + [prediction(1.0, "river", ("bridge",))]
    assert choose_threshold(predictions) == (ALWAYS, pytest.approx(2 / 3))
    assert choose_threshold([]) == (ALWAYS, 0.0)


def test_a_threshold_lies_between_two_questions():
    predictions = [prediction(0.2, "bridge", ("bridge",), False), prediction(0.6, "bridge", ())]
    assert choose_threshold(predictions) == (pytest.approx(0.4), 1.0)
    assert choose_threshold([prediction(0.6, "bridge", ())]) == (pytest.approx(0.3), 1.0)
