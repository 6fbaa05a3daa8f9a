"""Predictions made of random numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from regard.records import Prediction


def make_predictions(n: int, k: int, *, seed: int, multi_label: bool = False, skill: float = 1.0) -> list[Prediction]:
    """`n` predictions over the labels "0" … of a model that leans `skill` towards the truth."""
    generator = np.random.default_rng(seed)
    names = [str(label) for label in range(k)]
    if multi_label:
        truth = generator.random((n, k)) < 0.4
        probabilities = 1 / (1 + np.exp(-generator.normal(size=(n, k)) - skill * (2 * truth - 1)))
    else:
        truth = np.eye(k, dtype=bool)[generator.integers(0, k, n)]
        scores = np.exp(generator.normal(size=(n, k)) + skill * truth)
        probabilities = scores / scores.sum(axis=1, keepdims=True)
    made = []
    for row in range(n):
        likely = tuple(names[j] for j in range(k) if probabilities[row, j] > 0.5)
        gold = tuple(names[j] for j in range(k) if truth[row, j])
        made.append(
            Prediction(
                id=str(row),
                input="",
                output=likely if multi_label else names[int(probabilities[row].argmax())],
                gold=gold if multi_label else gold[0],
                confidence=float(probabilities[row].max()),
                probabilities=dict(zip(names, probabilities[row].tolist(), strict=True)),
            )
        )
    return made


@pytest.fixture(scope="session")
def predictions() -> Callable[..., list[Prediction]]:
    return make_predictions
