"""Training from scratch: texts a second and accuracy, Regard's `lstm` and `cnn` against the same networks in Keras 3.

    python benchmarks/keras_peer.py [TRAIN] [--keras-python PYTHON] [--models lstm cnn] [--rounds 3] [--epochs 1]
        [--backends tensorflow jax torch] [--train-examples 5000] [--max-length 256] [--threads N]
        [--precision bf16] [--json FILE]

TRAIN is a file of labelled texts, or an asset's word (imdb). PYTHON is an interpreter that has keras and backends; one
that it lacks is left out, and without any there is nothing to compare.

Equal on both sides: the texts and their tokens, cut and numbered once by Regard's word tokenizer; vectors of 100, an
LSTM of 128 in each direction or Kim's filters (widths 3, 4, 5, 100 of each), max pooling, dropout, two logits; so the
number of parameters (less the second bias of torch's LSTM, which only ever adds to the first); AdamW with one constant
rate, decay of matrices only, no clipping; 64 texts a batch; the threads. Not equal: initial weights are drawn by each
side's own defaults.

Regard is timed by its own count (run.json), steps only, from the first one on. Keras by the epochs of `fit`: once with
all that it compiles, and once the first epoch again when nothing is left to compile; the latter is compared. To have
Keras at its best, every backend is first tried on a few batches, padded to a fixed length, as Keras' users do, or to
the longest of Regard's own batches of texts of like length (`tight`), and for the LSTM with a mask and without. The
faster kind of each goes on to the rounds, in which all take turns. A backend with less than a fifth of the fastest
one's speed does not: it is told by its trial. With `--precision bf16` Regard trains in bfloat16, and Keras is tried
both so (its policy mixed_bfloat16) and in float32.
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
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from regard.records import Corpus

KERAS_FIT = Path(__file__).parent / "peers" / "keras_fit.py"
BATCH = 64
VALIDATION = 200  # texts: Regard looks at them once an epoch, outside what is timed
TRIAL = 8 * BATCH
PATIENCE = 120  # seconds for a trial
TOO_SLOW = 5
BACKENDS, PADDINGS = ("tensorflow", "jax", "torch"), ("fixed", "tight")
NETWORK = {"embedding_size": 100, "hidden_size": 128, "widths": [3, 4, 5], "channels": 100}
DROPOUT = {"lstm": 0.3, "cnn": 0.5}
OWN = {"lstm": {"hidden_size": 128, "pooling": "max"}, "cnn": {"widths": [3, 4, 5], "channels": 100}}
"""Of `NETWORK`, what Regard's architectures call by these names."""


def regard_settings(model: str, given: argparse.Namespace) -> dict[str, Any]:
    """What `regard.train` is told, so that it trains what `keras_fit` does."""
    return {
        "seed": given.seed,
        "tokens": {"kind": "word", "vocabulary_size": 30_000, "max_length": given.max_length, "strategy": "head"},
        "model": {"embedding_size": 100, "dropout": DROPOUT[model], "embedding_dropout": 0.0, **OWN[model]},
        "training": {
            "epochs": given.epochs,
            "learning_rate": given.learning_rate,
            "mixed_precision": given.precision,
            "weight_decay": 0.01,
            "warmup_steps": 0,
            "lr_scheduler_type": "constant",
            "max_grad_norm": 0.0,
            "batch_tokens": BATCH * given.max_length,
            "max_batch_examples": BATCH,
        },
    }


@dataclass
class Parts:
    """The texts, all different, and what Keras gets of them: arrays of `keras_fit`, the tokens of each text padded to
    `max_length`, the batches of each epoch as row numbers padded with -1."""

    train: Corpus
    validation: Corpus
    held_out: Corpus
    arrays: dict[str, np.ndarray]
    vocabulary: dict[str, int]


def prepare(source: Any, given: argparse.Namespace) -> Parts:
    """Read, draw and tokenise once, with the functions that training uses."""
    from regard import recipe as recipes
    from regard.tasks import classify
    from regard.text.normalise import Normaliser
    from regard.text.read import read
    from regard.text.tokenise import train_tokenizer

    corpus = read(source)
    numbers = (given.train_examples, VALIDATION, given.held_out)
    distinct = sorted({text: row for row, text in enumerate(corpus.texts)}.values())
    drawn = np.random.default_rng(given.seed).permutation(distinct)[: sum(numbers)].tolist()
    train, validation, held_out = (
        corpus.take(drawn[end - number : end])
        for number, end in zip(numbers, itertools.accumulate(numbers), strict=True)
    )
    recipe = recipes.build(regard_settings("lstm", given), model="lstm")
    normaliser = Normaliser(recipe.preprocess)
    tokenizer = train_tokenizer((normaliser(text).text for text in train.texts), recipe.tokens)
    encoder = classify.text_encoder(recipe, tokenizer)
    arrays = {**_arrays(train, encoder, corpus.label_names()), **_epochs(train, encoder, given)}
    of_held_out = _arrays(held_out, encoder, corpus.label_names())
    arrays |= {f"held_out_{name}": array for name, array in of_held_out.items()}
    return Parts(train, validation, held_out, arrays, encoder.vocabulary)


def _arrays(part: Corpus, encoder: Any, names: list[str]) -> dict[str, np.ndarray]:
    from regard.tasks import classify

    encoded = encoder.encode(part.texts, offsets=False)
    ids = np.full((len(part), encoder.max_length), encoder.pad_id, dtype=np.int32)
    for row, item in enumerate(encoded):
        ids[row, : len(item.ids)] = item.ids
    lengths = np.array([len(item.ids) for item in encoded])
    return {"ids": ids, "lengths": lengths, "labels": classify.targets(part, names, multi_label=False)}


def _epochs(part: Corpus, encoder: Any, given: argparse.Namespace) -> dict[str, np.ndarray]:
    return epochs([len(item.ids) for item in encoder.encode(part.texts, offsets=False)], given)


def epochs(lengths: list[int], given: argparse.Namespace) -> dict[str, np.ndarray]:
    """The rows of each batch of each epoch as Regard draws them, -1 where a batch is not full."""
    from regard.text.batch import TokenBudget

    budget = TokenBudget(lengths, BATCH * given.max_length, BATCH, given.seed)
    drawn = {}
    for number in range(given.epochs):
        batches = budget.epoch(number)
        rows = np.full((len(batches), BATCH), -1)
        for place, batch in enumerate(batches):
            rows[place, : len(batch)] = batch
        drawn[f"epoch_{number}"] = rows
    return drawn


def trial(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A few whole batches of the first epoch, which is all that a trial trains on."""
    rows = arrays["epoch_0"]
    few = rows[(rows >= 0).all(1)][: TRIAL // BATCH]
    taken = few.flatten()
    renumbered = np.arange(len(taken)).reshape(few.shape)
    return {**{name: arrays[name][taken] for name in ("ids", "lengths", "labels")}, "epoch_0": renumbered}


def regard_run(model: str, parts: Parts, given: argparse.Namespace) -> dict[str, Any]:
    """One training by the product, its speed by its own count, its score on the texts held out."""
    import torch

    import regard
    from regard.text.tokenise import load_tokenizer

    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        trained = regard.train(
            parts.train,
            model=model,
            validation=parts.validation,
            test=parts.held_out,
            recipe=_recipe(model, given),
            out=Path(folder) / "run",
            offline=True,
            quiet=True,
        )
        own = dict(load_tokenizer(str(trained.run.model)).get_vocab())
        record = trained.record
        if own != parts.vocabulary or record["data"]["train"]["n"] != len(parts.train):
            raise RuntimeError("Regard trained on other tokens or texts than Keras is given")
        return {
            "texts_per_second": record["training"]["examples_per_second"],
            "with_compilation": None,
            "accuracy": trained.scores.values["accuracy"],
            "parameters": record["size"]["parameters"] - second_biases(model),
        }


def _recipe(model: str, given: argparse.Namespace) -> Any:
    from regard import recipe as recipes

    return recipes.build(regard_settings(model, given), model=model)


def second_biases(model: str) -> int:
    """Parameters of torch's LSTM that change nothing that the first biases could not."""
    return 2 * 4 * NETWORK["hidden_size"] if model == "lstm" else 0  # type: ignore[operator]


def keras_run(
    settings: dict[str, Any], arrays: dict[str, np.ndarray], given: argparse.Namespace, script: Path = KERAS_FIT
) -> dict[str, Any]:
    """One training by Keras in a process of its own. Raises `TimeoutExpired` for a trial that takes too long."""
    threads = str(given.threads)
    environment = os.environ | {
        "KERAS_BACKEND": settings["backend"],
        "OMP_NUM_THREADS": threads,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        np.savez(folder / "data.npz", **arrays)  # type: ignore[arg-type]
        command = [str(given.keras_python), str(script), name]
        patience = None if settings["score"] else PATIENCE
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=patience)
        if done.returncode:
            raise RuntimeError(f"{settings} failed:\n{done.stderr[-2000:]}")
        result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return result


def keras_settings(model: str, parts: Parts, given: argparse.Namespace, **kind: Any) -> dict[str, Any]:
    return {
        "model": model,
        **NETWORK,
        "vocabulary": max(parts.vocabulary.values()) + 1,
        "dropout": DROPOUT[model],
        "learning_rate": given.learning_rate,
        "weight_decay": 0.01,
        "max_length": given.max_length,
        "batch_size": BATCH,
        "threads": given.threads,
        "seed": given.seed,
        "policy": "float32",
        "score": True,
        **kind,
    }


@dataclass(frozen=True)
class Kind:
    """A way to train in Keras."""

    backend: str
    padding: str
    masked: bool = False
    policy: str = "float32"

    def __str__(self) -> str:
        policy = "" if self.policy == "float32" else f", {self.policy}"
        return f"keras {self.backend}, {self.padding}{', masked' if self.masked else ''}{policy}"


def kinds(model: str, backends: list[str], precision: str = "no") -> Iterator[Kind]:
    """All there are: a convolution knows no mask."""
    masks = (False, True) if model == "lstm" else (False,)
    policies = ("float32",) if precision == "no" else ("float32", "mixed_bfloat16")
    yield from (Kind(*kind) for kind in itertools.product(backends, PADDINGS, masks, policies))


def tried(kind: Kind, settings: dict[str, Any], few: dict[str, np.ndarray], given: argparse.Namespace) -> float:
    """Texts a second of a trial; 0 where it does not end in time."""
    try:
        rate = float(keras_run({**settings, **asdict(kind), "score": False}, few, given)["texts_per_second"])
    except subprocess.TimeoutExpired:
        rate = 0.0
    said = f"{rate:.0f} texts/s" if rate else f"given up after {PATIENCE} s"
    print(f"  trial of {kind}: {said}", file=sys.stderr, flush=True)
    return rate


def contestants(model: str, settings: dict[str, Any], parts: Parts, given: argparse.Namespace) -> dict[Kind, float]:
    """Of each backend and padding the faster kind, with the speed of its trial."""
    few = trial(parts.arrays)
    rates = {kind: tried(kind, settings, few, given) for kind in kinds(model, given.backends, given.precision)}
    groups: dict[tuple[str, str], list[Kind]] = {}
    for kind in rates:
        groups.setdefault((kind.backend, kind.padding), []).append(kind)
    fastest = [max(group, key=rates.__getitem__) for group in groups.values()]
    return {kind: rates[kind] for kind in fastest}


def measure(model: str, parts: Parts, given: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for Regard and for each kind of Keras: medians of the rounds with the lowest and highest."""
    settings = keras_settings(model, parts, given)
    trials = contestants(model, settings, parts, given)
    runs: dict[str, Callable[[], dict[str, Any]]] = {"regard": lambda: regard_run(model, parts, given)}
    slow = []
    for kind, rate in trials.items():
        if rate * TOO_SLOW < max(trials.values()):
            slow.append({"model": model, "who": str(kind), "trial_only": True, "texts_per_second": rate})
        else:
            runs[str(kind)] = lambda kind=kind: keras_run({**settings, **asdict(kind)}, parts.arrays, given)  # type: ignore[misc]
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
    for number in range(given.rounds):
        for name, run in runs.items():
            results[name].append(run())
            print(f"  round {number + 1}, {name}: {results[name][-1]}", file=sys.stderr, flush=True)
    if len({result["parameters"] for found in results.values() for result in found}) != 1:
        raise RuntimeError(f"the networks differ in size: {results}")
    return [_row(model, name, found, results["regard"]) for name, found in results.items()] + slow


def _row(model: str, name: str, found: list[dict[str, Any]], own: list[dict[str, Any]]) -> dict[str, Any]:
    rates = [result["texts_per_second"] for result in found]
    ratios = [ours["texts_per_second"] / rate for ours, rate in zip(own, rates, strict=True)]
    compiling = [result["with_compilation"] for result in found if result["with_compilation"]]
    return {
        "model": model,
        "who": name,
        "trial_only": False,
        "texts_per_second": round(statistics.median(rates), 1),
        "low": round(min(rates), 1),
        "high": round(max(rates), 1),
        "with_compilation": round(statistics.median(compiling), 1) if compiling else None,
        "accuracy": round(statistics.median(result["accuracy"] for result in found), 4),
        "parameters": found[0]["parameters"],
        "regard_is_times_as_fast": round(statistics.median(ratios), 2),
        "ratio_low": round(min(ratios), 2),
        "ratio_high": round(max(ratios), 2),
    }


def show(row: dict[str, Any]) -> str:
    if row["trial_only"]:
        rate = f"{row['texts_per_second']:.1f}" if row["texts_per_second"] else "hardly any"
        return f"{row['model']:5} {row['who']:26} {rate} texts/s in a trial: too slow for the rounds"
    compiling = f"{row['with_compilation']:7.1f}" if row["with_compilation"] else "      –"
    rates = f"{row['texts_per_second']:7.1f} texts/s [{row['low']:.1f}–{row['high']:.1f}], with compilation {compiling}"
    network = f"accuracy {row['accuracy']:.3f}; {row['parameters']:,} parameters"
    ratio = f"{row['regard_is_times_as_fast']:.2f} times as fast [{row['ratio_low']:.2f}–{row['ratio_high']:.2f}]"
    return f"{row['model']:5} {row['who']:26} {rates}; {network}; regard is {ratio}"


def verdict(model: str, rows: list[dict[str, Any]]) -> str:
    peers = [row for row in rows if row["who"] != "regard" and not row["trial_only"]]
    best = max(peers, key=lambda row: float(row["texts_per_second"]))
    return (
        f"{model}: {best['regard_is_times_as_fast']:.2f} times the fastest of Keras ({best['who']}) "
        f"[{best['ratio_low']:.2f}–{best['ratio_high']:.2f}]"
    )


def found_backends(given: argparse.Namespace) -> list[str]:
    """Those of the backends asked for that the interpreter has, beside Keras."""
    code = "import importlib.util as i, sys; print(*(n for n in sys.argv[1:] if i.find_spec(n)))"
    command = [str(given.keras_python), "-c", code, "keras", *given.backends]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return found[1:] if found[:1] == ["keras"] else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", nargs="?", default="imdb")
    parser.add_argument("--keras-python", type=Path, default=Path(sys.executable), metavar="PYTHON")
    parser.add_argument("--models", nargs="+", default=list(OWN), choices=list(OWN))
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS), choices=list(BACKENDS))
    parser.add_argument("--train-examples", type=int, default=5000)
    parser.add_argument("--held-out", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", choices=["no", "bf16"], default="no")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    given.backends = found_backends(given)
    if not given.backends:
        print(
            f"skipped: {given.keras_python} has not keras and one of its backends; name one that has by --keras-python",
            file=sys.stderr,
        )
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])  # JAX goes by nothing else
    parts = prepare(given.train, given)
    rows: list[dict[str, Any]] = []
    for model in given.models:
        found = measure(model, parts, given)
        rows += found
        print(*map(show, found), verdict(model, found), sep="\n", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
