"""Every registered score against its formula, written out pair by pair in float64: outputs and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.contracts.test_attention import HEADS, WIDTH, keeps, run, small_pieces, tensors  # noqa: F401
from torch import Tensor

from regard.errors import UsageError
from regard.nn import attention
from regard.nn.attention.pattern import Pattern, Plan
from regard.registry import SCORES

Pair = Callable[[Any, int, Tensor, Tensor, int], Tensor]
PATTERNS = {"full": {}, "window": {"left": 2, "right": 1, "global_tokens": [0]}, "chunk": {"chunk_length": 2}}
LENGTH = 7


def relative(score: Any, head: int, q: Tensor, k: Tensor, distance: int) -> Tensor:
    width = HEADS * WIDTH
    angles = [distance / 10_000 ** (2 * (i // 2) / width) for i in range(width)]
    waves = [math.cos(angle) if i % 2 else math.sin(angle) for i, angle in enumerate(angles)]
    r = (score.position.weight @ torch.tensor(waves, dtype=torch.float32).to(q.dtype))[
        head * WIDTH : (head + 1) * WIDTH
    ]
    terms = [q @ k, q @ r, score.content_bias[head] @ k, score.position_bias[head] @ r]  # (a) (b) (c) (d)
    return sum(terms) / WIDTH**0.5


def shared(score: Any, head: int, q: Tensor, k: Tensor, distance: int) -> Tensor:
    if not distance:
        return q.new_tensor(-1e5)
    return q @ k / ((k @ k / WIDTH + 1e-6).sqrt() * WIDTH**0.5)


# The score of one query and one key of a head, the query standing `distance` behind the key.
FORMULAS: dict[str, Pair] = {
    "dot": lambda score, head, q, k, distance: q @ k,
    "scaled": lambda score, head, q, k, distance: q @ k / WIDTH**0.5,
    "general": lambda score, head, q, k, distance: q @ score.weight[head] @ k,
    "concat": lambda score, head, q, k, distance: (torch.cat([q, k]) @ score.weight[head]).tanh() @ score.vector[head],
    "additive": lambda score, head, q, k, distance: (
        (q @ score.query_weight[head] + k @ score.key_weight[head]).tanh() @ score.vector[head]
    ),
    "relative": relative,
    "shared": shared,
}


def by_loops(q: Tensor, k: Tensor, v: Tensor, pattern: Pattern, plan: Plan, keep: Tensor, score: Any) -> Tensor:
    """softmax(score + log(count)) v, a pair at a time."""
    formula = FORMULAS[next(word for word, entry in SCORES.items() if entry.load() is type(score))]
    out = []
    for b in range(q.shape[0]):
        for h in range(HEADS):
            for i in range(q.shape[2]):
                place = i + plan.offset
                parts = torch.tensor([b, h, place])
                met = [int(pattern.count(*parts, torch.tensor(j), plan)) * int(keep[b, j]) for j in range(k.shape[2])]
                seen = [j for j, count in enumerate(met) if count]
                if not seen:
                    out.append(v.new_zeros(WIDTH))
                    continue
                scores = [formula(score, h, q[b, h, i], k[b, h, j], place - j) + math.log(met[j]) for j in seen]
                out.append(torch.stack(scores).softmax(0) @ v[b, h, seen])
    return torch.stack(out).view(*q.shape[:3], WIDTH)


def made(word: str) -> attention.Score:
    """The score with weights that are all different from 0."""
    score = attention.score(word, HEADS, WIDTH).double()
    generator = torch.Generator().manual_seed(3)
    for weight in score.parameters():
        weight.data = torch.randn(weight.shape, generator=generator, dtype=torch.float64) / 2
    return score


def test_every_score_has_a_formula() -> None:
    assert set(FORMULAS) == set(SCORES)
    assert len(SCORES) == 7


@pytest.mark.parametrize("word", SCORES)
@pytest.mark.parametrize("pattern_word", PATTERNS)
@pytest.mark.parametrize("padding", ["none", "right", "empty"])
def test_a_score_is_its_formula(word: str, pattern_word: str, padding: str) -> None:
    score, keep = made(word), keeps(LENGTH)[padding]
    pattern = attention.pattern(pattern_word, **PATTERNS[pattern_word])
    plan = pattern.plan(LENGTH, LENGTH, heads=HEADS)
    weights = list(score.parameters())
    inputs = [*tensors(2, LENGTH), *weights]
    oracle = run(lambda q, k, v, *_: by_loops(q, k, v, pattern, plan, keep, score), inputs, keep)
    blocked = score.folds and score.self_penalty is None and pattern_word != "full"
    engines = ["dense", "blocked"] if blocked else ["dense"]

    def engined(engine: str) -> Callable[..., Tensor]:
        def attend(q: Tensor, k: Tensor, v: Tensor, *_: Tensor) -> Tensor:
            prepared = attention.prepare(pattern, q, k, keep, plan=plan, engine=engine, score=score)
            return attention.attend(q, k, v, prepared, score=score)

        return attend

    readable = run(lambda q, k, v, *_: attention.reference(q, k, v, pattern, plan, keep, score), inputs, keep)
    for found in [readable, *(run(engined(engine), inputs, keep) for engine in engines)]:
        assert len(found) == 4 + len(weights)
        for mine, right in zip(found, oracle, strict=True):
            torch.testing.assert_close(mine, right, atol=1e-10, rtol=1e-8)


@pytest.mark.parametrize("word", SCORES)
def test_a_score_is_the_same_in_training_and_for_a_run_of_queries(word: str) -> None:
    score = made(word)
    query, key, _ = (tensor.detach() for tensor in tensors(2, LENGTH))
    whole = score.eval()(query, key)
    assert torch.equal(score.train()(query, key), whole)
    torch.testing.assert_close(score.rows(query[:, :, 2:5], key, 2), whole[:, :, 2:5])
    torch.testing.assert_close(score(query[:, :, -3:], key), whole[:, :, -3:])


def test_blocks_are_refused_to_scores_that_they_cannot_run() -> None:
    query, key, _ = tensors(2, LENGTH)
    pattern = attention.pattern("window", left=1, right=1)
    for word in ("shared", "additive"):
        with pytest.raises(UsageError, match="blocked engine can't run this"):
            attention.prepare(pattern, query, key, engine="blocked", score=made(word))
        assert attention.prepare(pattern, query, key, score=made(word)).engine == "dense"


@pytest.mark.parametrize("word", [word for word in SCORES if attention.score(word).folds])
def test_a_folded_score_is_the_score(word: str) -> None:
    score = made(word)
    query, key, _ = (tensor.detach() for tensor in tensors(2, LENGTH))
    folded_query, folded_key, scale = score.fold(query, key)
    folded = folded_query @ folded_key.transpose(-1, -2) * scale
    if score.self_penalty is not None:
        folded = folded.masked_fill(torch.eye(LENGTH, dtype=torch.bool), score.self_penalty)
    torch.testing.assert_close(folded, score(query, key))
