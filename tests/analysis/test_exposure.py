"""True words against own ones before each place, on a decoder that is a table: every loss is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.analysis.exposure import Along, along, exposure, joined

END = 3
TABLE = torch.tensor(
    [
        # after 0, 1, 2, END: the probabilities of 0, 1, 2, END
        [0.1, 0.6, 0.2, 0.1],
        [0.2, 0.1, 0.1, 0.6],
        [0.5, 0.2, 0.2, 0.1],
        [0.25, 0.25, 0.25, 0.25],
    ]
)


class Bigrams:
    """Its state is how often it was asked."""

    def step(self, ids: Tensor, state: int) -> tuple[Tensor, int]:
        return TABLE[ids].log(), state + 1

    def reorder(self, state: int, rows: Tensor) -> int:
        return state


def walk(targets: list[list[int]], share: float, seed: int = 0) -> Along:
    first = torch.zeros(len(targets), dtype=torch.long)
    return along(Bigrams(), 0, first, targets, share=share, never=[END], seed=seed)


def test_teacher_forcing_is_the_loss_of_the_true_tokens() -> None:
    found = walk([[2, 0, END], [1, END]], 0.0)
    expected = [[-math.log(0.2), -math.log(0.5), -math.log(0.1)], [-math.log(0.6), -math.log(0.6), math.nan]]
    np.testing.assert_allclose(found.losses, expected, rtol=1e-6)
    np.testing.assert_array_equal(found.right, [[0, 1, 0], [1, 1, np.nan]])
    assert found.replaced == 0
    assert found.loss == pytest.approx(np.nanmean(expected))


def test_free_running_reads_its_likeliest_tokens_and_never_the_end() -> None:
    # After 0 it would write 1; after 1 the end, so the next likeliest, 0; after that 1 again.
    found = walk([[2, 2, 2, END]], 1.0)
    expected = [-math.log(p) for p in (0.2, 0.1, 0.2, 0.6)]
    np.testing.assert_allclose(found.losses[0], expected, rtol=1e-6)
    assert found.replaced == 1


def test_a_model_whose_first_choices_are_the_targets_has_no_exposure_bias() -> None:
    passes = [walk([[1, 0, 1, 0]] * 12, share) for share in (0.0, 0.5, 1.0)]
    found = exposure(passes, seed=1)
    assert found.difference.difference == 0
    assert found.forced.loss == found.free.loss


def test_shares_lie_between_and_the_difference_has_an_interval() -> None:
    generator = torch.Generator().manual_seed(1)
    targets = [[*torch.randint(0, 3, (6,), generator=generator).tolist(), END] for _ in range(60)]
    passes = [walk(targets, share) for share in (0.0, 0.5, 1.0)]
    found = exposure(passes, seed=1)
    replaced = [one.replaced for one in passes]
    assert replaced == sorted(replaced)
    assert 0.2 < replaced[1] / replaced[2] < 0.8
    low, high = found.difference.interval
    assert low <= found.difference.difference <= high
    assert found.difference.difference == pytest.approx(found.free.loss - found.forced.loss)


def test_the_same_seed_draws_the_same() -> None:
    targets = [[2, 1, 0, 2, END]] * 20
    one, other, third = (walk(targets, 0.5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.losses, other.losses)
    assert not np.array_equal(one.losses, third.losses)


def test_places_and_groups_hold_all_tokens() -> None:
    targets = [[0] * length + [END] for length in [*([7] * 30), 25]]
    found = exposure([walk(targets, 0.0), walk(targets, 1.0)], seed=1)
    assert [place.first for place in found.places()] == list(range(1, 9))
    assert [(group.first, group.last) for group in found.groups()] == [(1, 5), (6, 10), (11, 20), (21, 26)]
    assert sum(group.tokens for group in found.groups()) == 30 * 8 + 26
    document = found.to_json()
    assert document["reference_loss"] == pytest.approx(np.nansum(found.forced.losses) / 31)


def test_batches_are_joined() -> None:
    targets = [[2, 0, END], [1, END], [0, 0, 0, END]]
    whole = walk(targets, 1.0)
    parts = joined([walk(targets[:2], 1.0), walk(targets[2:], 1.0)])
    np.testing.assert_allclose(parts.losses, whole.losses)
    assert parts.replaced == pytest.approx(whole.replaced)


def test_one_token_alone(monkeypatch: Any) -> None:
    found = exposure([walk([[END]], 0.0), walk([[END]], 1.0)], seed=1)
    assert found.forced.replaced == found.free.replaced == 0
    assert [place.first for place in found.places()] == [1]
