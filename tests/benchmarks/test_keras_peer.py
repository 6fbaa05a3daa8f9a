"""Both sides of the comparison with Keras: the same texts, tokens and batches, and networks of the same size."""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.peers import keras_fit

from benchmarks import keras_peer
from regard import recipe as recipes
from regard.tasks import feed as feeds

MODELS = list(keras_peer.OWN)
BACKENDS = [name for name in keras_peer.BACKENDS if importlib.util.find_spec(name)]


@pytest.fixture(scope="module")
def given() -> argparse.Namespace:
    return argparse.Namespace(
        train_examples=150,
        held_out=20,
        epochs=2,
        rounds=1,
        max_length=12,
        learning_rate=2e-3,
        threads=1,
        seed=1,
        precision="no",
        backends=["tensorflow", "jax"],
        keras_python=Path(sys.executable),
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    rows = [
        f"a {'lovely' if n % 2 else 'dull'} film{' and story' * (n % 7)} number n{n % 40} {n},{n % 2}"
        for n in range(400)
    ]
    path.write_text("text,label\n" + "\n".join([*rows, rows[0]]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def parts(source: Path, given: argparse.Namespace) -> keras_peer.Parts:
    return keras_peer.prepare(source, given)


def test_no_text_stands_in_two_parts(parts):
    texts = [*parts.train.texts, *parts.validation.texts, *parts.held_out.texts]
    assert [len(part) for part in (parts.train, parts.validation, parts.held_out)] == [150, 200, 20]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("model", MODELS)
def test_regard_trains_on_the_rows_tokens_and_batches_that_keras_is_given(model, parts, given, monkeypatch):
    fed = []
    make = feeds.EncodedFeed
    monkeypatch.setattr(feeds, "EncodedFeed", lambda *feed: fed.append(make(*feed)) or fed[-1])
    result = keras_peer.regard_run(model, parts, given)
    [feed] = fed
    for number, expected in enumerate(keras_fit.epochs(parts.arrays)):
        batches = feed.epoch(number)
        assert [list(batch) for batch in batches] == [batch.tolist() for batch in expected]
        settings = {"padding": "tight", "backend": "tensorflow"}
        for rows in batches:
            batch = feed.batch(rows)
            own = keras_fit.padded(parts.arrays["ids"], parts.arrays["lengths"], np.array(rows), settings)
            assert np.array_equal(batch["input_ids"].numpy(), own)
            assert np.array_equal(batch["labels"].numpy(), parts.arrays["labels"][rows])
    assert result["texts_per_second"] > 0
    assert result["parameters"] == keras_fit.parameters(keras_peer.keras_settings(model, parts, given))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("vocabulary", [200, 30_000])
def test_networks_are_of_one_size(model, vocabulary, parts, given):
    recipe = recipes.build(keras_peer.regard_settings(model, given), model=model)
    config = recipe.entry.load()(architecture=model, vocab_size=vocabulary, **recipe.model_options.model_dump())
    from regard.tasks.classify.networks import classifier_class

    size = classifier_class(type(config))(config).num_parameters() - keras_peer.second_biases(model)
    settings = keras_peer.keras_settings(model, parts, given)
    assert keras_fit.parameters({**settings, "vocabulary": vocabulary}) == size


def test_a_trial_takes_whole_batches_of_the_first_epoch(parts):
    few = keras_peer.trial(parts.arrays)
    [batches] = keras_fit.epochs(few)
    whole = [batch for batch in keras_fit.epochs(parts.arrays)[0] if len(batch) == keras_peer.BATCH]
    assert len(batches) == len(whole) == 2
    for own, batch in zip(batches, whole, strict=True):
        assert np.array_equal(few["ids"][own], parts.arrays["ids"][batch])
        assert np.array_equal(few["labels"][own], parts.arrays["labels"][batch])


@pytest.mark.parametrize(("backend", "longest"), [("tensorflow", 33), ("jax", 64), ("torch", 33)])
def test_padding_is_fixed_or_as_tight_as_a_backend_likes_it(backend, longest):
    ids = np.arange(2 * 100).reshape(2, 100)
    lengths, rows = np.array([33, 90]), np.array([0])
    settings = {"padding": "tight", "backend": backend}
    assert keras_fit.padded(ids, lengths, rows, settings).shape == (1, longest)
    assert keras_fit.padded(ids, lengths, rows, {**settings, "padding": "fixed"}).shape == (1, 100)


def test_the_faster_kind_of_each_goes_on_and_ratios_are_to_the_fastest(parts, given, monkeypatch):
    speeds = {("tensorflow", "tight", False): 90.0, ("tensorflow", "fixed", True): 80.0, ("jax", "tight", False): 10.0}

    def keras_run(settings, arrays, _):
        rate = speeds.get((settings["backend"], settings["padding"], settings["masked"]), 40.0)
        score = 0.7 if settings["score"] else None
        return {"texts_per_second": rate, "with_compilation": rate / 2, "accuracy": score, "parameters": 5}

    own = {"texts_per_second": 180.0, "with_compilation": None, "accuracy": 0.8, "parameters": 5}
    monkeypatch.setattr(keras_peer, "keras_run", keras_run)
    monkeypatch.setattr(keras_peer, "regard_run", lambda *_: own)
    rows = {row["who"]: row for row in keras_peer.measure("lstm", parts, given)}
    assert list(rows) == [
        "regard",
        "keras tensorflow, fixed, masked",
        "keras tensorflow, tight",
        "keras jax, fixed",
        "keras jax, tight, masked",
    ]
    assert rows["keras tensorflow, tight"]["regard_is_times_as_fast"] == 2.0
    said = keras_peer.verdict("lstm", list(rows.values()))
    assert said == "lstm: 2.00 times the fastest of Keras (keras tensorflow, tight) [2.00–2.00]"
    assert "accuracy 0.700; 5 parameters" in keras_peer.show(rows["keras jax, fixed"])


def test_a_backend_far_behind_is_told_by_its_trial(parts, given, monkeypatch):
    def keras_run(settings, arrays, _):
        if settings["backend"] == "jax":
            raise subprocess.TimeoutExpired("keras_fit.py", keras_peer.PATIENCE)
        return {"texts_per_second": 90.0, "with_compilation": 80.0, "accuracy": 0.7, "parameters": 5}

    own = {"texts_per_second": 180.0, "with_compilation": None, "accuracy": 0.8, "parameters": 5}
    monkeypatch.setattr(keras_peer, "keras_run", keras_run)
    monkeypatch.setattr(keras_peer, "regard_run", lambda *_: own)
    rows = keras_peer.measure("cnn", parts, given)
    assert [row["who"] for row in rows if row["trial_only"]] == ["keras jax, fixed", "keras jax, tight"]
    assert "too slow for the rounds" in keras_peer.show(rows[-1])
    assert "keras tensorflow" in keras_peer.verdict("cnn", rows)


def test_without_keras_it_says_so_and_ends_well(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho\n")
    python.chmod(0o755)
    script = Path(keras_peer.__file__)
    done = subprocess.run(
        [sys.executable, script, "--keras-python", python], capture_output=True, text=True, check=True
    )
    assert "skipped" in done.stderr
    assert not done.stdout


@pytest.mark.skipif(not (importlib.util.find_spec("keras") and BACKENDS), reason="Keras is not installed")
@pytest.mark.parametrize("model", MODELS)
def test_keras_trains(model, parts, given):
    for padding in keras_peer.PADDINGS:
        kind = {"backend": BACKENDS[0], "padding": padding, "masked": False}
        settings = keras_peer.keras_settings(model, parts, given, **kind)
        result = keras_peer.keras_run(settings, parts.arrays, given)
        assert result["parameters"] == keras_fit.parameters(settings)
        assert json.dumps(result)
