"""What the contract suite does not reach: number formats, strides, batches of one text twice, texts of nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from regard.nn import attention
from regard.nn.attention import engine
from regard.nn.attention.scores.relative import distance_table


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("word", "settings"), [("window", {"left": 9, "right": 9}), ("bigbird", {"block_size": 64})])
def test_a_last_dimension_that_is_not_dense(word, settings):
    pattern = attention.pattern(word, **settings)
    strided = drawn(1, 2, 16, 640).transpose(-1, -2).requires_grad_()
    plain = strided.detach().contiguous().requires_grad_()
    prepared = attention.prepare(pattern, plain, plain, engine="blocked")
    found, expected = (attention.attend(q, q, q, prepared) for q in (strided, plain))
    torch.testing.assert_close(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(strided.grad, plain.grad)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("dropout", [0.0, 1e-4])
def test_hashed_attention_in_half_precision(dtype, dropout):
    """Against the same numbers in float32: states and gradients differ by the format's precision, no more."""
    score, pattern = attention.score("shared", 2, 16), attention.pattern("lsh", chunk_length=16, rounds=2)
    given = drawn(2, 2, 250, 16).to(dtype)
    plan = pattern.plan(250, 250, heads=2, vectors=given.float())
    found = []
    for number in (torch.float32, dtype):
        vectors = given.to(number).requires_grad_()
        prepared = attention.prepare(pattern, vectors, vectors, plan=plan, dropout=dropout, score=score)
        torch.manual_seed(3)
        out = attention.attend(vectors, vectors, vectors, prepared, score=score, dropout=dropout)
        out.float().square().sum().backward()
        found.append((out.detach().float(), vectors.grad.float()))
    for half, whole in zip(found[1], found[0], strict=True):
        assert (half - whole).norm() / whole.norm() < 0.02


@pytest.mark.parametrize("dropout", [0.0, 1e-4])
@pytest.mark.parametrize(
    ("word", "settings"),
    [("window", {"left": 20, "right": 20, "global_tokens": [0]}), ("bigbird", {"block_size": 16, "random_blocks": 1})],
)
def test_bands_and_blocks_in_bfloat16(word, settings, dropout):
    """700 tokens: pieces with more and with fewer queries than a CPU needs to be fast in bfloat16."""
    pattern = attention.pattern(word, **settings)
    given = [drawn(2, 2, 700, 16, seed=seed).to(torch.bfloat16) for seed in range(3)]
    keep = torch.ones(2, 700, dtype=torch.bool)
    keep[1, 600:] = False
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        parts = [part.to(dtype).requires_grad_() for part in given]
        prepared = attention.prepare(pattern, *parts[:2], keep, engine="blocked", dropout=dropout)
        torch.manual_seed(3)
        out = attention.attend(*parts, prepared, dropout=dropout)
        real = out.float()[keep[:, None].expand(out.shape[:3])]
        real.square().sum().backward()
        found.append([real.detach(), *(part.grad.float() for part in parts)])
    for half, whole in zip(*found[::-1], strict=True):
        assert (half - whole).norm() / whole.norm() < 0.02


def test_each_text_of_a_batch_drops_others_when_hashed():
    score, pattern = attention.score("shared", 2, 16), attention.pattern("lsh", chunk_length=16)
    twice = drawn(1, 2, 256, 16).expand(2, -1, -1, -1).contiguous()
    prepared = attention.prepare(pattern, twice, twice, dropout=0.3, score=score)
    out = attention.attend(twice, twice, twice, prepared, score=score, dropout=0.3)
    assert not torch.equal(out[0], out[1])


def test_padding_of_the_last_chunk_does_not_overflow():
    score, pattern = attention.score("shared", 2, 16), attention.pattern("lsh", chunk_length=16, rounds=2)
    for seed in range(5):
        vectors = (drawn(1, 2, 250, 16, seed=seed) * 100).requires_grad_()
        prepared = attention.prepare(pattern, vectors, vectors, score=score)
        attention.attend(vectors, vectors, vectors, prepared, score=score).sum().backward()
        assert vectors.grad.isfinite().all()


def test_dropping_everything_leaves_nothing():
    query = drawn(1, 1, 8, 8)
    prepared = attention.prepare(attention.pattern("full"), query, query, dropout=1.0)
    assert not attention.attend(query, query, query, prepared, dropout=1.0).any()


@pytest.mark.parametrize("word", ["full", "causal", "window", "chunk", "bigbird", "segment"])
def test_texts_without_a_token(word):
    query = drawn(2, 2, 0, 8)
    prepared = attention.prepare(attention.pattern(word), query, query)
    assert attention.attend(query, query, query, prepared).shape == (2, 2, 0, 8)


def test_distances_are_kept_for_each_number_format():
    distance_table(5, -5, 8, torch.float32)
    assert distance_table(5, -5, 8, torch.float64).dtype == torch.float64


@pytest.mark.parametrize(("first", "last", "masks"), [(0, 900, 0), (0, 600, 0), (300, 900, 1)])
def test_causality_alone_makes_no_mask_of_all_pairs(first, last, masks, monkeypatch):
    """Nor with padding behind a text; only padding in front of it has to be hidden."""
    made = []
    own = engine.dense.bias_of
    monkeypatch.setattr(engine.dense, "bias_of", lambda *given: (made.append(given), own(*given))[1])
    parts = [drawn(2, 2, 900, 8, seed=seed).double() for seed in range(3)]
    keep = torch.ones(2, 900, dtype=torch.bool)
    keep[1, :first] = keep[1, last:] = False
    pattern = attention.pattern("causal")
    prepared = attention.prepare(pattern, *parts[:2], keep, engine="dense")
    found = attention.attend(*parts, prepared)
    expected = attention.reference(*parts, pattern, prepared.plan, keep)
    torch.testing.assert_close(found[0], expected[0])
    torch.testing.assert_close(found[1, :, first:last], expected[1, :, first:last])
    assert len(made) == masks
    chosen = attention.prepare(pattern, *parts[:2], keep).engine
    assert (chosen == "dense") == (not masks)
