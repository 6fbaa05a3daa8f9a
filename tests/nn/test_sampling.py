"""Filters against a reference that goes token by token, and against transformers'; draws against the distribution."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, TopKLogitsWarper, TopPLogitsWarper

from regard.nn import sampling
from regard.nn.sampling import Sampling, Streams, invert, penalised


def scored(vocabulary, rows=1, seed=0, spread=2.0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, vocabulary, generator=generator, dtype=torch.float64) * spread


def reference(scores, temperature, top_k, top_p, min_p):
    """One row, one token after the other, as the papers say it."""
    weights = [math.exp(score / temperature) for score in scores]
    left = sorted(range(len(weights)), key=lambda token: -weights[token])
    left = left[: top_k or len(left)]
    whole, summed, nucleus = sum(weights[token] for token in left), 0.0, []
    for token in left:
        if summed / whole < top_p or not nucleus:
            nucleus.append(token)
        summed += weights[token]
    left = [token for token in nucleus if weights[token] >= min_p * weights[nucleus[0]]]
    whole = sum(weights[token] for token in left)
    return [weights[token] / whole if token in left else 0.0 for token in range(len(weights))]


FILTERS = st.tuples(
    st.floats(0.2, 3.0),
    st.integers(0, 12),
    st.one_of(st.just(1.0), st.floats(0.05, 0.999)),
    st.one_of(st.just(0.0), st.floats(0.001, 0.9)),
)


@settings(max_examples=80, deadline=None)
@given(FILTERS, st.integers(1, 10), st.integers(1, 3), st.integers(0, 1000))
def test_the_distribution_is_that_of_the_reference(filters, vocabulary, rows, seed):
    scores = scored(vocabulary, rows, seed)
    found = Sampling(*filters).distribution(scores)
    expected = torch.tensor([reference(row, *filters) for row in scores.tolist()], dtype=torch.float64)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("top_p", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("spread", [0.1, 3.0])
def test_a_nucleus_is_the_same_whether_its_head_is_enough_or_not(monkeypatch, top_p, spread):
    scores = scored(300, 2, 1, spread)
    whole = Sampling(top_p=top_p).distribution(scores)
    monkeypatch.setattr(sampling, "HEAD", 10)
    torch.testing.assert_close(Sampling(top_p=top_p).distribution(scores), whole)
    cut = Sampling(top_p=top_p, top_k=40).distribution(scores)
    monkeypatch.setattr(sampling, "HEAD", 1000)
    torch.testing.assert_close(Sampling(top_p=top_p, top_k=40).distribution(scores), cut)


def test_filters_are_those_of_transformers():
    scores = scored(500, 4, 3)
    none = torch.zeros(4, 1, dtype=torch.long)
    expected = scores / 0.8
    for warper in (TopKLogitsWarper(60), TopPLogitsWarper(0.85), MinPLogitsWarper(0.02)):
        expected = warper(none, expected)
    found = Sampling(0.8, 60, 0.85, 0.02).distribution(scores)
    torch.testing.assert_close(found, expected.softmax(-1))


def test_the_penalty_is_that_of_transformers():
    scores = scored(20, 3, 2)
    ids = torch.tensor([[1, 2, 2], [0, 5, 19], [7, 7, 7]])
    written = torch.zeros(3, 20, dtype=torch.bool).scatter(1, ids, True)
    expected = RepetitionPenaltyLogitsProcessor(1.3)(ids, scores.clone())
    torch.testing.assert_close(penalised(scores, written, 1.3), expected)


def test_draws_come_as_often_as_they_should():
    scores, number = scored(12, 1, 4), 20_000
    kind = Sampling(temperature=1.3, top_k=8, min_p=0.02)
    drawn = kind.draw(scores.expand(number, -1), Streams(1, number).next(range(number)))
    chances = kind.distribution(scores)[0] * number
    counts = drawn.bincount(minlength=12).double()
    assert not counts[chances == 0].any()
    possible = chances > 0
    squares = ((counts - chances)[possible] ** 2 / chances[possible]).sum()
    assert squares < 24.4  # chi-square, 7 degrees of freedom: above it once in a thousand seeds


def test_rare_tokens_of_a_large_vocabulary_keep_their_chance():
    parts = torch.full((1, 200_001), 1e-9)  # in single precision, behind a sum of 1, each would be nothing
    parts[0, 0] = 1.0
    half_of_them = 1.0 + 1e-4
    whole = 1.0 + 2e-4
    place = invert(parts, torch.tensor([half_of_them / whole], dtype=torch.float64))
    assert int(place) == pytest.approx(100_000, rel=1e-3)


def test_the_ends_of_the_interval_draw_what_is_possible():
    parts = torch.tensor([[0.0, 0.3, 0.0, 0.7, 0.0, 0.0]])
    assert int(invert(parts, torch.tensor([0.0]))) == 1
    assert int(invert(parts, torch.tensor([1.0]))) == 3


def test_a_temperature_next_to_0_is_greedy():
    scores = scored(50, 3, 5) * 1e4
    uniform = Streams(2, 3).next([0, 1, 2])
    assert Sampling(temperature=1e-300).draw(scores, uniform).tolist() == scores.argmax(-1).tolist()


def test_each_row_has_a_stream_of_its_own():
    together, apart = Streams(5, 3), Streams(5, 3)
    first = together.next([0, 1, 2])
    assert torch.equal(first, torch.cat([apart.next([2]), apart.next([0, 1])])[[1, 2, 0]])
    assert len(set(first.tolist())) == 3
