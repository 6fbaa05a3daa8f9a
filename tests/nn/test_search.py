"""Greedy and sampled texts of a decoder that is a table: what they are, where they end, what they leave alone."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nn.written_tables import Tables

from regard.errors import ModelError, UsageError
from regard.nn.search import greedy, sample, stream

FIRST = 0


def firsts(rows):
    return torch.full((rows,), FIRST)


def likeliest(tables, source, limit, end, skip=()):
    """Greedy, as it is said: of one row, token by token, `skip` never."""
    ids = []
    while len(ids) < limit and (not ids or ids[-1] not in end):
        read = [0, FIRST, *ids]
        scores = tables.scores[source, read[-2], read[-1]].clone()
        scores[list(skip)] = -math.inf
        ids.append(int(scores.argmax()))
    return ids


def written(hypothesis, end):
    """With the end token that `ids` leave out, where there is one."""
    return hypothesis.ids + ([end] if hypothesis.finished else [])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(1, 5), st.integers(0, 1000), st.data())
def test_greedy_takes_the_likeliest_and_tells_its_probability(vocabulary, rows, seed, data):
    tables = Tables.drawn(vocabulary, rows, seed)
    limits = data.draw(st.lists(st.integers(1, 8), min_size=rows, max_size=rows))
    found = greedy(tables, tables.start(), firsts(rows), end=1, max_tokens=limits)
    for row, hypothesis in enumerate(found):
        ids = likeliest(tables, row, limits[row], {1})
        assert written(hypothesis, 1) == ids
        assert hypothesis.finished == (ids[-1] == 1)
        assert hypothesis.log_probabilities == pytest.approx(tables.log_probabilities(ids, row))
        assert hypothesis.score == pytest.approx(sum(hypothesis.log_probabilities) / len(ids))
        alone = greedy(tables, tables.start([row]), firsts(1), end=1, max_tokens=limits[row])
        assert alone == [hypothesis]


def test_finished_rows_leave_the_batch():
    tables = Tables.drawn(6, 8, seed=3)
    found = greedy(tables, tables.start(), firsts(8), end=(1, 2), max_tokens=20)
    assert len({len(hypothesis.log_probabilities) for hypothesis in found}) > 2
    assert tables.rows_read == sum(len(hypothesis.log_probabilities) for hypothesis in found)


def test_several_end_tokens_and_none():
    tables = Tables.drawn(4, 3, seed=1)
    none = greedy(tables, tables.start(), firsts(3), end=None, max_tokens=12)
    assert all(len(hypothesis.ids) == 12 and not hypothesis.finished for hypothesis in none)
    several = greedy(tables, tables.start(), firsts(3), end=[1, 3], max_tokens=12)
    for row, hypothesis in enumerate(several):
        ids = likeliest(tables, row, 12, {1, 3})
        assert hypothesis.ids == [token for token in ids if token not in (1, 3)]


def test_a_text_has_at_least_min_tokens_before_its_end_and_nothing_banned():
    tables = Tables.drawn(5, 4, seed=2)
    tables.scores[..., 1] += 20  # all would end at once
    found = greedy(tables, tables.start(), firsts(4), end=1, max_tokens=9, min_tokens=4, banned=[2])
    for row, hypothesis in enumerate(found):
        assert len(hypothesis.ids) == 4
        assert hypothesis.finished
        assert 2 not in hypothesis.ids
        # Told as the model has it, the ban aside.
        assert hypothesis.log_probabilities == pytest.approx(tables.log_probabilities([*hypothesis.ids, 1], row))


def test_a_row_with_one_possible_token_takes_it_by_every_way_of_writing():
    tables = Tables.drawn(5, 2)
    tables.scores[0] = -math.inf
    tables.scores[0, ..., 3] = 0.0
    options = {"end": 1, "max_tokens": 4}
    for found in (
        greedy(tables, tables.start(), firsts(2), **options),
        sample(tables, tables.start(), firsts(2), seed=5, top_p=0.5, **options),
        sample(tables, tables.start(), firsts(2), seed=5, top_k=3, min_p=0.1, **options),
    ):
        assert found[0].ids == [3, 3, 3, 3]
        assert found[0].log_probabilities == [0.0] * 4


@pytest.mark.parametrize("write", [greedy, lambda *parts, **options: sample(*parts, seed=1, **options)])
@pytest.mark.parametrize("broken", [math.nan, -math.inf])
def test_where_nothing_can_follow_the_row_is_named(write, broken):
    tables = Tables.drawn(3, 2)
    tables.scores[1, 0, 0] = broken
    with pytest.raises(ModelError, match="row 1: no token can be number 1 of the text"):
        write(tables, tables.start(), firsts(2), end=1, max_tokens=3)


def test_repetition_is_penalised_with_what_was_read_before():
    tables = Tables(torch.zeros(1, 4, 4, 4, dtype=torch.float64))
    tables.scores[..., :] = torch.tensor([0.5, 2.0, 1.9, 1.8])
    options = {"end": None, "max_tokens": 4}
    assert greedy(tables, tables.start(), firsts(1), **options)[0].ids == [1, 1, 1, 1]
    penalised = greedy(tables, tables.start(), firsts(1), repetition_penalty=1.5, **options)[0]
    assert penalised.ids == [1, 2, 3, 1]
    of_model = tables.scores[0, 0, 0].log_softmax(-1)
    assert penalised.log_probabilities == pytest.approx([float(of_model[token]) for token in penalised.ids])
    with_prompt = greedy(tables, tables.start(), firsts(1), repetition_penalty=1.5, prompts=[[1, 1]], **options)
    assert with_prompt[0].ids == [2, 3, 1, 1]


def test_a_temperature_of_0_is_greedy():
    tables = Tables.drawn(6, 3, seed=4)
    options = {"end": 1, "max_tokens": 10}
    assert sample(tables, tables.start(), firsts(3), seed=8, temperature=0.0, **options) == greedy(
        tables, tables.start(), firsts(3), **options
    )


def test_a_sampled_text_depends_on_its_seed_alone():
    tables = Tables.drawn(6, 4, seed=5, spread=0.5)
    options = {"end": 1, "max_tokens": 12, "top_p": 0.95}
    first = sample(tables, tables.start(), firsts(4), seed=7, **options)
    assert first == sample(tables, tables.start(), firsts(4), seed=7, **options)
    assert first != sample(tables, tables.start(), firsts(4), seed=8, **options)
    together = sample(tables, tables.start(), firsts(4), seed=[11, 12, 13, 14], **options)
    for row, hypothesis in enumerate(together):
        alone = sample(tables, tables.start([row]), firsts(1), seed=11 + row, **options)
        assert alone == [hypothesis]


def test_rows_of_one_batch_write_different_texts_of_the_same_source():
    tables = Tables.drawn(8, 1, seed=6, spread=0.1)
    found = sample(tables, tables.start([0] * 6), firsts(6), seed=1, end=None, max_tokens=10)
    assert len({tuple(hypothesis.ids) for hypothesis in found}) == 6


def test_the_global_generator_is_left_alone():
    tables = Tables.drawn(5, 2)
    before = torch.random.get_rng_state()
    sample(tables, tables.start(), firsts(2), seed=3, end=1, max_tokens=9)
    assert torch.equal(before, torch.random.get_rng_state())


def test_texts_come_as_often_as_they_are_likely():
    tables = Tables.drawn(3, 1, seed=9, spread=1.0)
    number = 4000
    found = sample(tables, tables.start([0] * number), firsts(number), seed=1, end=1, max_tokens=2)
    counted = Counter(tuple(written(hypothesis, 1)) for hypothesis in found)
    texts = [(1,), *((one, two) for one in (0, 2) for two in range(3))]
    assert set(counted) <= set(texts)
    chances = [math.exp(sum(tables.log_probabilities(list(text)))) for text in texts]
    assert sum(chances) == pytest.approx(1)
    squares = sum((counted[text] - number * p) ** 2 / (number * p) for text, p in zip(texts, chances, strict=True))
    assert squares < 22.5  # chi-square with 6 degrees of freedom: above it once in a thousand seeds


def test_a_stream_is_the_sampled_text_as_it_comes():
    tables = Tables.drawn(6, 1, seed=10)
    options = {"end": 1, "max_tokens": 30, "seed": 4, "temperature": 1.2, "top_k": 4}
    whole = sample(tables, tables.start(), firsts(1), **options)[0]
    tables.steps = 0
    flow = stream(tables, tables.start(), firsts(1), **options)
    assert next(flow) == (whole.ids[0], whole.log_probabilities[0])
    assert tables.steps == 1
    assert not torch.is_inference_mode_enabled()
    assert [token for token, _ in flow] == whole.ids[1:]
    assert whole.finished


def test_no_rows_no_texts():
    tables = Tables.drawn(3, 1)
    assert greedy(tables, tables.start([]), firsts(0), end=1, max_tokens=3) == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"max_tokens": [3, 0]}, "max_tokens is 0"),
        ({"max_tokens": [3]}, "max_tokens has 1 numbers, but there are 2 rows"),
        ({"min_tokens": -1}, "min_tokens is -1"),
        ({"banned": [3]}, "banned is 3"),
        ({"end": 7, "min_tokens": 1}, "end is 7"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": [1]}, "seed is \\[1\\]"),
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"top_k": -1}, "top_k is -1"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_p": 1.01}, "top_p is 1.01"),
        ({"min_p": 1.5}, "min_p is 1.5"),
        ({"repetition_penalty": 0.0}, "repetition_penalty is 0.0"),
        ({"repetition_penalty": 1.2, "prompts": [[1]]}, "prompts is \\[\\[1\\]\\]"),
    ],
)
def test_options_without_sense_are_refused(options, named):
    tables = Tables.drawn(3, 2)
    with pytest.raises(UsageError, match=named):
        sample(tables, tables.start(), firsts(2), **{"end": 1, "max_tokens": 3, "seed": 1, **options})


def test_a_stream_is_checked_before_its_first_token_is_asked_for():
    tables = Tables.drawn(3, 1)
    with pytest.raises(UsageError, match="top_p"):
        stream(tables, tables.start(), firsts(1), end=1, max_tokens=3, seed=1, top_p=2.0)
