"""What `fit` does with its options, and what it leaves behind."""

import itertools

import pytest
import torch
from tiny_training import BagOfWords, TinyFeed, Watcher, checkpoint_steps, evaluate, log_lines, sha256, train

from regard.errors import DataError, UsageError
from regard.recipe import TrainingOptions
from regard.records import RunFolder
from regard.training.snapshot import load_weights


def scripted(*values, name="accuracy"):
    """Evaluations whose figures are given, one after the other."""
    script = itertools.chain(values)
    return lambda model: {**evaluate(model), name: next(script)}


def test_a_learnable_task_is_learned(tmp_path):
    model = BagOfWords(dropout=0.0)

    def on_training_rows(model):
        batch = TinyFeed().batch(range(36))
        logits = model(batch["input_ids"], batch["attention_mask"])
        accuracy = (logits.argmax(-1) == batch["labels"]).double().mean().item()
        return {"loss": 1 - accuracy, "accuracy": accuracy, "macro_f1": accuracy}

    trained = train(tmp_path, model=model, evaluate=on_training_rows, options={"epochs": 30, "weight_decay": 0.0})
    assert trained.result.best_metrics["accuracy"] == 1.0
    assert not model.training


def test_the_best_weights_are_in_the_model_and_the_earlier_of_equals_wins(tmp_path):
    seen = []

    def recording(model):
        seen.append(sha256(model))
        return next_scores(model)

    next_scores = scripted(0.5, 0.8, 0.6, 0.8, 0.7, 0.1)
    trained = train(tmp_path, evaluate=recording, options={"metric_for_best_model": "accuracy"})
    assert len(seen) == 6
    assert trained.sha256 == seen[1] != seen[-1]
    assert trained.result.best_step == 8
    assert trained.result.best_metrics["accuracy"] == 0.8
    assert [line["best"] for line in log_lines(tmp_path) if line["event"] == "evaluation"] == [True, True] + [False] * 4


def test_a_lower_loss_is_the_better_one(tmp_path):
    trained = train(tmp_path, evaluate=scripted(0.5, 0.3, 0.4, 0.3, 0.9, 0.9, name="loss"))
    assert trained.result.best_step == 8


def test_early_stopping_counts_evaluations_without_a_gain(tmp_path):
    options = {"metric_for_best_model": "accuracy", "early_stopping_patience": 2, "epochs": 9}
    trained = train(tmp_path, evaluate=scripted(0.5, 0.4, 0.6, 0.6, 0.5, 0.9), options=options)
    assert (trained.result.stopped, trained.result.steps, trained.result.best_step) == ("early", 20, 12)
    assert trained.result.epochs == 2.5
    again = train(tmp_path, evaluate=scripted(), options=options, resume=True)
    assert (again.result, again.sha256) == (trained.result, trained.sha256)


def test_it_stops_at_max_steps_whatever_epochs_says(tmp_path):
    for steps in (3, 30):
        trained = train(tmp_path / str(steps), options={"max_steps": steps, "epochs": 2})
        assert trained.result.steps == steps
        assert trained.result.epochs == steps / 8
        assert log_lines(tmp_path / str(steps))[-1]["event"] == "evaluation"
        assert log_lines(tmp_path / str(steps))[-1]["step"] == steps


def test_the_log_has_the_fields_that_its_readers_expect(tmp_path):
    train(tmp_path)
    lines = RunFolder(tmp_path).read_log()
    steps = [line for line in lines if line["event"] == "step"]
    evaluations = [line for line in lines if line["event"] == "evaluation"]
    fields = ["event", "step", "epoch", "loss", "learning_rate", "grad_norm", "examples_per_second"]
    assert [list(line) for line in steps] == [fields] * 12
    assert [line["step"] for line in evaluations] == [4, 8, 12, 16, 20, 24]
    assert [list(line) for line in evaluations] == [
        ["event", "step", "epoch", "loss", "accuracy", "macro_f1", "best"]
    ] * 6
    assert steps[0]["learning_rate"] < max(line["learning_rate"] for line in steps) > steps[-1]["learning_rate"] > 0


def test_checkpoints_fall_at_evaluations_or_every_so_many_steps(tmp_path):
    falling = scripted(*(0.9 - i / 10 for i in range(6)))
    train(tmp_path / "a", evaluate=falling, options={"metric_for_best_model": "accuracy"})
    assert checkpoint_steps(tmp_path / "a") == [4, 20, 24]
    falling = scripted(*(0.9 - i / 10 for i in range(6)))
    train(tmp_path / "b", evaluate=falling, options={"metric_for_best_model": "accuracy", "save_steps": 7})
    assert checkpoint_steps(tmp_path / "b") == [4, 21, 24]


def test_the_display_hears_of_every_step_and_is_closed(tmp_path):
    watcher = Watcher()
    train(tmp_path, progress=watcher)
    assert (watcher.started, watcher.steps, watcher.closed) == ([(24, 0)], list(range(1, 25)), 1)


def test_parameter_groups_of_the_caller_keep_their_own_rates(tmp_path):
    model = BagOfWords(dropout=0.0)
    before = model.embedding.weight.detach().clone()

    def groups(model, options: TrainingOptions):
        assert options.weight_decay == 0.01
        return [
            {"params": [model.embedding.weight], "lr": 1e-9, "weight_decay": 0.0},
            {"params": list(model.output.parameters())},
        ]

    train(tmp_path, model=model, parameter_groups=groups)
    assert (model.embedding.weight - before).abs().max() < 1e-6


def test_frozen_and_tied_weights(tmp_path):
    class Tied(BagOfWords):
        def __init__(self):
            super().__init__()
            self.twin = torch.nn.Embedding(1, 1)
            self.twin.weight = self.embedding.weight
            self.output.bias.requires_grad_(False)

    model = Tied()
    bias = model.output.bias.clone()
    trained = train(tmp_path, model=model)
    assert torch.equal(model.output.bias, bias)
    assert model.twin.weight is model.embedding.weight
    other = Tied()
    load_weights(other, RunFolder(tmp_path).checkpoints / f"step-{trained.result.best_step}")
    assert sha256(other) == trained.sha256


def test_no_pickle_is_written(tmp_path):
    train(tmp_path)
    suffixes = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert suffixes == {".json", ".jsonl", ".safetensors"}


def test_two_trainings_of_one_process_may_differ_in_precision(tmp_path):
    single = train(tmp_path / "single")
    half = train(tmp_path / "half", options={"mixed_precision": "bf16"})
    assert half.sha256 != single.sha256
    assert train(tmp_path / "again").sha256 == single.sha256


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU has fp16")
def test_a_precision_that_the_machine_lacks_is_refused(tmp_path):
    with pytest.raises(UsageError, match="fp16 needs a GPU") as caught:
        train(tmp_path, options={"mixed_precision": "fp16"})
    assert "bf16" in caught.value.mend


def test_nothing_to_train_on(tmp_path):
    with pytest.raises(DataError, match="no batch"):
        train(tmp_path, feed=TinyFeed(rows=0))
