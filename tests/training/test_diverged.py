"""RELIABILITY 5: a loss, a gradient or a figure that is no number ends the training, and nothing of it is kept."""

import math

import pytest
import torch
from tiny_training import BagOfWords, TinyFeed, checkpoint_steps, evaluate, log_lines, loss, train

from regard.errors import DivergedError
from regard.recipe import TrainingOptions
from regard.records import RunFolder
from regard.training.checkpoint import Checkpoints
from regard.training.divergence import SKIPPED_STEPS_ALLOWED, Watch
from regard.training.snapshot import load_weights

FAULTY = 11


class CountingLoss:
    """The usual loss, changed by `spoil` at one call."""

    def __init__(self, spoil):
        self.calls, self.spoil = 0, spoil

    def __call__(self, model, batch):
        self.calls += 1
        value, examples = loss(model, batch)
        return (self.spoil(value, model) if self.calls == FAULTY else value), examples


class InfiniteGradient(torch.autograd.Function):
    @staticmethod
    def forward(context, value):
        return value.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient * math.inf


SPOILERS = {
    "nan loss": lambda value, model: value * math.nan,
    "infinite loss": lambda value, model: value + math.inf,
    "gradient": lambda value, model: InfiniteGradient.apply(value),
}


@pytest.mark.parametrize("what", SPOILERS)
@pytest.mark.parametrize("logging_steps", [1, 100])
def test_it_stops_at_the_very_step(tmp_path, what, logging_steps):
    model = BagOfWords()
    faulty = CountingLoss(SPOILERS[what])
    with pytest.raises(DivergedError) as caught:
        train(tmp_path, model=model, loss=faulty, options={"logging_steps": logging_steps})
    error = caught.value
    assert error.exit_code == 5
    assert f"diverged at step {FAULTY}" in error.message
    assert f"at step {FAULTY - 1}" in error.message
    assert "learning_rate" in error.mend
    assert faulty.calls == FAULTY
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def test_what_was_good_before_stays(tmp_path):
    with pytest.raises(DivergedError):
        train(tmp_path, loss=CountingLoss(SPOILERS["nan loss"]))
    good = Checkpoints(RunFolder(tmp_path).checkpoints, keep=2).newest()
    assert good.step < FAULTY
    assert checkpoint_steps(tmp_path)[-1] == good.step
    model = BagOfWords()
    load_weights(model, good.path)
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    assert all(math.isfinite(line["loss"]) for line in log_lines(tmp_path))


def test_a_figure_that_is_no_number_is_never_the_best(tmp_path):
    def broken(model):
        return {**evaluate(model), "loss": math.nan}

    with pytest.raises(DivergedError, match="validation loss is nan"):
        train(tmp_path, evaluate=broken)
    assert checkpoint_steps(tmp_path) == []
    assert not [line for line in log_lines(tmp_path) if line["event"] == "evaluation"]


def test_a_learning_rate_that_is_far_too_high_is_noticed(tmp_path):
    def explosive(model, batch):
        logits = model(batch["input_ids"], batch["attention_mask"])
        return (logits.exp() * logits).square().sum(), len(logits)

    with pytest.raises(DivergedError) as caught:
        train(
            tmp_path, feed=TinyFeed(), loss=explosive, options={"learning_rate": 500.0, "max_grad_norm": 0, "epochs": 9}
        )
    assert "max_grad_norm" in caught.value.mend


def test_with_a_loss_scaler_a_few_overflows_are_the_search_for_its_scale():
    watch = Watch(TrainingOptions(), scaled=True)
    one, infinite = torch.tensor(1.0), torch.tensor(math.inf)
    for step in range(SKIPPED_STEPS_ALLOWED):
        watch.add(step, 1, one, infinite)
    assert watch.read() == SKIPPED_STEPS_ALLOWED
    watch.add(100, 1, one, one)
    watch.read()
    for step in range(SKIPPED_STEPS_ALLOWED + 1):
        watch.add(step, 1, one, infinite)
    with pytest.raises(DivergedError, match=f"step {SKIPPED_STEPS_ALLOWED}: the gradient"):
        watch.read()
