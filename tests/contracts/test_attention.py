"""Every registered pattern by every engine, and every score, against the dense definition: outputs and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from regard.nn import attention
from regard.nn.attention.engine import ENGINES
from regard.nn.attention.engines import band, grid
from regard.nn.attention.engines import sorted as sorted_engine
from regard.nn.attention.pattern import Pattern
from regard.registry import PATTERNS, SCORES

HEADS, WIDTH = 2, 8
CASES = [
    pytest.param(word, settings, id=f"{word}-{number}")
    for word, entry in PATTERNS.items()
    for number, settings in enumerate(entry.load_options().examples)
]
SPARSE = [case for case in CASES if case.values[0] not in ("full", "causal")]
LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 24, 37)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of a test are short: with blocks to match, every kind of piece occurs."""
    monkeypatch.setattr(band, "BLOCK", 4)
    monkeypatch.setattr(band, "FINE", 2)
    monkeypatch.setattr(band, "AT_ONCE", 2)
    monkeypatch.setattr(grid, "AT_ONCE", 8)
    monkeypatch.setattr(sorted_engine, "AT_ONCE", 8)


def test_the_suite_sees_every_pattern_and_score() -> None:
    assert {case.values[0] for case in CASES} == set(PATTERNS)
    assert len(CASES) > 20
    assert set(SCORES) >= {"dot", "scaled", "general", "concat", "additive", "relative"}
    assert ENGINES == ("auto", "dense", "blocked", "flex")


def tensors(texts: int, length: int, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    # Tokens outside, heads inside, as projections give them: the engines must cope with such strides.
    shape = (texts, length, HEADS, WIDTH)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).transpose(1, 2).requires_grad_() for _ in range(3)
    ]


def keeps(length: int) -> dict[str, Tensor]:
    """No padding; a ragged batch, padded on the right; on the left; a hole; a text without a token."""
    none = torch.ones(2, length, dtype=torch.bool)
    right, left, hole, empty = (none.clone() for _ in range(4))
    right[1, max(1, length * 2 // 3) :] = False
    left[0, : length // 3] = False
    hole[1, length // 2 : length // 2 + 2] = False
    hole[1, 0] = True
    empty[1] = False
    return {"none": none, "right": right, "left": left, "hole": hole, "empty": empty}


def run(function, inputs: list[Tensor], keep: Tensor) -> list[Tensor]:
    """The output at kept queries, and the gradients of a fixed weighting of it."""
    out = function(*inputs)
    shown = out * keep[:, None, :, None]
    weighting = torch.linspace(-1, 1, shown.numel(), dtype=shown.dtype).view(shown.shape)
    (shown * weighting).sum().backward()
    grads = [tensor.grad.clone() for tensor in inputs]
    for tensor in inputs:
        tensor.grad = None
    return [shown.detach(), *grads]


def compare(pattern: Pattern, engine: str, length: int, keep: Tensor, score: attention.Score | None = None) -> None:
    inputs = tensors(2, length)
    if isinstance(pattern, type(attention.pattern("lsh"))):
        score = score or attention.score("shared", HEADS, WIDTH)
    key = inputs[1]
    plan = pattern.plan(length, length, heads=HEADS, keep=keep, vectors=key.detach())
    oracle = run(lambda q, k, v: attention.reference(q, k, v, pattern, plan, keep, score), inputs, keep)

    def engined(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        prepared = attention.prepare(pattern, q, k, keep, plan=plan, engine=engine, score=score)
        return attention.attend(q, k, v, prepared, score=score)

    found = run(engined, inputs, keep)
    for name, mine, right in zip(("output", "of query", "of key", "of value"), found, oracle, strict=True):
        assert mine.isfinite().all(), name
        torch.testing.assert_close(mine, right, atol=1e-10, rtol=1e-8, msg=lambda text, name=name: f"{name}: {text}")


def has_layout(pattern: Pattern, length: int) -> bool:
    vectors = torch.zeros(1, HEADS, length, WIDTH)
    return pattern.layout(pattern.plan(length, length, heads=HEADS, vectors=vectors)) is not None


@pytest.mark.parametrize(("word", "settings"), CASES)
@pytest.mark.parametrize("padding", ["none", "right", "left", "hole", "empty"])
def test_the_blocked_engine_is_the_definition(word: str, settings: dict, padding: str) -> None:
    pattern, checked = attention.pattern(word, **settings), 0
    for length in LENGTHS:
        if has_layout(pattern, length):
            compare(pattern, "blocked", length, keeps(length)[padding])
            checked += 1
    assert checked or word == "full"


@pytest.mark.parametrize(("word", "settings"), CASES)
@pytest.mark.parametrize("padding", ["none", "right", "empty"])
def test_the_dense_engine_is_the_definition(word: str, settings: dict, padding: str) -> None:
    for length in LENGTHS:
        compare(attention.pattern(word, **settings), "dense", length, keeps(length)[padding])
