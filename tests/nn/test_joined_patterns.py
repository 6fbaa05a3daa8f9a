"""Two patterns joined by &, run by every engine, against the product of their counts: outputs and gradients."""

from itertools import pairwise

import pytest
import torch

from regard.nn.attention import attend, pattern, prepare
from regard.nn.attention.reference import counts
from regard.registry import PATTERNS

FIRST = {
    "window": {"left": 9, "right": 7, "global_tokens": [0, 30]},
    "chunk": {"chunk_length": 7, "before": 1, "after": 1},
    "bigbird": {"block_size": 4, "random_blocks": 2},
    "segment": {"segment_length": 8, "memory_length": 4},
    "full": {},
}
SECOND = {"causal": {}, "window": {"left": 4, "right": 5}}


def product(words, length, keep):
    """Each counted by itself, with a plan of its own."""
    met = 1
    for word, settings in words:
        made = pattern(word, **settings)
        met = met * counts(made, made.plan(length, length, heads=2, keep=keep), len(keep), 2).double()
    return met * keep[:, None, None, :]


@pytest.mark.parametrize("length", [1, 28, 49])
@pytest.mark.parametrize("engine", ["dense", "blocked"])
@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("first", FIRST)
def test_pairs_that_both_see(first, second, engine, length):
    generator = torch.Generator().manual_seed(0)
    keep = torch.ones(2, length, dtype=torch.bool)
    keep[1, length // 2 + 1 :] = False
    query, key, value, slope = (
        torch.randn(2, 2, length, 8, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(4)
    )
    words = [(first, FIRST[first]), (second, SECOND[second])]
    joined = pattern(first, **FIRST[first]) & pattern(second, **SECOND[second])
    prepared = prepare(joined, query, key, keep, engine=engine)
    scores = query @ key.transpose(-1, -2) / 8**0.5 + product(words, length, keep).log().clamp(min=-1e30)
    mine = keep[:, None, :, None]
    expected = (scores.softmax(-1) @ value) * mine
    found = attend(query, key, value, prepared) * mine
    torch.testing.assert_close(found, expected)
    inputs = (query, key, value)
    for one, other in zip(
        torch.autograd.grad(found, inputs, slope), torch.autograd.grad(expected, inputs, slope), strict=True
    ):
        torch.testing.assert_close(one, other)


GROWING = [
    pytest.param(word, settings, id=f"{word} {settings}")
    for word, settings in [
        *((word, settings) for word, entry in PATTERNS.items() for settings in entry.load_options().examples),
        *(
            ("chunk", {"chunk_length": 3, "before": before, "after": after, "wrap": wrap})
            for before in range(4)
            for after in range(2)
            for wrap in (True, False)
        ),
    ]
    if word != "lsh"  # what it sorts is known with the vectors only
]


@pytest.mark.parametrize(("word", "settings"), GROWING)
def test_a_pattern_that_extends_keeps_its_pairs_when_a_text_grows(word, settings):
    made = pattern(word, **settings) & pattern("causal")
    plans = [made.plan(length, length, heads=2) for length in range(1, 31)]
    met = [counts(made, plan, 1, 2).expand(1, 2, plan.keys, plan.keys) for plan in plans]
    stays = all(torch.equal(shorter, longer[:, :, :-1, :-1]) for shorter, longer in pairwise(met))
    assert made.extends == stays
