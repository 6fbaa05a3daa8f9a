"""Paired tests against statsmodels, and against what is known of chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as peer_mcnemar
from statsmodels.stats.multitest import multipletests

from regard.metrics.compare import figure, holm, mcnemar, paired_bootstrap


def answers(both: int, only_a: int, only_b: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    a = np.repeat([True, True, False, False], [both, only_a, only_b, neither])
    b = np.repeat([True, False, True, False], [both, only_a, only_b, neither])
    return a, b


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 9))
def test_mcnemar_is_the_exact_test_less_half_of_what_was_seen(only_a: int, only_b: int, both: int) -> None:
    from scipy.stats import binom

    p = mcnemar(*answers(both, only_a, only_b, 3))
    exact = peer_mcnemar([[both, only_a], [only_b, 3]], exact=True).pvalue
    assert 0 <= p <= 1
    if only_a == only_b:
        assert p == pytest.approx(1)
    else:
        assert p == pytest.approx(exact - binom.pmf(only_a, only_a + only_b, 0.5))


def test_the_same_answers_can_not_be_told_apart() -> None:
    a, _ = answers(5, 5, 0, 0)
    assert mcnemar(a, a) == 1
    found = paired_bootstrap(a, a, seed=1)
    assert (found.difference, found.interval, found.p) == (0, (0, 0), 1)


@pytest.mark.parametrize("n", range(1, 9))
def test_holm_equals_statsmodels(n: int) -> None:
    p_values = (np.random.default_rng(n).random(n) ** 3).round(2).tolist()
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_never_lowers(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= after <= 1 for p, after in zip(p_values, adjusted, strict=True))
    by_p = [after for _, after in sorted(zip(p_values, adjusted, strict=True))]
    assert by_p == sorted(by_p)


def test_the_bootstrap_agrees_with_mcnemar_on_one_seed() -> None:
    a, b = answers(800, 70, 40, 90)
    found = paired_bootstrap(a, b, seed=1)
    assert found.difference == pytest.approx(0.03)
    assert found.p == pytest.approx(mcnemar(a, b), abs=0.003)
    assert found.interval[0] < 0.03 < found.interval[1]


def test_turned_round_it_says_the_opposite() -> None:
    a, b = answers(80, 7, 4, 9)
    one, other = paired_bootstrap(a, b, seed=1), paired_bootstrap(b, a, seed=1)
    assert one.difference == -other.difference
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]), abs=0.02)
    assert one.p == pytest.approx(other.p, abs=0.05)


def test_seeds_that_differ_widen_the_interval() -> None:
    """The same mean accuracy, once by equal seeds and once by a good and a bad one."""
    generator = np.random.default_rng(1)
    rival = generator.random((2, 2000)) < 0.7
    steady = generator.random((2, 2000)) < 0.8
    shaky = np.stack([generator.random(2000) < 0.9, generator.random(2000) < 0.7])
    narrow, wide = (paired_bootstrap(model, rival, seed=1) for model in (steady, shaky))
    assert wide.difference == pytest.approx(narrow.difference, abs=0.03)
    assert wide.interval[1] - wide.interval[0] > 1.5 * (narrow.interval[1] - narrow.interval[0])


def test_chance_alone_is_called_a_difference_in_one_of_twenty() -> None:
    generator = np.random.default_rng(1)
    alarms = [
        paired_bootstrap(*(generator.random((2, 1, 300)) < 0.8), seed=round, resamples=400).p < 0.05
        for round in range(300)
    ]
    assert 0.02 < np.mean(alarms) < 0.09


def test_numbers_of_texts_must_agree() -> None:
    with pytest.raises(ValueError, match="3 and 4 texts"):
        paired_bootstrap(np.ones(3), np.ones(4), seed=1)


# Figures that are ratios of sums, as F1 is


def counts(n: int, *, seed: int, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Of `n` texts twice the right entities, and those of gold and output together; some texts have none."""
    generator = np.random.default_rng(seed)
    gold, output = generator.poisson(1.5, n), generator.poisson(1.5, n)
    hits = generator.binomial(np.minimum(gold, output), skill)
    return 2.0 * hits, (gold + output).astype(float)


def test_a_figure_is_the_mean_over_seeds_of_ratios_of_sums() -> None:
    right, of = np.array([[2.0, 0.0, 4.0], [0.0, 0.0, 4.0]]), np.array([[4.0, 1.0, 5.0], [4.0, 0.0, 4.0]])
    assert figure(right, of) == pytest.approx((6 / 10 + 4 / 8) / 2)
    assert figure(np.zeros((1, 2)), np.zeros((1, 2))) == 0


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_bootstrap_of_ratios_is_that_by_brute_force(seeds: int) -> None:
    """Every resample drawn text by text and seed by seed, and its F1 computed from what was drawn."""
    n, resamples = 60, 4000
    a, b = (
        tuple(
            np.stack(part)
            for part in zip(*(counts(n, seed=10 * own + s, skill=skill) for s in range(seeds)), strict=True)
        )
        for own, skill in ((1, 0.8), (2, 0.55))
    )
    generator = np.random.default_rng(5)

    def drawn(model: tuple[np.ndarray, np.ndarray], texts: np.ndarray) -> float:
        rows = generator.integers(0, seeds, seeds)
        return float(np.mean([model[0][row, texts].sum() / model[1][row, texts].sum() for row in rows]))

    differences = []
    for _ in range(resamples):
        texts = generator.integers(0, n, n)
        differences.append(drawn(a, texts) - drawn(b, texts))
    found = paired_bootstrap(a[0], b[0], of_a=a[1], of_b=b[1], seed=1)
    assert found.difference == pytest.approx(figure(*a) - figure(*b))
    assert found.interval == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])), abs=0.012)
    tail = 2 * min(np.mean(np.array(differences) <= 0), np.mean(np.array(differences) >= 0))
    assert found.p == pytest.approx(tail, abs=0.03)


def test_of_what_is_one_everywhere_ratios_are_means() -> None:
    a, b = answers(80, 7, 4, 9)
    ones = np.ones(len(a))
    assert paired_bootstrap(a, b, of_a=ones, of_b=ones, seed=1) == paired_bootstrap(a, b, seed=1)


def test_texts_that_count_nothing_change_nothing() -> None:
    (right, of), (other, of_other) = counts(40, seed=1, skill=0.8), counts(40, seed=2, skill=0.6)
    found = paired_bootstrap(right, other, of_a=of, of_b=of_other, seed=1)
    nothing = np.zeros(40)
    more = paired_bootstrap(
        np.append(right, nothing),
        np.append(other, nothing),
        of_a=np.append(of, nothing),
        of_b=np.append(of_other, nothing),
        seed=1,
    )
    assert more.difference == pytest.approx(found.difference)
    assert more.interval == pytest.approx(found.interval, abs=0.02)
