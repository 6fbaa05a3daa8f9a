"""Repetition, different words and Zipf's coefficient, on texts where they are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from regard.analysis import variety


@pytest.mark.parametrize(
    ("text", "n", "counted"),
    [
        ("a b a b a b", 2, (3, 5)),
        ("a b c", 3, (0, 1)),
        ("a a a a", 3, (1, 2)),
        ("a", 3, (0, 0)),
        ("no, no, no", 2, (2, 4)),
    ],
)
def test_repetition(text: str, n: int, counted: tuple[int, int]) -> None:
    assert variety.repetition(text, n) == counted


def test_of_several_texts_stretches_are_counted_together() -> None:
    assert variety.repeated(["a b a b a b", "a b c"], 2) == pytest.approx(3 / 7)
    assert variety.repeated(["a", ""], 3) == 0.0


def test_distinct_counts_over_all_texts() -> None:
    found = variety.distinct(["a b c", "a b d", "x", "a b c"], 2, seed=1)
    assert found.value == pytest.approx(3 / 6)
    assert found.interval is not None
    assert found.interval[0] < found.value < found.interval[1]
    assert variety.distinct(["a b c", "a b d"], 2, seed=1).interval is None
    assert math.isnan(variety.distinct(["a", ""], 2, seed=1).value)


@pytest.mark.parametrize("steepness", [0.5, 1.0, 1.5])
def test_zipf_of_words_that_follow_the_law(steepness: float) -> None:
    ranks = np.arange(1, 31)
    times = np.round(5000 / ranks**steepness).astype(int)
    text = " ".join(" ".join([f"w{rank}"] * int(count)) for rank, count in zip(ranks, times, strict=True))
    found = variety.zipf([text] * 4, seed=1)
    assert found.value == pytest.approx(steepness, abs=0.01)
    assert found.interval == pytest.approx((found.value, found.value))


def test_zipf_knows_nothing_of_one_word() -> None:
    found = variety.zipf(["a a a"] * 6, seed=1)
    assert math.isnan(found.value)
    assert found.interval is None


def test_the_interval_is_as_wide_as_other_texts_would_make_it() -> None:
    def drawn(seed: int) -> list[str]:
        generator = np.random.default_rng(seed)
        return [" ".join(f"w{word}" for word in generator.geometric(0.05, size=40)) for _ in range(60)]

    values = [variety.distinct(drawn(seed), 2, seed=1).value for seed in range(30)]
    low, high = variety.distinct(drawn(99), 2, seed=1).interval or (0.0, 0.0)
    assert 0.5 < (high - low) / (2 * 1.96 * np.std(values)) < 2
