"""Beam search against every text there is, against greedy, and one sentence after the other."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nn.written_tables import Tables

from regard.errors import ModelError, UsageError
from regard.nn import beam as beams_module
from regard.nn.search import beam, greedy


def firsts(rows):
    return torch.zeros(rows, dtype=torch.long)


def texts(vocabulary, limit, end, least=0, banned=()):
    """Every text that can be written, its end token included where it has one."""
    going = [token for token in range(vocabulary) if token not in end and token not in banned]
    for length in range(1, limit + 1):
        for head in itertools.product(going, repeat=length - 1):
            lasts = list(end) if length - 1 >= least else []
            for last in lasts if length < limit else [*lasts, *going]:
                yield [*head, last]


def ranked(tables, source, candidates, length_penalty):
    """Best first, by the score as it is written down."""
    logs = [tables.log_probabilities(ids, source) for ids in candidates]
    scores = [sum(log) / len(log) ** length_penalty for log in logs]
    return sorted(zip(scores, candidates, strict=True), reverse=True)


def written(hypothesis, ends):
    """The tokens without an end that `ids` leave out."""
    return hypothesis.ids if not hypothesis.finished else [*hypothesis.ids, *ends]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 4),
    st.integers(1, 3),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.6, 1.0, 2.0, -1.0]),
    st.sampled_from([False, "never"]),
    st.integers(0, 1),
    st.integers(0, 1000),
)
def test_with_a_beam_for_every_text_the_best_is_found(vocabulary, rows, limit, penalty, early, least, seed):
    tables = Tables.drawn(vocabulary, rows, seed)
    every = list(texts(vocabulary, limit, [1], least))
    found = beam(
        tables,
        tables.start(),
        firsts(rows),
        beams=len(every) + 1,
        n_best=len(every),
        end=1,
        max_tokens=limit,
        length_penalty=penalty,
        early_stopping=early,
        min_tokens=least,
    )
    for row, hypotheses in enumerate(found):
        expected = ranked(tables, row, every, penalty)
        assert [hypothesis.score for hypothesis in hypotheses] == pytest.approx([score for score, _ in expected])
        found_ids = [written(hypothesis, [1]) for hypothesis in hypotheses]
        assert sorted(found_ids) == sorted(every)  # some are equally good: the same tokens after the same two
        for hypothesis, ids in zip(hypotheses, found_ids, strict=True):
            assert hypothesis.log_probabilities == pytest.approx(tables.log_probabilities(ids, row))
            assert hypothesis.score == pytest.approx(sum(hypothesis.log_probabilities) / len(ids) ** penalty)


def test_several_end_tokens_and_what_is_banned_against_every_text():
    tables = Tables.drawn(6, 1, seed=3)
    every = list(texts(6, 3, [1, 4], banned=[2]))
    found = beam(tables, tables.start(), firsts(1), beams=100, n_best=len(every), end=[1, 4], max_tokens=3, banned=[2])[
        0
    ]
    expected = ranked(tables, 0, every, 1.0)
    assert [hypothesis.score for hypothesis in found] == pytest.approx([score for score, _ in expected])
    assert [hypothesis.ids for hypothesis in found] == [ids[:-1] if ids[-1] in (1, 4) else ids for _, ids in expected]


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 7), st.integers(1, 4), st.integers(0, 1000), st.sampled_from([True, False]))
def test_one_beam_that_stops_at_its_first_end_is_greedy(vocabulary, rows, seed, ends):
    tables = Tables.drawn(vocabulary, rows, seed)
    options = {"end": 1 if ends else None, "max_tokens": 7}
    found = beam(tables, tables.start(), firsts(rows), beams=1, early_stopping=True, **options)
    expected = greedy(tables, tables.start(), firsts(rows), **options)
    for (hypothesis,), likeliest in zip(found, expected, strict=True):
        assert (hypothesis.ids, hypothesis.finished) == (likeliest.ids, likeliest.finished)
        assert hypothesis.log_probabilities == pytest.approx(likeliest.log_probabilities)
        assert hypothesis.score == pytest.approx(likeliest.score)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 7),
    st.integers(2, 5),
    st.integers(1, 4),
    st.sampled_from([0.0, 1.0, 2.0]),
    st.sampled_from([True, False, "never"]),
    st.integers(0, 1000),
    st.data(),
)
def test_a_batch_is_its_rows_one_by_one(vocabulary, rows, number, penalty, early, seed, data):
    tables = Tables.drawn(vocabulary, rows, seed)
    limits = data.draw(st.lists(st.integers(1, 9), min_size=rows, max_size=rows))
    options = {"beams": number, "n_best": number, "end": 1, "length_penalty": penalty, "early_stopping": early}
    together = beam(tables, tables.start(), firsts(rows), max_tokens=limits, **options)
    for row, hypotheses in enumerate(together):
        alone = beam(tables, tables.start([row]), firsts(1), max_tokens=limits[row], **options)[0]
        assert alone == hypotheses
        assert all(len(hypothesis.log_probabilities) <= limits[row] for hypothesis in hypotheses)
        assert [hypothesis.score for hypothesis in hypotheses] == sorted(
            (hypothesis.score for hypothesis in hypotheses), reverse=True
        )


def test_decided_sentences_leave_the_batch():
    tables = Tables.drawn(8, 6, seed=2)
    options = {"beams": 3, "end": 1, "max_tokens": 30, "early_stopping": True}
    beam(tables, tables.start(), firsts(6), **options)
    together, longest = tables.rows_read, tables.steps
    assert together < 6 + 6 * 3 * (longest - 1)
    tables.rows_read = 0
    for row in range(6):
        beam(tables, tables.start([row]), firsts(1), **options)
    assert tables.rows_read == together


def test_more_beams_find_no_worse_text_where_all_are_seen():
    tables = Tables.drawn(4, 20, seed=4)
    scores = [
        [found[0].score for found in beam(tables, tables.start(), firsts(20), beams=number, end=None, max_tokens=3)]
        for number in (1, 64)
    ]
    assert all(few <= many + 1e-9 for few, many in zip(*scores, strict=True))
    assert scores[0] != scores[1]


def test_fewer_texts_than_asked_for_where_there_are_not_so_many():
    tables = Tables.drawn(5, 2)
    tables.scores[0] = -math.inf
    tables.scores[0, ..., 3] = 0.0
    found = beam(tables, tables.start(), firsts(2), beams=4, n_best=4, end=1, max_tokens=3)
    assert [(hypothesis.ids, hypothesis.score) for hypothesis in found[0]] == [([3, 3, 3], 0.0)]
    assert len(found[1]) == 4


@pytest.mark.parametrize("broken", [math.nan, -math.inf])
def test_where_nothing_can_follow_the_row_is_named(broken):
    tables = Tables.drawn(3, 2)
    tables.scores[1] = broken
    with pytest.raises(ModelError, match="row 1: no token can be number 1 of the text"):
        beam(tables, tables.start(), firsts(2), beams=2, end=1, max_tokens=3)


def test_what_has_ended_is_given_though_nothing_can_follow_the_rest():
    tables = Tables.drawn(3, 1)
    tables.scores[0, 0, 0] = torch.tensor([0.0, 0.0, -math.inf])
    found = beam(tables, tables.start(), firsts(1), beams=2, end=1, max_tokens=3, banned=[2], n_best=2)[0]
    assert found[0].finished


def test_the_greatest_of_a_large_vocabulary_are_those_of_topk():
    generator = torch.Generator().manual_seed(0)
    for vocabulary in (3, 128, 1024, 2048, 5000, 5120):
        scores = torch.randn(3, vocabulary, generator=generator)
        scores[1, : vocabulary // 2] = -math.inf
        for number in (1, 8):
            found, places = beams_module.top(scores, number)
            expected = scores.topk(min(number, vocabulary))
            assert torch.equal(found, expected.values)
            assert torch.equal(scores.gather(1, places), found)


def test_half_precision_is_added_up_in_single():
    tables = Tables.drawn(6, 2)
    tables.scores = tables.scores.bfloat16()
    halves = beam(tables, tables.start(), firsts(2), beams=3, end=1, max_tokens=12)
    tables.scores = tables.scores.float()
    assert halves == beam(tables, tables.start(), firsts(2), beams=3, end=1, max_tokens=12)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"beams": 0}, "beams is 0"),
        ({"n_best": 3}, "n_best is 3"),
        ({"n_best": 0}, "n_best is 0"),
        ({"early_stopping": "later"}, "early_stopping is 'later'"),
        ({"length_penalty": math.nan}, "length_penalty is nan"),
        ({"length_penalty": 50.0}, "length_penalty is 50.0"),
        ({"max_tokens": -2}, "max_tokens is -2"),
        ({"banned": [-1]}, "banned is -1"),
    ],
)
def test_options_without_sense_are_refused(options, named):
    tables = Tables.drawn(3, 2)
    with pytest.raises(UsageError, match=named):
        beam(tables, tables.start(), firsts(2), **{"beams": 2, "end": 1, "max_tokens": 3, **options})


def test_no_rows_no_texts():
    tables = Tables.drawn(3, 1)
    assert beam(tables, tables.start([]), firsts(0), beams=2, end=1, max_tokens=3) == []
