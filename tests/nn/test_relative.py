"""Transformer-XL's score against the published formula, term by term, written out with loops."""

import math

import pytest
import torch

from regard.nn import attention
from regard.nn.attention.scores.relative import Relative, shifted

HEADS, SIZE = 2, 4
WIDTH = HEADS * SIZE


def made(seed=0):
    generator = torch.Generator().manual_seed(seed)
    score = attention.score("relative", HEADS, SIZE).double()
    assert isinstance(score, Relative)
    with torch.no_grad():
        for parameter in score.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return score


def draw(queries, keys, seed=1):
    generator = torch.Generator().manual_seed(seed)
    shape = (2, HEADS, keys, SIZE)
    query, key = (torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(2))
    return query[:, :, :queries].clone().requires_grad_(), key.requires_grad_()


def sinusoid(distance):
    """R of one distance, number by number (Vaswani et al. 2017, section 3.5)."""
    row = []
    for number in range(WIDTH):
        angle = distance / 10_000 ** (2 * (number // 2) / WIDTH)
        row.append(math.sin(angle) if number % 2 == 0 else math.cos(angle))
    return torch.tensor(row, dtype=torch.float64)


def terms(score, query, key):
    """(a), (b), (c) and (d) of section 3.3, each `[b h t s]`: one product a pair."""
    texts, _, queries, keys = (*query.shape[:3], key.shape[2])
    found = [torch.zeros(texts, HEADS, queries, keys, dtype=torch.float64) for _ in range(4)]
    for b in range(texts):
        for h in range(HEADS):
            of_head = score.position.weight[h * SIZE : (h + 1) * SIZE]  # W_{k,R} of this head
            for i in range(queries):
                for j in range(keys):
                    place = of_head @ sinusoid(keys - queries + i - j)
                    found[0][b, h, i, j] = query[b, h, i] @ key[b, h, j]
                    found[1][b, h, i, j] = query[b, h, i] @ place
                    found[2][b, h, i, j] = score.content_bias[h] @ key[b, h, j]
                    found[3][b, h, i, j] = score.position_bias[h] @ place
    return found


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 4), (4, 4), (3, 5), (2, 9)])
def test_the_score_is_the_four_terms_of_the_paper(queries, keys):
    score, (query, key) = made(), draw(queries, keys)
    expected = sum(terms(score, query, key)) / math.sqrt(SIZE)
    found = score(query, key)
    # Sinusoids are kept in float32.
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    slope = torch.randn(expected.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    inputs = [query, key, *score.parameters()]
    for mine, right in zip(
        torch.autograd.grad(found, inputs, slope), torch.autograd.grad(expected, inputs, slope), strict=True
    ):
        torch.testing.assert_close(mine, right, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("term", range(4), ids="abcd")
def test_each_term_stands_alone(term):
    """With what the other three need at zero, one term is the whole score."""
    score, (query, key) = made(), draw(3, 5)
    with torch.no_grad():
        zero = {
            0: [score.position.weight, score.content_bias],
            1: [key, score.content_bias, score.position_bias],
            2: [query, score.position.weight],
            3: [query, key, score.content_bias],
        }[term]
        for tensor in zero:
            tensor.zero_()
        expected = terms(score, query, key)
        assert [bool(of_term.any()) for of_term in expected] == [number == term for number in range(4)]
        torch.testing.assert_close(score(query, key), expected[term] / 2, atol=1e-5, rtol=1e-5)


def test_a_score_depends_on_the_distance_not_on_the_place():
    score, (query, key) = made(), draw(6, 6)
    same = [tensor[:, :, :1].expand(-1, -1, 6, -1) for tensor in (query, key)]
    scores = score(*same)
    for shift in range(-5, 6):
        diagonal = scores.diagonal(shift, 2, 3)
        torch.testing.assert_close(diagonal, diagonal[..., :1].expand_as(diagonal))


def test_shifting_moves_each_row_by_one():
    place = torch.arange(2 * 5.0).view(1, 1, 2, 5)
    assert shifted(place, 3).tolist() == [[[[1, 2, 3], [5, 6, 7]]]]


def test_distances_met_in_inference_mode_can_be_trained_with_afterwards():
    query, key = draw(2, 11)
    score = made()
    with torch.inference_mode():
        score(query, key)
    score(query, key).sum().backward()
    assert score.position.weight.grad is not None
