"""A tiny set of labelled texts, and a model that was really trained on it."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pytest

import regard
from regard.jobs.load import Model

TELLING = {"good": ("lovely", "moving", "bright", "warm"), "bad": ("dull", "clumsy", "empty", "grey")}
PLAIN = ("film", "play", "story", "end", "cast", "plot", "scene", "evening", "song", "camera")
LABELS = ("good", "bad")


def write_reviews(path: Path, n: int, *, seed: int, noise: float = 0.0) -> Path:
    """`n` different made-up texts, every other one good; a share `noise` of labels is turned round."""
    generator = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for row in range(n):
            label = LABELS[row % 2]
            words = [generator.choice(TELLING[label]) for _ in range(2)] + generator.choices(PLAIN, k=6)
            generator.shuffle(words)
            wrong = generator.random() < noise
            writer.writerow([f"{' '.join(words)} number {row}", LABELS[(row + wrong) % 2]])
    return path


@pytest.fixture(scope="session")
def reviews() -> Callable[..., Path]:
    return write_reviews


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("trained")
    data = write_reviews(folder / "reviews.csv", 120, seed=1)
    return regard.train(data, model="tfidf", out=folder / "run", quiet=True)


@pytest.fixture(scope="session")
def run_folder(trained: Model) -> Path:
    return trained.run.path
