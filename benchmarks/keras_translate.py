"""Training a translator from scratch: pairs a second and loss, Regard's `lstm` against Keras 3.

    python benchmarks/keras_translate.py TRAIN [--columns en de] [--keras-python PYTHON] [--rounds 3] [--epochs 1]
        [--backends tensorflow jax torch] [--attention additive] [--train-examples 5000] [--max-length 48] [--threads N]
        [--json FILE]

TRAIN is a file of text pairs. PYTHON is an interpreter that has keras and backends; one that it lacks is left out, and
without any there is nothing to compare.

Equal on both sides: the pairs and their tokens, cut and numbered once by Regard's tokenizers, one for each side; the
batches and their order; vectors of 256, an LSTM of 256 in each direction that reads, one of 512 that writes, additive
attention, W_c with a tanh, dropout of vectors and of what the output map reads, an output map of its own; AdamW with
one constant rate, decay of matrices only, clipping at 1; the number of steps; the threads. Not equal: initial weights;
and Regard feeds to each step what the one before attended to (Luong et al. 2015, section 3.3), which Keras' layers
don't let their users do: it has more weights, as the rows show, and can't compute attention for all steps at once.

Timing is that of keras_peer.py: Regard by its own count, steps only; Keras by the first epoch of `fit` once more, when
nothing is left to compile. Of each backend and padding (to a fixed length, or to the longest of each batch: `tight`)
the faster kind of a trial, with masks or without, goes on to the rounds, in which all take turns. The loss is that of
pairs held out, in nats a token, after the same steps.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from keras_peer import BACKENDS, BATCH, PATIENCE, TOO_SLOW, TRIAL, Kind, epochs, found_backends, keras_run, kinds

if TYPE_CHECKING:
    from regard.records import TextPairCorpus

PEER = Path(__file__).parent / "peers" / "keras_translate.py"
NETWORK = {"embedding_size": 256, "hidden_size": 256}
DROPOUT = 0.2


def regard_settings(given: argparse.Namespace) -> dict[str, Any]:
    """What `regard.train` is told, so that it trains what `peers/keras_translate.py` does."""
    return {
        "task": "translate",
        "seed": given.seed,
        "tokens": {"max_length": given.max_length, "vocabulary_size": given.vocabulary},
        "model": {**NETWORK, "dropout": DROPOUT, "embedding_dropout": DROPOUT},
        "head": {
            "attention": given.attention,
            "shared_vocabulary": False,
            "tie_embeddings": False,
            "max_output_tokens": given.max_length,
            "beams": 1,
        },
        "training": {
            "epochs": given.epochs,
            "learning_rate": given.learning_rate,
            "weight_decay": 0.01,
            "adam_beta2": 0.999,
            "warmup_steps": 0,
            "lr_scheduler_type": "constant",
            "max_grad_norm": 1.0,
            "label_smoothing": 0.0,
            "batch_tokens": BATCH * given.max_length,
            "max_batch_examples": BATCH,
            "metric_for_best_model": "loss",
        },
    }


@dataclass
class Parts:
    """The pairs, and what Keras gets of them: arrays of `peers/keras_translate.py`, both sides padded to `max_length`,
    the batches of each epoch as row numbers padded with -1."""

    train: TextPairCorpus
    held_out: TextPairCorpus
    arrays: dict[str, np.ndarray]
    vocabulary: dict[str, int]
    settings: dict[str, Any]


def prepare(source: Any, given: argparse.Namespace) -> Parts:
    """Read, draw and tokenise once, with the functions that training uses."""
    from regard.jobs.train import task_of

    task, recipe = task_of("translate"), _recipe(given)
    corpus = task.read(source, recipe.data.model_copy(update=dict(zip(COLUMNS, given.columns, strict=True))))
    distinct = sorted({text: row for row, text in enumerate(corpus.texts)}.values())
    drawn = np.random.default_rng(given.seed).permutation(distinct)[: given.train_examples + given.held_out].tolist()
    train, held_out = (corpus.take(drawn[part]) for part in (slice(given.train_examples), slice(-given.held_out, None)))
    encoder = task.encoder(recipe, train)
    arrays = {**_arrays(train, encoder, given), **_epochs(train, encoder, given)}
    arrays |= {f"held_out_{name}": array for name, array in _arrays(held_out, encoder, given).items()}
    settings = {
        "source_vocabulary": max(encoder.vocabulary.values()) + 1,
        "target_vocabulary": encoder.target.vocabulary_size,
        "begin_id": encoder.target.begin_id,
        "pad_id": encoder.pad_id,
    }
    return Parts(train, held_out, arrays, encoder.vocabulary, settings)


COLUMNS = ("text_column", "label_column")


def _sides(part: TextPairCorpus, encoder: Any) -> dict[str, list[list[int]]]:
    targets = encoder.target.encode([label[0] for label in part.labels or []])
    return {"source": [item.ids for item in encoder.encode(part.texts)], "target": targets}


def _arrays(part: TextPairCorpus, encoder: Any, given: argparse.Namespace) -> dict[str, np.ndarray]:
    arrays = {}
    for name, texts in _sides(part, encoder).items():
        ids = np.full((len(texts), given.max_length), encoder.pad_id, dtype=np.int32)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = text
        arrays |= {name: ids, f"{name}_lengths": np.array([len(text) for text in texts])}
    return arrays


def _epochs(part: TextPairCorpus, encoder: Any, given: argparse.Namespace) -> dict[str, np.ndarray]:
    lengths = [max(map(len, pair)) for pair in zip(*_sides(part, encoder).values(), strict=True)]
    return epochs(lengths, given)


def trial(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A few batches of the first epoch, which is all that a trial trains on."""
    kept = {name: array for name, array in arrays.items() if not name.startswith("epoch_")}
    return {**kept, "epoch_0": arrays["epoch_0"][: TRIAL // BATCH]}


def regard_run(parts: Parts, given: argparse.Namespace) -> dict[str, Any]:
    """One training by the product: its speed by its own count, which is of target tokens."""
    import torch

    import regard
    from regard.text.tokenise import load_tokenizer

    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        trained = regard.train(
            parts.train,
            model="lstm",
            validation=parts.held_out,
            recipe=_recipe(given),
            out=Path(folder) / "run",
            offline=True,
            quiet=True,
        )
        record = trained.record
        if dict(load_tokenizer(str(trained.run.model)).get_vocab()) != parts.vocabulary:
            raise RuntimeError("Regard trained on other tokens than Keras is given")
        lines = [json.loads(line) for line in trained.run.log.read_text(encoding="utf-8").splitlines()]
        tokens = float(parts.arrays["target_lengths"].mean())
        return {
            "pairs_per_second": record["training"]["examples_per_second"] / tokens,
            "loss": [line["loss"] for line in lines if line["event"] == "evaluation"][-1],
            "parameters": record["size"]["parameters"],
        }


def _recipe(given: argparse.Namespace) -> Any:
    from regard import recipe as recipes

    return recipes.build(regard_settings(given), model="lstm")


def keras_settings(parts: Parts, given: argparse.Namespace, kind: Kind, *, score: bool) -> dict[str, Any]:
    return {
        **NETWORK,
        **parts.settings,
        **asdict(kind),
        "dropout": DROPOUT,
        "learning_rate": given.learning_rate,
        "weight_decay": 0.01,
        "clip": 1.0,
        "batch_size": BATCH,
        "threads": given.threads,
        "seed": given.seed,
        "score": score,
    }


def tried(kind: Kind, parts: Parts, given: argparse.Namespace) -> float:
    """Pairs a second of a trial; 0 where it does not end in time."""
    settings = keras_settings(parts, given, kind, score=False)
    try:
        rate = float(keras_run(settings, trial(parts.arrays), given, PEER)["pairs_per_second"])
    except subprocess.TimeoutExpired:
        rate = 0.0
    said = f"{rate:.0f} pairs/s" if rate else f"given up after {PATIENCE} s"
    print(f"  trial of {kind}: {said}", file=sys.stderr, flush=True)
    return rate


def measure(parts: Parts, given: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for Regard and for each kind of Keras that is not far too slow."""
    rates = {kind: tried(kind, parts, given) for kind in kinds("lstm", given.backends)}
    runs: dict[str, Callable[[], dict[str, Any]]] = {"regard": lambda: regard_run(parts, given)}
    for _, group in itertools.groupby(rates, key=lambda kind: (kind.backend, kind.padding)):
        best = max(group, key=rates.__getitem__)
        if rates[best] and rates[best] * TOO_SLOW >= max(rates.values()):
            settings = keras_settings(parts, given, best, score=True)
            runs[str(best)] = lambda settings=settings: keras_run(settings, parts.arrays, given, PEER)  # type: ignore[misc]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
    for number in range(given.rounds):
        for name, run in runs.items():
            found[name].append(run())
            print(f"  round {number + 1}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    return [_row(name, results, found["regard"]) for name, results in found.items()]


def _row(name: str, found: list[dict[str, Any]], own: list[dict[str, Any]]) -> dict[str, Any]:
    rates = [result["pairs_per_second"] for result in found]
    ratios = [ours["pairs_per_second"] / rate for ours, rate in zip(own, rates, strict=True)]
    return {
        "who": name,
        "pairs_per_second": round(statistics.median(rates), 1),
        "low": round(min(rates), 1),
        "high": round(max(rates), 1),
        "loss": round(statistics.median(result["loss"] for result in found), 4),
        "parameters": found[0]["parameters"],
        "regard_is_times_as_fast": round(statistics.median(ratios), 2),
        "ratio_low": round(min(ratios), 2),
        "ratio_high": round(max(ratios), 2),
    }


def show(row: dict[str, Any]) -> str:
    rates = f"{row['pairs_per_second']:7.1f} pairs/s [{row['low']:.1f}–{row['high']:.1f}]"
    network = f"{row['loss']:.3f} nats a token held out; {row['parameters']:,} parameters"
    ratio = f"{row['regard_is_times_as_fast']:.2f} times as fast [{row['ratio_low']:.2f}–{row['ratio_high']:.2f}]"
    return f"{row['who']:26} {rates}; {network}; regard is {ratio}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("--columns", nargs=2, default=[None, None], metavar=("SOURCE", "TARGET"))
    parser.add_argument("--keras-python", type=Path, default=Path(sys.executable), metavar="PYTHON")
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS), choices=list(BACKENDS))
    parser.add_argument("--attention", default="additive", choices=["dot", "general", "concat", "additive"])
    parser.add_argument("--train-examples", type=int, default=5000)
    parser.add_argument("--held-out", type=int, default=1000)
    parser.add_argument("--vocabulary", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-length", type=int, default=48)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    given.backends = found_backends(given)
    if not given.backends:
        print(f"skipped: {given.keras_python} has not keras and one of its backends", file=sys.stderr)
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])  # JAX goes by nothing else
    rows = measure(prepare(given.train, given), given)
    print(*map(show, rows), sep="\n", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
