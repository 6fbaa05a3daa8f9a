"""Augmentation as a technique: with and without, on few labelled reviews, at the same number of steps.

    python benchmarks/augmentation.py [TRAIN [TEST]] [--reviews 500] [--seeds 5] [--epochs 8]
        [--models tfidf,lstm,cnn] [--rows none,eda,...] [--json FILE]

For each seed 500 reviews are drawn from TRAIN (the packaged `imdb` where none is named), and every row learns from the
same ones; a tenth of them is cut off before anything is copied and chooses the checkpoint. TEST is scored once by each
training; a fifth of TRAIN where none is named, cut off before the drawing. With a copy of each review an epoch has
twice the steps: `none, twice the passes` spends as many without any copy, and is what a method has to beat. Baselines
take no passes, and have no such row. Prints the mean accuracy over the seeds with its 95 % interval (Student's t), and
the difference to `none`, and to `none, twice the passes`, of the same seeds.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regard
from regard.records import Corpus
from regard.registry import ARCHITECTURES
from regard.text import split
from regard.text.read import read

ROWS: dict[str, dict[str, Any]] = {
    "none": {},
    "none, twice the passes": {},
    **{method: {"augment.methods": [method], "augment.copies": 1} for method in ("eda", "synonyms", "keyboard")},
}
MODELS: dict[str, dict[str, Any]] = {"tfidf": {}, "lstm": {"model.vectors": "glove"}, "cnn": {}}


def parts(train: str, test: str) -> tuple[Corpus, Corpus]:
    """What is drawn from, and what is scored."""
    corpus = read(train)
    if test:
        return corpus, read(test)
    cut = split.cut_validation(corpus, fraction=0.2, seed=0)
    return cut.train, cut.validation


def is_network(model: str) -> bool:
    return ARCHITECTURES[model].kind != "baseline"


def settings(model: str, row: str, epochs: int) -> dict[str, Any]:
    passes = 2 * epochs if row == "none, twice the passes" else epochs
    return {**MODELS[model], **ROWS[row], **({"training.epochs": passes} if is_network(model) else {})}


def trainings(models: list[str], rows: list[str]) -> Iterator[tuple[str, str]]:
    for model in models:
        for row in rows:
            if is_network(model) or row != "none, twice the passes":
                yield model, row


def accuracy(reviews: Corpus, test: Corpus, model: str, row: str, seed: int, epochs: int) -> tuple[float, float]:
    """Of one training on the test part; and its seconds."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        trained = regard.train(
            reviews,
            model=model,
            test=test,
            seed=seed,
            sets=settings(model, row, epochs),
            out=Path(folder) / "run",
            force=True,
            quiet=True,
        )
        assert trained.scores.part == "test"
        return trained.scores.values["accuracy"], time.perf_counter() - began


def interval(values: list[float]) -> list[float]:
    """95 % of the mean, by Student's t; of one value alone nothing is known."""
    from scipy.stats import t

    mean = statistics.fmean(values)
    if len(values) < 2:
        return [float("nan"), float("nan")]
    reach = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    return [mean - reach, mean + reach]


def compared(own: list[float], other: list[float] | None) -> dict[str, Any] | None:
    """The mean difference over the seeds, pair by pair, with its interval."""
    if other is None or other is own:
        return None
    differences = [mine - theirs for mine, theirs in zip(own, other, strict=True)]
    return {"difference": statistics.fmean(differences), "interval": interval(differences)}


def line(model: str, row: str, found: dict[tuple[str, str], list[float]], seconds: list[float]) -> dict[str, Any]:
    own = found[model, row]
    return {
        "model": model,
        "row": row,
        "accuracy": statistics.fmean(own),
        "interval": interval(own),
        "accuracies": own,
        "to_none": compared(own, found.get((model, "none"))),
        "to_none_twice_the_passes": compared(own, found.get((model, "none, twice the passes"))),
        "seconds": round(statistics.fmean(seconds), 1),
    }


def show(row: dict[str, Any]) -> str:
    low, high = row["interval"]
    told = f"{row['model']:6} {row['row']:23} {100 * row['accuracy']:5.1f} % [{100 * low:.1f}–{100 * high:.1f}]"
    for name, key in (("none", "to_none"), ("twice", "to_none_twice_the_passes")):
        if (difference := row[key]) is not None:
            low, high = difference["interval"]
            told += f"  to {name} {100 * difference['difference']:+.1f} [{100 * low:+.1f}–{100 * high:+.1f}]"
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", nargs="?", default="imdb")
    parser.add_argument("test", nargs="?", default="")
    parser.add_argument("--reviews", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8, help="passes of a network without copies")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--rows", default="", help="some of the rows, with commas between; `twice` for the second one")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    logging.getLogger("regard").setLevel(logging.ERROR)
    chosen = [word.replace("twice", "none, twice the passes") for word in given.rows.split(",") if word] or list(ROWS)
    corpus, test = parts(given.train, given.test)
    samples = {seed: split.limit(corpus, given.reviews, seed=seed, how="random") for seed in range(1, given.seeds + 1)}
    found: dict[tuple[str, str], list[float]] = {}
    lines = []
    for model, row in trainings(given.models.split(","), chosen):
        runs = [accuracy(sample, test, model, row, seed, given.epochs) for seed, sample in samples.items()]
        found[model, row] = [value for value, _ in runs]
        lines.append(line(model, row, found, [seconds for _, seconds in runs]))
        print(show(lines[-1]), flush=True)
        if given.json:
            given.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
