from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from regard.metrics.calibration import bins, expected_calibration_error


def test_by_hand() -> None:
    """Two halves: said 0.6 and right in one of two; said 0.9 and right in both. (0.1 + 0.1) / 2."""
    confidence, correct = np.array([0.6, 0.6, 0.9, 0.9]), np.array([True, False, True, True])
    found = bins(confidence, correct, count=2)
    assert [(part["low"], part["accuracy"], part["n"]) for part in found] == [(0.6, 0.5, 2), (0.9, 1.0, 2)]
    assert expected_calibration_error(found) == pytest.approx(0.1)


def test_bins_have_equal_mass() -> None:
    generator = np.random.default_rng(1)
    confidence = generator.beta(8, 1, 3000)
    found = bins(confidence, generator.random(3000) < confidence)
    assert [part["n"] for part in found] == [200] * 15
    assert all(left["high"] <= right["low"] for left, right in pairwise(found))
    assert expected_calibration_error(found) < 0.03


def test_overconfidence_is_seen() -> None:
    found = bins(np.full(100, 0.99), np.arange(100) < 60)
    assert len(found) == 1
    assert expected_calibration_error(found) == pytest.approx(0.39)


@given(arrays.arrays(float, st.integers(1, 50), elements=st.floats(0, 1)), st.integers(0, 1000))
def test_every_text_is_in_one_bin(confidence: np.ndarray, seed: int) -> None:
    correct = np.random.default_rng(seed).random(len(confidence)) < 0.5
    found = bins(confidence, correct)
    assert sum(part["n"] for part in found) == len(confidence)
    assert sum(part["n"] * part["accuracy"] for part in found) == pytest.approx(correct.sum())
    assert len({part["low"] for part in found}) == len(found) <= 15
    assert 0 <= expected_calibration_error(found) <= 1
