"""NBSVM's parts against the paper's formulas, computed by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from regard.baselines.nbsvm import fit_sigmoid, log_count_ratio


def test_the_ratio_is_equation_two() -> None:
    features = csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 1]]))
    target = np.array([True, True, False, False])
    p, q = np.array([3, 2, 1]), np.array([1, 2, 3])
    np.testing.assert_allclose(log_count_ratio(features, target, alpha=1), np.log((p / 6) / (q / 6)))


def test_without_smoothing_of_weights_it_is_an_svm_on_scaled_terms(
    fit: Callable[..., Any], texts: Callable[..., Any]
) -> None:
    train, unseen = texts("binary", 60, seed=1), texts("binary", 30, seed=2)
    ours = fit("nbsvm", train, unit_length=False, beta=1.0, alpha=1.0, c=0.1)
    target = np.array(train.labels) == "positive"
    binary = (ours.ngrams.counts(train.texts) > 0).astype(float)
    ratio = log_count_ratio(binary, target, alpha=1.0)
    peer = LinearSVC(C=0.1, random_state=1, max_iter=10_000).fit(binary.multiply(ratio).tocsr(), target)
    scaled = (ours.ngrams.counts(unseen.texts) > 0).astype(float).multiply(ratio).tocsr()
    np.testing.assert_allclose(ours.decisions(unseen.texts)[:, 0], peer.decision_function(scaled))


def test_beta_zero_leaves_naive_bayes_ratios(fit: Callable[..., Any], texts: Callable[..., Any]) -> None:
    """With w' the mean weight for every term, a term's weight is its ratio times a constant (equation 4)."""
    train = texts("binary", 60, seed=1)
    ours = fit("nbsvm", train, beta=0.0)
    binary = ours.ngrams.counts(train.texts)
    ratio = log_count_ratio(binary, np.array(train.labels) == "positive", alpha=ours.options.alpha)
    told = np.abs(ratio) > 1e-9
    quotients = ours.weights[0][told] / ratio[told]
    np.testing.assert_allclose(quotients, quotients[0])
    assert quotients[0] > 0


@pytest.mark.parametrize(("slope", "offset"), [(2.0, 0.5), (0.7, -1.0)])
def test_the_sigmoid_is_found_again(slope: float, offset: float) -> None:
    generator = np.random.default_rng(1)
    decisions = generator.normal(size=50_000)
    target = generator.random(50_000) < 1 / (1 + np.exp(-(slope * decisions + offset)))
    np.testing.assert_allclose(fit_sigmoid(decisions, target), [slope, offset], atol=0.05)


def test_separable_scores_end_at_a_finite_slope() -> None:
    decisions = np.r_[-np.ones(10), np.ones(10)]
    slope, offset = fit_sigmoid(decisions, decisions > 0)
    assert np.isfinite([slope, offset]).all()
    np.testing.assert_allclose(1 / (1 + np.exp(-(slope + offset))), 11 / 12, atol=1e-3)


def test_a_higher_score_is_never_a_lower_probability() -> None:
    """Scores that point the wrong way, as a handful of texts can give, must not turn the model round."""
    decisions = np.array([2.0, 1.0, -1.0, -2.0])
    assert fit_sigmoid(decisions, np.array([False, False, True, True]))[0] > 0


def test_probabilities_are_calibrated_on_unseen_texts(fit: Callable[..., Any], texts: Callable[..., Any]) -> None:
    train, unseen = texts("binary", 400, seed=1), texts("binary", 400, seed=2)
    probability = fit("nbsvm", train).probabilities(unseen.texts)[:, 1]
    assert abs(probability.mean() - np.mean([label == "positive" for label in unseen.labels])) < 0.03
