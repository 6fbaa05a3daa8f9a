"""Paired tests against statsmodels, and against what is known of chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as peer_mcnemar
from statsmodels.stats.multitest import multipletests

from regard.metrics.bleu import bleu, bleu_counts
from regard.metrics.bootstrap import run_length
from regard.metrics.compare import bootstrap_interval, holm, mcnemar, mean_figure, paired_bootstrap
from regard.metrics.measure import shares


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
    found = paired_bootstrap(shares(a), shares(a), seed=1)
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
    found = paired_bootstrap(shares(a), shares(b), seed=1)
    assert found.difference == pytest.approx(0.03)
    assert found.p == pytest.approx(mcnemar(a, b), abs=0.003)
    assert found.interval[0] < 0.03 < found.interval[1]


def test_turned_round_it_says_the_opposite() -> None:
    a, b = map(shares, answers(80, 7, 4, 9))
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
    narrow, wide = (paired_bootstrap(shares(model), shares(rival), seed=1) for model in (steady, shaky))
    assert wide.difference == pytest.approx(narrow.difference, abs=0.03)
    assert wide.interval[1] - wide.interval[0] > 1.5 * (narrow.interval[1] - narrow.interval[0])


def test_chance_alone_is_called_a_difference_in_one_of_twenty() -> None:
    generator = np.random.default_rng(1)
    alarms = [
        paired_bootstrap(*shares(generator.random((2, 1, 300)) < 0.8), seed=round, resamples=400).p < 0.05
        for round in range(300)
    ]
    assert 0.02 < np.mean(alarms) < 0.09


def test_few_texts_prove_little() -> None:
    found = {n: paired_bootstrap(shares(np.ones((1, n))), shares(np.zeros((1, n))), seed=1).p for n in (3, 30)}
    assert found[3] == 0.25
    assert found[30] < 0.001


def test_numbers_of_texts_must_agree() -> None:
    with pytest.raises(ValueError, match="3 and 4 texts"):
        paired_bootstrap(shares(np.ones(3)), shares(np.ones(4)), seed=1)


# Figures that are ratios of sums, as F1 is


def counts(n: int, *, seed: int, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Of `n` texts twice the right entities, and those of gold and output together; some texts have none."""
    generator = np.random.default_rng(seed)
    gold, output = generator.poisson(1.5, n), generator.poisson(1.5, n)
    hits = generator.binomial(np.minimum(gold, output), skill)
    return 2.0 * hits, (gold + output).astype(float)


def test_a_figure_is_the_mean_over_seeds_of_ratios_of_sums() -> None:
    right, of = np.array([[2.0, 0.0, 4.0], [0.0, 0.0, 4.0]]), np.array([[4.0, 1.0, 5.0], [4.0, 0.0, 4.0]])
    assert mean_figure(shares(right, of)) == pytest.approx((6 / 10 + 4 / 8) / 2)
    assert mean_figure(np.zeros((1, 2, 2))) == 0


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
    found = paired_bootstrap(shares(*a), shares(*b), seed=1)
    assert found.difference == pytest.approx(mean_figure(shares(*a)) - mean_figure(shares(*b)))
    assert found.interval == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])), abs=0.012)
    tail = 2 * min(np.mean(np.array(differences) <= 0), np.mean(np.array(differences) >= 0))
    assert found.p == pytest.approx(tail, abs=0.03)


def test_of_what_is_one_everywhere_ratios_are_means() -> None:
    a, b = answers(80, 7, 4, 9)
    found = paired_bootstrap(shares(a), shares(b), seed=1)
    assert found.difference == pytest.approx(a.mean() - b.mean())
    assert found == paired_bootstrap(shares(a, np.ones(len(a))), shares(b, np.ones(1)), seed=1)


def test_texts_that_count_nothing_change_nothing() -> None:
    (right, of), (other, of_other) = counts(40, seed=1, skill=0.8), counts(40, seed=2, skill=0.6)
    found = paired_bootstrap(shares(right, of), shares(other, of_other), seed=1)
    nothing = np.zeros((40, 2))
    more = paired_bootstrap(
        np.concatenate([shares(right, of), nothing]), np.concatenate([shares(other, of_other), nothing]), seed=1
    )
    assert more.difference == pytest.approx(found.difference)
    assert more.interval == pytest.approx(found.interval, abs=0.02)


# Figures that are no ratios: what a text counts is a row of any length


def noisy_counts(n: int, *, seed: int, skill: float) -> np.ndarray:
    """What BLEU counts of `n` texts of 12 words of which a share of `skill` is right."""
    generator = np.random.default_rng(seed)
    gold = np.random.default_rng(0).integers(0, 40, (n, 12))
    said = np.where(generator.random((n, 12)) < skill, gold, generator.integers(0, 40, (n, 12)))
    written, right = ([" ".join(f"w{word}" for word in row) for row in rows] for rows in (said, gold))
    return bleu_counts(written, [(one,) for one in right])


def test_bleu_is_compared_as_by_brute_force() -> None:
    n, resamples = 50, 3000
    a, b = noisy_counts(n, seed=1, skill=0.8), noisy_counts(n, seed=2, skill=0.74)
    found = paired_bootstrap(a, b, figure=bleu, seed=1)
    assert found.difference == pytest.approx(float(bleu(a.sum(axis=0)) - bleu(b.sum(axis=0))))
    drawn = [np.random.default_rng(seed).integers(0, n, n) for seed in range(resamples)]
    differences = [float(bleu(a[rows].sum(axis=0)) - bleu(b[rows].sum(axis=0))) for rows in drawn]
    assert found.interval == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])), abs=0.9)
    tail = 2 * min(np.mean(np.array(differences) <= 0), np.mean(np.array(differences) >= 0))
    assert found.p == pytest.approx(tail, abs=0.03)


def test_a_mean_over_seeds_is_that_of_figures_not_of_counts() -> None:
    both = np.stack([noisy_counts(40, seed=seed, skill=skill) for seed, skill in ((1, 0.9), (2, 0.5))])
    assert mean_figure(both, bleu) == pytest.approx(np.mean([bleu(own.sum(axis=0)) for own in both]))
    low, high = bootstrap_interval(both, figure=bleu, seed=1)
    assert low < mean_figure(both, bleu) < high


def test_an_interval_is_that_of_the_difference_from_nothing() -> None:
    a = shares(*counts(60, seed=1, skill=0.8))
    assert bootstrap_interval(a, seed=1) == paired_bootstrap(a, shares(np.zeros(60)), seed=1).interval


def test_consecutive_texts_are_drawn_in_runs() -> None:
    """Two models whose difference comes and goes slowly: texts drawn one by one see more in it than there is."""
    n = 1000
    wave = np.repeat(np.random.default_rng(1).normal(size=n // run_length(n)), run_length(n))
    a, b = shares(5 + wave, np.ones(n)), shares(np.full(n, 5.0), np.ones(n))
    alone, runs = (paired_bootstrap(a, b, seed=1, consecutive=consecutive) for consecutive in (False, True))
    assert runs.difference == alone.difference
    widths = [found.interval[1] - found.interval[0] for found in (alone, runs)]
    assert widths[1] / widths[0] == pytest.approx(run_length(n) ** 0.5, rel=0.15)
    assert runs.p >= alone.p
