"""Reversible layers against the same sum with everything kept."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from regard.nn import reversible
from regard.nn.reversible import Memo, ReversiblePart, run_reversible


class Part(ReversiblePart):
    """A small net; `choice` stands for what hashing decides: anew where the memo is empty."""

    def __init__(self, dropout: float, piece: int | None) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 9), nn.Tanh(), nn.Dropout(dropout), nn.Linear(9, 6))
        self.piece, self.choices = piece, 0

    def forward(self, states: Tensor, context: Any, memo: Memo) -> Tensor:
        if "choice" not in memo:
            self.choices += 1
            memo["choice"] = 1.0 + self.choices / 10
        return self.net(states) * memo["choice"] * context


def blocks(dropout: float = 0.0, piece: int | None = None, depth: int = 3) -> list[tuple[Part, Part]]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return [(Part(dropout, None).double(), Part(dropout, piece).double()) for _ in range(depth)]


def everything_kept(states: Tensor, parts: list[tuple[Part, Part]], context: Any) -> tuple[Tensor, Tensor]:
    first = second = states
    for f, g in parts:
        first = first + f(second, context, {})
        if g.piece is None:
            second = second + g(first, context, {})
        else:
            memo: Memo = {}
            tokens = first.reshape(1, -1, 6).split(g.piece, dim=1)
            second = second + torch.cat([g(part, context, memo) for part in tokens], dim=1).view_as(second)
    return first, second


def gradients(run: Any, parts: list[tuple[Part, Part]]) -> list[Tensor]:
    states = torch.randn(2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    with torch.random.fork_rng():
        torch.manual_seed(2)
        first, second = run(states, parts, 0.5)
    weights = [weight for block in parts for part in block for weight in part.parameters()]
    asked = [states, *(weight for weight in weights if weight.requires_grad)]
    return [first, second, *torch.autograd.grad((first.sin() * second.cos()).sum(), asked)]


@pytest.fixture(autouse=True)
def none_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """But the last block: all else is undone in the backward pass."""
    monkeypatch.setattr(reversible, "KEPT", 0)


@pytest.mark.parametrize("kept", [0, 20, 30])
@pytest.mark.parametrize("piece", [None, 3, 4, 100])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_the_same_as_with_everything_kept(
    kept: int, piece: int | None, dropout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reversible, "KEPT", kept)  # of three blocks of ten tokens
    found, right = (gradients(run, blocks(dropout, piece)) for run in (run_reversible, everything_kept))
    assert len(found) > 30
    for mine, wanted in zip(found, right, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-10, rtol=1e-8)


def test_what_a_part_decided_is_decided_once() -> None:
    parts = blocks(piece=3)
    gradients(run_reversible, parts)
    assert [part.choices for block in parts for part in block] == [1] * 6  # nor once for each piece


def test_frozen_weights_and_states_that_need_no_gradient() -> None:
    parts = blocks()
    for weight in parts[1][0].parameters():
        weight.requires_grad_(False)
    for mine, wanted in zip(gradients(run_reversible, parts), gradients(everything_kept, blocks())[:3], strict=False):
        torch.testing.assert_close(mine, wanted)
    states = torch.ones(1, 3, 6, dtype=torch.float64)
    sum(run_reversible(states, parts, 1.0)).sum().backward()  # type: ignore[union-attr]
    assert parts[0][0].net[1].weight.grad is not None
    assert parts[1][0].net[1].weight.grad is None


def test_the_generator_goes_on_from_where_the_forward_pass_left_it() -> None:
    parts, states = blocks(dropout=0.4), torch.ones(1, 3, 6, dtype=torch.float64)
    with torch.random.fork_rng():
        first, _ = run_reversible(states, parts, 1.0)
        before = torch.random.get_rng_state()
        first.sum().backward()
        assert torch.equal(torch.random.get_rng_state(), before)


def kept_numbers(depth: int) -> int:
    """How many numbers autograd keeps."""
    seen: list[int] = []

    def note(tensor: Tensor) -> Tensor:
        seen.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        run_reversible(torch.ones(2, 7, 6, dtype=torch.float64), blocks(depth=depth), 1.0)
    return sum(seen)


def test_depth_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What autograd keeps: of the last block all, of the others the two streams of their end."""
    one, two, nine = kept_numbers(1), kept_numbers(2), kept_numbers(9)
    assert two == nine == one + 2 * (2 * 7 * 6)
    monkeypatch.setattr(reversible, "KEPT", 3 * 14)
    assert kept_numbers(9) == 3 * one + 2 * (2 * 7 * 6)


def test_the_input_is_left_as_it_is() -> None:
    states = torch.ones(1, 3, 6, dtype=torch.float64)
    with torch.no_grad():
        run_reversible(states, blocks(), 1.0)
    assert torch.equal(states, torch.ones_like(states))
