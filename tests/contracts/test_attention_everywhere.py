"""What holds of every pattern whatever it is given: any settings, dropout, causality, a cache, FlexAttention's view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.test_attention import (
    CASES,
    HEADS,
    WIDTH,
    compare,
    has_layout,
    keeps,
    small_pieces,  # noqa: F401
    tensors,
)
from torch import Tensor

from regard.nn import attention
from regard.nn.attention.engines import flex
from regard.nn.attention.pattern import Pattern
from regard.nn.attention.reference import counts

LENGTH = 13
DRAWS = 400
WITHOUT_LSH = [case for case in CASES if case.values[0] != "lsh"]

blocks = st.integers(1, 7)
SETTINGS = {
    "window": {
        "left": st.integers(0, 9),
        "right": st.integers(0, 9),
        "dilation": st.integers(1, 3),
        "global_tokens": st.lists(st.integers(0, 40), max_size=4, unique=True),
    },
    "chunk": {"chunk_length": blocks, "before": st.integers(0, 3), "after": st.integers(0, 3), "wrap": st.booleans()},
    "bigbird": {"block_size": blocks, "random_blocks": st.integers(0, 3), "seed": st.integers(0, 99)},
}
drawn = st.sampled_from(sorted(SETTINGS)).flatmap(
    lambda word: st.tuples(st.just(word), st.fixed_dictionaries(SETTINGS[word]))
)


def any_setting(chosen: tuple[str, dict[str, Any]], length: int, kept: int, engine: str) -> None:
    """`kept`: a bit for each token of both texts."""
    keep = torch.tensor([bool(kept >> place & 1) for place in range(2 * length)]).view(2, length)
    word, options = chosen
    compare(attention.pattern(word, **options), engine, length, keep)


def examples(number: int) -> Callable[[Any], Any]:
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    given_ = given(drawn, st.integers(1, 40), st.integers(0, 2**80 - 1), st.sampled_from(["blocked", "dense"]))
    return lambda test: settings(max_examples=number, deadline=None, derandomize=True, suppress_health_check=quiet)(
        given_(test)
    )


@examples(50)
def test_any_setting_is_the_definition(chosen: Any, length: int, kept: int, engine: str) -> None:
    any_setting(chosen, length, kept, engine)


@pytest.mark.slow
@examples(500)
def test_many_settings_are_the_definition(chosen: Any, length: int, kept: int, engine: str) -> None:
    any_setting(chosen, length, kept, engine)


def prepared_for(pattern: Pattern, engine: str, heads: int, dropout: float) -> tuple[list[Tensor], Any, Any]:
    """The same text and head `heads` times, what is prepared for it, and the score."""
    inputs = [tensor[:1, :1].detach().expand(-1, heads, -1, -1) for tensor in tensors(2, LENGTH)]
    score = attention.score("shared" if pattern.needs_vectors else "scaled", heads, WIDTH)
    keep = torch.ones(1, LENGTH, dtype=torch.bool)
    keep[:, -2:] = False
    plan = pattern.plan(LENGTH, LENGTH, keep=keep, vectors=inputs[1][:, :1])
    if pattern.needs_vectors:  # it rotates each head differently
        plan = replace(plan, tables={name: table.expand(-1, heads, -1, -1) for name, table in plan.tables.items()})
    found = attention.prepare(pattern, *inputs[:2], keep, plan=plan, engine=engine, dropout=dropout, score=score)
    return inputs, found, score


def engines_of(pattern: Pattern) -> list[str]:
    return ["dense", "blocked"] if has_layout(pattern, LENGTH) else ["dense"]


@pytest.mark.parametrize(("word", "options"), CASES)
def test_dropout_changes_no_mean(word: str, options: dict[str, Any]) -> None:
    """Over many draws, each number within 5 standard errors of the one without dropout; and not all draws alike."""
    pattern = attention.pattern(word, **options)
    for engine in engines_of(pattern):
        inputs, prepared, score = prepared_for(pattern, engine, DRAWS, 0.3)
        with torch.random.fork_rng():
            torch.manual_seed(1)
            draws = attention.attend(*inputs, prepared, score=score, dropout=0.3)[0, :, :-2]
        right = attention.attend(*inputs, prepared, score=score)[0, :1, :-2]
        error = draws.std(0) / DRAWS**0.5
        assert (error > 0).float().mean() > 0.9
        assert ((draws.mean(0) - right[0]).abs() <= 5 * error + 1e-12).all()


@pytest.mark.parametrize(("word", "options"), CASES)
def test_gradients_are_those_of_the_draw(word: str, options: dict[str, Any]) -> None:
    """By finite differences, with the same draw each time: what is dropped again in the backward pass is the same."""
    pattern = attention.pattern(word, **options)
    for engine in engines_of(pattern):
        inputs, prepared, score = prepared_for(pattern, engine, 1, 0.4)
        direction = [torch.linspace(-1, 1, tensor.numel(), dtype=torch.float64).view(tensor.shape) for tensor in inputs]

        def value(inputs: list[Tensor], prepared: Any = prepared, score: Any = score) -> Tensor:
            torch.manual_seed(2)
            out = attention.attend(*inputs, prepared, score=score, dropout=0.4)[:, :, :-2]
            return (out * torch.linspace(1, 2, out.numel(), dtype=out.dtype).view(out.shape)).sum()

        with torch.random.fork_rng():
            leaves = [tensor.clone().requires_grad_() for tensor in inputs]
            value(leaves).backward()
            slope = sum(float((leaf.grad * way).sum()) for leaf, way in zip(leaves, direction, strict=True))
            step = 1e-6
            ahead, behind = (
                float(value([tensor + sign * step * way for tensor, way in zip(inputs, direction, strict=True)]))
                for sign in (1, -1)
            )
        assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("word", "options"), CASES)
def test_a_pattern_and_causality(word: str, options: dict[str, Any]) -> None:
    pattern, causal = attention.pattern(word, **options), attention.pattern("causal")
    both, checked = pattern & causal, set()
    for length in (1, 5, 13, 24):
        plan = both.plan(length, length, heads=HEADS, vectors=tensors(1, length)[1].detach())
        alone = pattern.count(0, 0, torch.arange(length)[:, None], torch.arange(length), plan)
        met = both.count(0, 0, torch.arange(length)[:, None], torch.arange(length), plan)
        assert torch.equal(met.long(), (alone * torch.ones(length, length)).tril().long())
        for engine in ["dense", "blocked"] if has_layout(both, length) else ["dense"]:
            compare(both, engine, length, keeps(length)["right"])
            checked.add(engine)
    assert checked >= ({"dense", "blocked"} if word in ("full", "causal", "window", "segment") else {"dense"})


@pytest.mark.parametrize(("word", "options"), WITHOUT_LSH)
def test_fewer_queries_than_keys(word: str, options: dict[str, Any]) -> None:
    """The last queries alone get what they get among all."""
    pattern, keep = attention.pattern(word, **options), keeps(LENGTH)["right"]
    query, key, value = (tensor.detach() for tensor in tensors(2, LENGTH))
    plan = pattern.plan(LENGTH, LENGTH, heads=HEADS, keep=keep)
    whole = attention.reference(query, key, value, pattern, plan, keep)
    for number in (1, 4):
        prepared = attention.prepare(pattern, query[:, :, -number:], key, keep)
        assert prepared.plan.offset == LENGTH - number
        found = attention.attend(query[:, :, -number:], key, value, prepared)
        torch.testing.assert_close(found, whole[:, :, -number:])


@pytest.mark.parametrize(("word", "options"), CASES)
def test_flex_sees_the_definition(word: str, options: dict[str, Any]) -> None:
    """FlexAttention calls its functions for single numbers, under vmap."""
    pattern, keep = attention.pattern(word, **options), keeps(LENGTH)["right"]
    key = tensors(2, LENGTH)[1].detach()
    penalty = -1e5 if pattern.needs_vectors else None
    for queries in (LENGTH,) if pattern.needs_vectors else (LENGTH, 4):
        plan = pattern.plan(queries, LENGTH, heads=HEADS, keep=keep, vectors=key)
        met = counts(pattern, plan, 2, HEADS).expand(2, HEADS, queries, LENGTH) * keep[:, None, None]
        mask, score = flex.mask_function(pattern, plan, keep), flex.score_function(pattern, plan, penalty)
        places = [torch.arange(size) for size in (2, HEADS, queries, LENGTH)]
        assert torch.equal(over_all(mask)(*places), met > 0)
        scores = torch.randn(met.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        right = scores + met.double().log()
        if penalty is not None:
            right = torch.where(torch.eye(LENGTH, dtype=torch.bool), penalty + met.double().log(), right)
        found = over_all(lambda b, h, q, k, score=score, scores=scores: score(scores[b, h, q, k], b, h, q, k))(*places)
        torch.testing.assert_close(found[met > 0], right[met > 0])


def over_all(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`function` of four numbers, for all of each: `[b h q k]`."""
    for axis in (3, 2, 1, 0):
        function = torch.vmap(function, in_dims=tuple(0 if place == axis else None for place in range(4)))
    return function


@pytest.mark.parametrize(("word", "options"), CASES)
def test_nothing_touches_a_global_generator(word: str, options: dict[str, Any]) -> None:
    pattern = attention.pattern(word, **options)
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
    for engine in engines_of(pattern):
        inputs, prepared, score = prepared_for(pattern, engine, 2, 0.0)
        leaves = [tensor.clone().requires_grad_() for tensor in inputs]
        attention.attend(*leaves, prepared, score=score).sum().backward()
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
