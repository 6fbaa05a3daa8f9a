"""Vectors in the plane: distances within it stay, signs and seeds are settled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from regard.errors import UsageError
from regard.text.vectors import plane


def test_what_lies_in_a_plane_keeps_its_distances() -> None:
    generator = np.random.default_rng(0)
    flat = generator.normal(size=(12, 2)) @ np.linalg.qr(generator.normal(size=(5, 5)))[0][:2]
    found = plane(flat)
    np.testing.assert_allclose(pdist(found.places), pdist(flat))
    assert np.ptp(found.places[:, 0]) > 0
    first, second = (int(part.split("%")[0].split()[-1]) for part in found.told.split(" and "))
    assert first + second == pytest.approx(100, abs=1)


@pytest.mark.parametrize("rows", [np.ones((3, 4)), np.array([[1.0], [2.0], [4.0]]), np.eye(2)])
def test_vectors_without_two_directions(rows: np.ndarray) -> None:
    places = plane(rows).places
    assert places.shape == (len(rows), 2)
    np.testing.assert_allclose(pdist(places), pdist(rows), atol=1e-12)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_groups_stay_together_and_the_same_seed_gives_the_same_places(method: str) -> None:
    generator = np.random.default_rng(1)
    rows = np.repeat(np.eye(3, 8), 6, axis=0) + generator.normal(size=(18, 8)) / 20
    places = plane(rows, method=method, seed=4).places
    assert places.tobytes() == plane(rows, method=method, seed=4).places.tobytes()
    for place, others in zip(places, np.split(places, 3)[0:1] * 6, strict=False):
        distances = np.linalg.norm(places - place, axis=1)
        assert set(np.argsort(distances)[: len(others)]) == set(range(6))


def test_too_few_words_and_unknown_methods() -> None:
    with pytest.raises(UsageError, match="a map of 1 words"):
        plane(np.eye(1))
    with pytest.raises(UsageError, match="a map of 4 words"):
        plane(np.eye(4), method="tsne")
    with pytest.raises(UsageError, match="Did you mean pca"):
        plane(np.eye(4), method="pac")
