"""Does a confidence of 0.8 mean right in 80 of 100 texts?

Expected calibration error: Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian
binning"; here with bins of equal mass (Nguyen and O'Connor 2015), as most of a good model's confidences crowd
into one bin of equal width.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BINS = 15


def bins(confidence: np.ndarray, correct: np.ndarray, *, count: int = BINS) -> list[dict[str, float]]:
    """At most `count` bins with about as many texts each, by rising confidence. Equal confidences share a
    bin.

    Each has `low`, `high`, mean `confidence`, `accuracy` and `n`.
    """
    order = np.argsort(confidence, kind="stable")
    edges = np.quantile(confidence, np.linspace(0, 1, count + 1)[1:-1]) if len(confidence) else np.array([])
    place = np.searchsorted(np.unique(edges), confidence[order], side="left")
    return [_bin(confidence[rows], correct[rows]) for rows in _groups(order, place)]


def expected_calibration_error(found: list[dict[str, float]]) -> float:
    """Mean distance between confidence and accuracy over the bins, weighted by their texts; 0 is perfect."""
    total = sum(part["n"] for part in found)
    return sum(part["n"] * abs(part["confidence"] - part["accuracy"]) for part in found) / total


def _groups(order: np.ndarray, place: np.ndarray) -> list[np.ndarray]:
    """`order` cut where the rising numbers in `place` change."""
    return [rows for rows in np.split(order, np.flatnonzero(np.diff(place)) + 1) if len(rows)]


def _bin(confidence: np.ndarray, correct: np.ndarray) -> dict[str, Any]:
    return {
        "low": float(confidence.min()),
        "high": float(confidence.max()),
        "confidence": float(confidence.mean()),
        "accuracy": float(correct.mean()),
        "n": len(confidence),
    }
