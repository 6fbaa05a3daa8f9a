"""NBSVM: a linear SVM on n-grams scaled by naive Bayes log-count ratios.

Wang and Manning 2012, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", section 2.
More than two labels, or several at once, are one problem of "this label or not" each. Scores become
probabilities by a sigmoid (Platt 1999, "Probabilistic outputs for support vector machines").
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regard.baselines.linear import LinearBaseline, constant_bias, unit_rows
from regard.baselines.options import NbsvmOptions

FOLDS = 3
"""Parts of the training texts for the scores that the sigmoid is fitted on: each part's from the other
two."""


class NbsvmClassifier(LinearBaseline[NbsvmOptions]):
    """Features are f, which n-grams a text has, as 0 and 1 (with `unit_length` scaled to length 1, which the
    paper does not do). The ratios r are kept in the weights: `weights` = r * w', so that (f * r) @ w' = f @
    `weights`."""

    name = "nbsvm"
    options_class = NbsvmOptions

    def _learn_features(self, counts: Any) -> None:
        """Nothing to learn: the ratios differ from label to label and live in the weights."""

    def _features(self, counts: Any) -> Any:
        features = counts.copy()
        features.data = np.ones_like(features.data)
        return unit_rows(features) if self.options.unit_length else features

    def _solve(self, features: Any, targets: np.ndarray, seed: int) -> None:
        solved = [self._solve_one(features, target, seed) for target in targets.T]
        weights, biases, sigmoids = (np.stack(parts) for parts in zip(*solved, strict=True))
        self.tensors.update(weights=weights, biases=biases, sigmoids=sigmoids)

    def _solve_one(self, features: Any, target: np.ndarray, seed: int) -> tuple[np.ndarray, float, np.ndarray]:
        if target.all() or not target.any():
            return np.zeros(features.shape[1]), float(constant_bias(target)[0]), np.array([1.0, 0.0])
        weights, bias = self._separate(features, target, seed)
        folds = min(FOLDS, int(target.sum()), int((~target).sum()))
        if folds < 2:
            # A label with a single text leaves nothing to calibrate on.
            return weights, bias, np.array([1.0, 0.0])
        return weights, bias, fit_sigmoid(self._unseen_decisions(features, target, folds, seed), target)

    def _separate(self, features: Any, target: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
        """Weights [v] and bias of one problem: equations 3 (the SVM, squared hinge loss) and 4
        (interpolation)."""
        from sklearn.svm import LinearSVC

        ratio = log_count_ratio(features, target, alpha=self.options.alpha)
        scaled = features.copy()
        scaled.data *= ratio[scaled.indices]
        svm = LinearSVC(C=self.options.c, random_state=seed, max_iter=10_000).fit(scaled, target)
        own, beta = svm.coef_[0], self.options.beta
        interpolated = (1 - beta) * np.abs(own).mean() + beta * own
        return ratio * interpolated, float(svm.intercept_[0])

    def _unseen_decisions(self, features: Any, target: np.ndarray, folds: int, seed: int) -> np.ndarray:
        """Each training text's score by an SVM that has not seen it."""
        from sklearn.model_selection import StratifiedKFold

        decisions = np.empty(len(target))
        for seen, unseen in StratifiedKFold(folds, shuffle=True, random_state=seed).split(target, target):
            weights, bias = self._separate(features[seen], target[seen], seed)
            decisions[unseen] = features[unseen] @ weights + bias
        return decisions

    def _to_probabilities(self, decisions: np.ndarray) -> np.ndarray:
        from scipy.special import expit

        slopes, offsets = self.tensors["sigmoids"].T
        probabilities = expit(decisions * slopes + offsets)
        if self.multi_label or self._has_one_target:
            return np.asarray(probabilities)
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))


def log_count_ratio(features: Any, target: np.ndarray, *, alpha: float) -> np.ndarray:
    """r [v], equation 2: log of (p / |p|) / (q / |q|), where p and q count the texts with and without the
    label that have a term, plus `alpha`. `features` may be scaled: only which terms a text has is counted."""
    with_label = np.bincount(features[target].indices, minlength=features.shape[1]) + alpha
    without = np.bincount(features[~target].indices, minlength=features.shape[1]) + alpha
    return np.asarray(np.log((with_label / with_label.sum()) / (without / without.sum())))


def fit_sigmoid(decisions: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(slope, offset) of the sigmoid that makes decision scores probabilities, by least cross-entropy.

    Targets are drawn in from 0 and 1 as Platt does (his section 2.2), so that separable scores end at a
    finite slope. The slope is kept positive: a higher score never means a lower probability.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    positive, negative = target.sum(), (~target).sum()
    wanted = np.where(target, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(sigmoid: np.ndarray) -> tuple[float, np.ndarray]:
        scores = decisions * sigmoid[0] + sigmoid[1]
        error = expit(scores) - wanted
        slope = np.array([(error * decisions).mean(), error.mean()])
        return float((np.logaddexp(0, scores) - wanted * scores).mean()), slope

    return np.asarray(minimize(loss, [1.0, 0.0], jac=True, bounds=[(1e-3, None), (None, None)]).x)
