"""One training of `lstm` or `cnn` in Keras 3, in a Python of its own: benchmarks/keras_peer.py starts it.

    KERAS_BACKEND=tensorflow python keras_fit.py FOLDER

Takes FOLDER/settings.json and FOLDER/data.npz and leaves FOLDER/result.json. Needs keras, its backend and numpy, not
Regard. Written as Keras' own examples are: functional layers, `compile`, `fit`; batches that differ in length come from
a `PyDataset`, or for TensorFlow a `tf.data.Dataset`. A callback times `fit`, from an epoch's beginning to its end.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

LABELS = 2
BOUNDARY = 32  # tokens: JAX compiles for each shape, so batches of like length are padded to the same one


def parameters(settings: dict[str, Any]) -> int:
    """How many numbers the network of these settings learns."""
    width, channels = settings["embedding_size"], settings["channels"]
    vectors = settings["vocabulary"] * width
    if settings["model"] == "lstm":
        own = settings["hidden_size"]
        return vectors + 2 * 4 * own * (width + own + 1) + (2 * own + 1) * LABELS
    filters = sum(channels * (size * width + 1) for size in settings["widths"])
    return vectors + filters + (channels * len(settings["widths"]) + 1) * LABELS


def padded(ids: np.ndarray, lengths: np.ndarray, rows: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    """The rows `[b t]`: all `max_length` tokens long, or as long as the longest of them has to be."""
    if settings["padding"] == "fixed":
        return ids[rows]
    longest = int(lengths[rows].max())
    if settings["backend"] == "jax":
        longest = -(-longest // BOUNDARY) * BOUNDARY
    return ids[rows, :longest]


def network(settings: dict[str, Any]) -> Any:
    from keras import Model, layers

    length = settings["max_length"] if settings["padding"] == "fixed" else None
    words = layers.Input((length,), dtype="int32")
    masked = bool(settings["masked"])
    states = layers.Embedding(settings["vocabulary"], settings["embedding_size"], mask_zero=masked)(words)
    if settings["model"] == "lstm":
        states = layers.Bidirectional(layers.LSTM(settings["hidden_size"], return_sequences=True))(states)
        pooled = layers.GlobalMaxPooling1D()(states)
    else:
        convolved = [
            layers.Conv1D(settings["channels"], width, padding="same", activation="relu")(states)
            for width in settings["widths"]
        ]
        pooled = layers.Concatenate()([layers.GlobalMaxPooling1D()(states) for states in convolved])
    # Logits in float32 whatever the policy is, as Keras' guide to mixed precision has it.
    return Model(words, layers.Dense(LABELS, dtype="float32")(layers.Dropout(settings["dropout"])(pooled)))


def compiled(settings: dict[str, Any]) -> Any:
    """AdamW with a constant rate, decay of matrices only, no clipping: what Regard is set to."""
    import keras

    model = network(settings)
    optimizer = keras.optimizers.AdamW(settings["learning_rate"], settings["weight_decay"], epsilon=1e-8)
    optimizer.exclude_from_weight_decay(var_names=["embeddings", "bias"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # XLA on a CPU costs TensorFlow half of the speed of an LSTM; JAX knows no other way.
    model.compile(optimizer, loss, jit_compile="auto" if settings["backend"] == "jax" else False)
    return model


class Clock:
    """Seconds of each epoch, as a Keras callback. A class is made of it once Keras may be imported."""

    seconds: list[float]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self.began)


def feed(data: dict[str, np.ndarray], batches: list[np.ndarray], settings: dict[str, Any]) -> Any:
    """Batches that are given as row numbers, in the order given."""

    def batch(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return padded(data["ids"], data["lengths"], rows, settings), data["labels"][rows]

    if settings["backend"] == "tensorflow":
        # Of a PyDataset Keras takes the length of the first batches for that of all.
        import tensorflow as tf

        shapes = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.int64)
        return tf.data.Dataset.from_generator(lambda: map(batch, batches), output_signature=shapes).prefetch(2)

    from keras.utils import PyDataset

    class Batches(PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return batch(batches[index])

    return Batches()


def epochs(data: dict[str, np.ndarray]) -> list[list[np.ndarray]]:
    """The row numbers of each batch of each epoch, as Regard's token budget cut them."""
    return [
        [rows[rows >= 0] for rows in data[f"epoch_{number}"]]
        for number in range(sum(name.startswith("epoch_") for name in data))
    ]


def seconds(model: Any, data: dict[str, np.ndarray], settings: dict[str, Any]) -> Iterator[float]:
    """Train, and tell how long each epoch took; the first one is repeated at the end, with all shapes compiled."""
    from keras.callbacks import Callback

    clock = type("EpochClock", (Clock, Callback), {"seconds": []})()
    planned = epochs(data)
    for batches in [*planned, planned[0]]:
        if settings["padding"] == "fixed":
            size = settings["batch_size"]
            model.fit(data["ids"], data["labels"], batch_size=size, verbose=0, callbacks=[clock])
        else:
            model.fit(feed(data, batches, settings), shuffle=False, verbose=0, callbacks=[clock])
        yield clock.seconds[-1]


def accuracy(model: Any, data: dict[str, np.ndarray], settings: dict[str, Any]) -> float:
    """On the texts held out, padded as those to learn from."""
    order = np.argsort(data["held_out_lengths"], kind="stable")
    right = 0
    for start in range(0, len(order), settings["batch_size"]):
        rows = order[start : start + settings["batch_size"]]
        logits = model.predict_on_batch(padded(data["held_out_ids"], data["held_out_lengths"], rows, settings))
        right += int((np.asarray(logits).argmax(1) == data["held_out_labels"][rows]).sum())
    return right / len(order)


def limit_threads(threads: int) -> None:
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)


def main(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    limit_threads(settings["threads"])
    import keras

    with np.load(folder / "data.npz") as stored:
        data = dict(stored)
    keras.utils.set_random_seed(settings["seed"])
    keras.config.set_dtype_policy(settings["policy"])
    model = compiled(settings)
    if model.count_params() != parameters(settings):
        raise SystemExit(f"{model.count_params()} parameters in Keras, {parameters(settings)} were expected")
    timed = seconds(model, data, settings)
    trained = [next(timed) for _ in range(len(epochs(data)))]
    score = accuracy(model, data, settings) if settings["score"] else None
    texts = len(data["labels"])
    result = {
        "texts_per_second": texts / next(timed),
        "with_compilation": texts * len(trained) / sum(trained),
        "accuracy": score,
        "parameters": model.count_params(),
        "keras": keras.__version__,
    }
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
