"""Weights that are looked at afterwards are those of the definition, whatever engine ran, and never quadratic."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from regard.nn import attention
from regard.nn.attention import look
from regard.nn.attention.look import Seen, watching
from regard.registry import SCORES

HEADS, WIDTH = 2, 4
PATTERNS = {
    "full": {},
    "window": {"left": 3, "right": 2, "global_tokens": [0]},
    "bigbird": {"block_size": 3, "random_blocks": 1},
    "lsh": {"chunk_length": 4},
}


class Largest(TorchDispatchMode):
    """The number of elements of the largest tensor that was made."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self.numbers = max(self.numbers, leaf.untyped_storage().nbytes() // leaf.element_size())
        return out


def draw(length: int, texts: int = 2, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(texts, HEADS, length, WIDTH, generator=generator, dtype=torch.float64) for _ in range(3)]


def seen_by(word: str, score: str, length: int, engine: str = "auto") -> tuple[Seen, torch.Tensor, torch.Tensor]:
    """What was seen, what `attend` returned, and the values."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        scored = attention.score(score, HEADS, WIDTH).double()
    query, key, value = draw(length)
    keep = torch.ones(2, length, dtype=torch.bool)
    keep[1, length * 2 // 3 :] = False
    prepared = attention.prepare(attention.pattern(word, **PATTERNS[word]), query, key, keep, engine=engine)
    with watching() as seen, torch.no_grad():
        out = attention.attend(query, key, value, prepared, score=scored)
    assert len(seen) == 1
    return seen[0], out, value


@pytest.mark.parametrize("word", PATTERNS)
@pytest.mark.parametrize("score", SCORES)
def test_looking_in_blocks_is_looking_at_the_map(word: str, score: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, out, value = seen_by(word, score, 13)
    whole = seen.whole()
    torch.testing.assert_close(whole @ value, out)
    monkeypatch.setattr(look, "NUMBERS_AT_ONCE", 300)
    assert len(list(seen._blocks())) > 2
    torch.testing.assert_close(seen.rows(4, 7), whole[:, :, 4:7])
    shares = torch.rand(2, 13, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(seen.received(shares), (shares[:, None, :, None] * whole).sum(2))
    torch.testing.assert_close(seen.received()[0], whole[0].mean(1))
    torch.testing.assert_close(seen.received()[1], whole[1, :, :8].mean(1))
    values, places = seen.strongest(3)
    torch.testing.assert_close(values, whole.topk(3).values)
    torch.testing.assert_close(whole.gather(-1, places), values)
    assert seen.strongest(99)[0].shape[-1] == 13


@pytest.mark.parametrize("word", ["window", "bigbird", "lsh"])
def test_what_the_blocked_engine_did_can_be_looked_at(word: str) -> None:
    seen, out, value = seen_by(word, "shared" if word == "lsh" else "scaled", 29, "blocked")
    torch.testing.assert_close((seen.whole() @ value)[0], out[0])


def test_queries_at_the_end_of_longer_keys() -> None:
    query, key, value = draw(9)
    for word in ("scaled", "relative", "shared"):
        scored = attention.score(word, HEADS, WIDTH).double()
        prepared = attention.prepare(attention.pattern("causal"), query[:, :, -3:], key, engine="dense")
        with watching() as seen, torch.no_grad():
            out = attention.attend(query[:, :, -3:], key, value, prepared, score=scored)
        whole = seen[0].whole()
        torch.testing.assert_close(whole @ value, out)
        torch.testing.assert_close(seen[0].rows(1, 3), whole[:, :, 1:])
        assert seen[0].received().shape == (2, HEADS, 9)


def test_no_map_is_made_of_4096_tokens() -> None:
    length = 4096
    query, key, value = (tensor.float() for tensor in draw(length, texts=1))
    with Largest() as largest, watching() as seen:
        prepared = attention.prepare(attention.pattern("window", left=64, right=64), query, key)
        attention.attend(query, key, value, prepared)
        seen[0].received()
        seen[0].rows(0, 1)
        seen[0].strongest(4)
    assert 0 < largest.numbers <= look.NUMBERS_AT_ONCE
    with Largest() as largest:
        seen[0].whole()
    assert largest.numbers >= length**2


def test_nobody_watches_unasked() -> None:
    query, key, value = draw(5)
    prepared = attention.prepare(attention.pattern("full"), query, key)
    with watching() as outer:
        with watching() as inner:
            attention.attend(query, key, value, prepared)
        attention.attend(query, key, value, prepared)
    attention.attend(query, key, value, prepared)
    assert (len(outer), len(inner)) == (2, 1)
