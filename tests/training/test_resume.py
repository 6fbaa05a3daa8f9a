"""RELIABILITY 1: a training that was stopped and resumed ends with the weights of one that was not."""

import random
import signal

import numpy as np
import pytest
import torch
from tiny_training import BagOfWords, TinyFeed, Watcher, checkpoint_steps, log_lines, signal_at, train

from regard.errors import UsageError
from regard.training.loop import Interrupted

STEPS = 24


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    trained = train(folder)
    assert trained.result.steps == STEPS
    return trained, log_lines(folder)


def stop_at(folder, step, **given):
    with pytest.raises(Interrupted) as caught:
        train(folder, progress=Watcher(signal_at(step, signal.SIGTERM)), **given)
    return caught.value


@pytest.mark.parametrize("step", [1, 2, 4, 7, 8, 15, STEPS])
def test_stopped_at_any_step_the_weights_and_the_log_are_the_same(tmp_path, whole, step):
    assert stop_at(tmp_path, step).result.steps == step
    resumed = train(tmp_path, resume=True)
    assert resumed.sha256 == whole[0].sha256
    assert log_lines(tmp_path) == whole[1]
    assert resumed.result.examples == whole[0].result.examples
    assert resumed.result.best_metrics == whole[0].result.best_metrics


def test_stopped_again_and_again_the_weights_are_the_same(tmp_path, whole):
    for step in range(1, STEPS + 1):
        stop_at(tmp_path, step, resume=True)
    assert train(tmp_path, resume=True).sha256 == whole[0].sha256
    assert log_lines(tmp_path) == whole[1]


@pytest.mark.parametrize(
    "options",
    [
        {"gradient_accumulation_steps": 3, "lr_scheduler_type": "cosine"},
        {"save_steps": 5, "metric_for_best_model": "accuracy"},
        {"max_steps": 11, "save_total_limit": 1},
        {"mixed_precision": "bf16"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_the_same_under_other_options(tmp_path, options):
    whole = train(tmp_path / "whole", options=options)
    stop_at(tmp_path / "parts", 4, options=options)
    parts = train(tmp_path / "parts", options=options, resume=True)
    assert parts.sha256 == whole.sha256
    assert log_lines(tmp_path / "parts") == log_lines(tmp_path / "whole")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, whole):
    assert train(tmp_path / "same").sha256 == whole[0].sha256
    assert train(tmp_path / "other", seed=2).sha256 != whole[0].sha256


def test_no_global_generator_is_changed(tmp_path):
    def states():
        return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()

    first, second = BagOfWords(), BagOfWords()
    before = states()
    stop_at(tmp_path, 5, model=first)
    train(tmp_path, model=second, resume=True)
    assert states() == before


def test_nothing_to_resume_starts_afresh(tmp_path, whole):
    assert train(tmp_path, resume=True).sha256 == whole[0].sha256


def test_a_finished_training_returns_at_once_with_its_best_weights(tmp_path, whole):
    first = train(tmp_path)
    watcher = Watcher()
    again = train(tmp_path, resume=True, progress=watcher)
    assert not watcher.steps
    assert again.sha256 == first.sha256 == whole[0].sha256
    assert again.result == first.result
    assert log_lines(tmp_path) == whole[1]


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    train(tmp_path)
    steps = checkpoint_steps(tmp_path)
    with pytest.raises(UsageError, match="another training") as caught:
        train(tmp_path, resume=True, fingerprint="other")
    assert "--out" in caught.value.mend
    assert checkpoint_steps(tmp_path) == steps


def test_without_resume_earlier_checkpoints_are_not_touched(tmp_path):
    train(tmp_path)
    steps = checkpoint_steps(tmp_path)
    with pytest.raises(UsageError, match="earlier training") as caught:
        train(tmp_path)
    assert "--resume" in caught.value.mend
    assert checkpoint_steps(tmp_path) == steps


def test_epochs_of_different_lengths(tmp_path):
    class Uneven(TinyFeed):
        def epoch(self, number):
            return super().epoch(number)[: 3 + 2 * number]

    whole = train(tmp_path / "whole", feed=Uneven())
    assert whole.result.steps == 3 + 5 + 7
    stop_at(tmp_path / "parts", 6, feed=Uneven())
    assert train(tmp_path / "parts", feed=Uneven(), resume=True).sha256 == whole.sha256
