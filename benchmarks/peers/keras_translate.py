"""One training of a translator in Keras 3, in a Python of its own: benchmarks/keras_translate.py starts it.

    KERAS_BACKEND=tensorflow python keras_translate.py FOLDER

Takes FOLDER/settings.json and FOLDER/data.npz and leaves FOLDER/result.json. Needs keras, its backend and numpy, not
Regard. Written as Keras' and TensorFlow's own guides to translation with attention are: a bidirectional LSTM reads, its
last states begin the LSTM that writes, teacher forcing, `AdditiveAttention` over all steps at once, `compile`, `fit`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from keras_fit import Clock, epochs, limit_threads

BOUNDARY = 16  # tokens: JAX compiles for each shape, so batches of like length are padded to the same one


def parameters(settings: dict[str, Any]) -> int:
    """How many numbers the network of these settings learns."""
    embedding, own = settings["embedding_size"], settings["hidden_size"]
    vectors = (settings["source_vocabulary"] + settings["target_vocabulary"]) * embedding
    width = 2 * own
    recurrent = 2 * 4 * own * (embedding + own + 1) + 4 * width * (embedding + width + 1)
    attention = 2 * width * width + width + 2 * width * width  # query and key, Keras' own scale, W_c
    return vectors + recurrent + attention + (width + 1) * settings["target_vocabulary"]


def network(settings: dict[str, Any]) -> Any:
    from keras import Model, layers

    masked, own, width = bool(settings["masked"]), settings["hidden_size"], 2 * settings["hidden_size"]
    source, target = (layers.Input((None,), dtype="int32", name=name) for name in ("source", "target"))
    read, written = (
        layers.Dropout(settings["dropout"])(
            layers.Embedding(settings[f"{side.name}_vocabulary"], settings["embedding_size"], mask_zero=mask)(side)
        )
        for side, mask in ((source, masked), (target, False))
    )
    reader = layers.Bidirectional(layers.LSTM(own, return_sequences=True, return_state=True))
    memory, *ends = reader(read)
    begun = [layers.Concatenate()([ends[place], ends[place + 2]]) for place in (0, 1)]
    states = layers.LSTM(width, return_sequences=True)(written, initial_state=begun)
    query, key = layers.Dense(width, use_bias=False)(states), layers.Dense(width, use_bias=False)(memory)
    context = layers.AdditiveAttention()([query, memory, key])
    met = layers.Dense(width, activation="tanh", use_bias=False)(layers.Concatenate()([context, states]))
    return Model(
        [source, target], layers.Dense(settings["target_vocabulary"])(layers.Dropout(settings["dropout"])(met))
    )


def compiled(settings: dict[str, Any]) -> Any:
    """AdamW as Regard is set to; the loss is a token's on average, padding left out."""
    import keras

    model = network(settings)
    optimizer = keras.optimizers.AdamW(
        settings["learning_rate"], settings["weight_decay"], epsilon=1e-8, global_clipnorm=settings["clip"]
    )
    optimizer.exclude_from_weight_decay(var_names=["embeddings", "bias"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=settings["pad_id"])
    model.compile(optimizer, loss, jit_compile="auto" if settings["backend"] == "jax" else False)
    return model


def batch(
    data: dict[str, np.ndarray], rows: np.ndarray, settings: dict[str, Any], part: str = ""
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Sources and what is read of targets, `[b s]` and `[b t]`, and what is to be written."""
    sides = []
    for name in ("source", "target"):
        longest = int(data[f"{part}{name}_lengths"][rows].max())
        if settings["backend"] == "jax":
            longest = -(-longest // BOUNDARY) * BOUNDARY
        whole = data[f"{part}{name}"]
        sides.append(whole[rows] if settings["padding"] == "fixed" else whole[rows, :longest])
    source, target = sides
    begin = np.full((len(rows), 1), settings["begin_id"], dtype=target.dtype)
    return (source, np.concatenate([begin, target[:, :-1]], axis=1)), target


def feed(data: dict[str, np.ndarray], batches: list[np.ndarray], settings: dict[str, Any]) -> Any:
    """Batches that are given as row numbers, in the order given."""
    if settings["backend"] == "tensorflow":
        import tensorflow as tf

        ids = tf.TensorSpec((None, None), tf.int32)
        made = tf.data.Dataset.from_generator(
            lambda: (batch(data, rows, settings) for rows in batches), output_signature=((ids, ids), ids)
        )
        return made.prefetch(2)

    from keras.utils import PyDataset

    class Batches(PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, index: int) -> Any:
            return batch(data, batches[index], settings)

    return Batches()


def seconds(model: Any, data: dict[str, np.ndarray], settings: dict[str, Any]) -> Iterator[float]:
    """Train, and tell how long each epoch took; the first one is repeated at the end, with all shapes compiled."""
    from keras.callbacks import Callback

    clock = type("EpochClock", (Clock, Callback), {"seconds": []})()
    planned = epochs(data)
    for batches in [*planned, planned[0]]:
        model.fit(feed(data, batches, settings), shuffle=False, verbose=0, callbacks=[clock])
        yield clock.seconds[-1]


def held_out_loss(model: Any, data: dict[str, np.ndarray], settings: dict[str, Any]) -> float:
    """Nats a token of the pairs held out, under teacher forcing."""
    order = np.argsort(data["held_out_target_lengths"], kind="stable")
    loss, tokens = 0.0, 0
    for start in range(0, len(order), settings["batch_size"]):
        inputs, labels = batch(data, order[start : start + settings["batch_size"]], settings, "held_out_")
        logits = np.asarray(model.predict_on_batch(list(inputs)), dtype=np.float64)
        logits -= logits.max(-1, keepdims=True)
        told = np.take_along_axis(logits, labels[..., None].astype(int), -1)[..., 0] - np.log(np.exp(logits).sum(-1))
        kept = labels != settings["pad_id"]
        loss, tokens = loss - float(told[kept].sum()), tokens + int(kept.sum())
    return loss / tokens


def main(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    limit_threads(settings["threads"])
    import keras

    with np.load(folder / "data.npz") as stored:
        data = dict(stored)
    keras.utils.set_random_seed(settings["seed"])
    model = compiled(settings)
    if model.count_params() != parameters(settings):
        raise SystemExit(f"{model.count_params()} parameters in Keras, {parameters(settings)} were expected")
    timed = seconds(model, data, settings)
    for _ in epochs(data):
        next(timed)
    loss = held_out_loss(model, data, settings) if settings["score"] else None
    pairs = sum(len(rows) for rows in epochs(data)[0])
    result = {
        "pairs_per_second": pairs / next(timed),
        "loss": loss,
        "parameters": model.count_params(),
        "keras": keras.__version__,
    }
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
