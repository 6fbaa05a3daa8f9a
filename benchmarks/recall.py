"""What a network remembers: accuracy against the distance between what is shown and what is asked.

    python benchmarks/recall.py [--models lstm transformer] [--tasks recall copy] [--distances 16 64] [--json FILE]

Two generated tasks. A text shows two things, then so much noise, then asks for one of them; the label is its value.
`recall` asks by content (two keys in any order, each with a value), `copy` by place (the second symbol shown). Who only
knows which values were shown, not which is asked for, is right in 62 of 100 texts.

All networks are trained by the product's own path, on the same texts of all distances together, and scored on
held-out ones: same width, layers, steps and learning rate, no dropout. The longer a distance, the fewer texts
there are to learn it from, so that each takes an equal share of the time. Sparse networks meet about 128 tokens in a
layer, besides what their design adds: global tokens, random blocks, hashing. `transformer-xl` has neither: its two
layers reach back 319 tokens at most, so that at 512 it can't know.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from regard import recipe as recipes
from regard.records import Corpus, RunFolder
from regard.registry import ARCHITECTURES

SHOWN, VALUES, NOISE = 2, 4, 10
DISTANCES = (16, 64, 256, 512)
HELD_OUT = 100  # texts a distance
WIDTH, LAYERS, HEADS = 64, 2, 4
ATTENTION = {"hidden_size": WIDTH, "heads": HEADS, "feed_forward_size": 2 * WIDTH}
MODELS: dict[str, dict[str, Any]] = {
    # One direction, read at its end, so that what was shown must be carried all the way.
    "lstm": {"hidden_size": WIDTH, "bidirectional": False, "pooling": "last"},
    "transformer": ATTENTION,
    "transformer-xl": {**ATTENTION, "segment_length": 64, "memory_length": 128},
    "longformer": {**ATTENTION, "left": 64, "right": 64},
    "bigbird": {**ATTENTION, "block_size": 32, "random_blocks": 1},
    "reformer": {**ATTENTION, "chunk_length": 64},
}


def recall(generator: np.random.Generator) -> tuple[list[str], str, int]:
    """What is shown, the question, and the value asked for: two keys, each with a value, in any order."""
    values = generator.integers(VALUES, size=SHOWN)
    asked = int(generator.integers(SHOWN))
    shown = [f"{'ab'[key]}{values[key]}" for key in generator.permutation(SHOWN)]
    return shown, f"which{'ab'[asked]}", int(values[asked])


def copy(generator: np.random.Generator) -> tuple[list[str], str, int]:
    """The same of a row of symbols, asked for by place."""
    values = generator.integers(VALUES, size=SHOWN)
    asked = int(generator.integers(SHOWN))
    return [f"x{value}" for value in values], f"which{asked}", int(values[asked])


TASKS = {"recall": recall, "copy": copy}


def corpus(task: str, numbers: dict[int, int], seed: int) -> Corpus:
    """So many texts of each distance: the tokens between the last thing shown and the question."""
    generator = np.random.default_rng([seed, list(TASKS).index(task)])
    rows, labels = [], []
    for distance, texts in numbers.items():
        for _ in range(texts):
            shown, question, value = TASKS[task](generator)
            noise = [f"n{number}" for number in generator.integers(NOISE, size=distance)]
            rows.append(" ".join([*shown, *noise, question]))
            labels.append(f"value {value}")
    return Corpus(f"generated: {task}", [str(row) for row in range(len(rows))], rows, list(labels))


def settings(word: str, distances: list[int], given: argparse.Namespace) -> dict[str, Any]:
    return {
        "seed": given.seed,
        "tokens": {"kind": "word", "minimum_frequency": 1, "max_length": max(distances) + SHOWN + 8},
        "model": {
            "embedding_size": WIDTH,
            "layers": LAYERS,
            "pooling": "attention",
            "dropout": 0.0,
            "embedding_dropout": 0.0,
            **MODELS[word],
        },
        "training": {
            "learning_rate": given.learning_rate,
            "epochs": 1000,
            "max_steps": given.steps,
            "batch_tokens": 2048,
            "max_batch_examples": 32,
            "warmup_steps": 0.1,
            "metric_for_best_model": "loss",
        },
    }


def measure(word: str, task: str, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One training, and a row for each distance. Every model of a task sees the same texts."""
    from statsmodels.stats.proportion import proportion_confint

    from regard.jobs.fit_network import fit_network
    from regard.jobs.prepare import Parts
    from regard.jobs.trained import Stopwatch

    learned = {distance: given.texts * min(given.distances) // distance for distance in given.distances}
    train, validation = corpus(task, learned, 1), corpus(task, dict.fromkeys(given.distances, 25), 2)
    parts = Parts(train, validation, None, False, None, sorted({*train.labels}), multi_label=False)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        trained = fit_network(
            recipes.build(settings(word, given.distances, given), model=word),
            parts,
            RunFolder(Path(folder)),
            Stopwatch(),
            resume=False,
            force=True,
            offline=True,
            quiet=True,
        )
    seconds = round(time.perf_counter() - began, 1)
    for distance in given.distances:
        held_out = corpus(task, {distance: HELD_OUT}, 3)
        said = trained.predictor.probabilities(held_out.texts).argmax(1)
        right = sum(parts.labels[row] == gold for row, gold in zip(said, held_out.labels, strict=True))
        low, high = proportion_confint(right, HELD_OUT, method="wilson")
        yield {
            "task": task,
            "model": word,
            "distance": distance,
            "accuracy": right / HELD_OUT,
            "low": round(low, 3),
            "high": round(high, 3),
            "n": HELD_OUT,
            "steps": trained.training["steps"],
            "seconds": seconds,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS), metavar="WORD")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--distances", nargs="+", type=int, default=list(DISTANCES))
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--texts", type=int, default=8000, help="to learn from, of the shortest distance")
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(f"{'task':8} {'model':16}" + "".join(f"{distance:>20}" for distance in given.distances) + "   seconds")
    for task in given.tasks:
        for word in given.models:
            if word not in ARCHITECTURES or word not in MODELS:
                print(f"{task:8} {word:16} skipped: not registered", file=sys.stderr)
                continue
            found = list(measure(word, task, given))
            rows += found
            cells = "".join(f"{row['accuracy']:>7.2f} [{row['low']:.2f}–{row['high']:.2f}]" for row in found)
            print(f"{task:8} {word:16}{cells}   {found[0]['seconds']:7.1f}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
