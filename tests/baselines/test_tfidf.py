"""TF-IDF by the book: the same features and the same regression as scikit-learn's own pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.sparse.linalg import norm
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


@pytest.mark.parametrize("frequency", ["count", "log", "binary"])
@pytest.mark.parametrize("situation", ["binary", "multi-class"])
def test_it_equals_scikit_learn(
    situation: str, frequency: str, fit: Callable[..., Any], texts: Callable[..., Any]
) -> None:
    train, unseen = texts(situation, 90, seed=1), texts(situation, 40, seed=2)
    pattern = r"\w+|[^\w\s]"
    peer = make_pipeline(
        TfidfVectorizer(
            token_pattern=pattern,
            ngram_range=(1, 2),
            min_df=2,
            sublinear_tf=frequency == "log",
            binary=frequency == "binary",
            lowercase=False,
        ),
        LogisticRegression(C=10, tol=1e-6, max_iter=1000, solver="liblinear" if situation == "binary" else "lbfgs"),
    ).fit(train.texts, train.labels)
    ours = fit("tfidf", train, term_frequency=frequency, token_pattern=pattern, min_df=2, c=10)
    np.testing.assert_allclose(ours.probabilities(unseen.texts), peer.predict_proba(unseen.texts), atol=1e-3)


def test_rows_have_length_one(fit: Callable[..., Any], texts: Callable[..., Any]) -> None:
    train = texts("binary", 40, seed=1)
    ours = fit("tfidf", train)
    rows = ours._features(ours.ngrams.counts([*train.texts, "zzz"]))
    np.testing.assert_allclose(norm(rows, axis=1), [1.0] * len(train.texts) + [0.0])
