"""The training loop. The only file that knows accelerate (device, mixed precision, loss scaling).

A step: sum the gradients of a group of batches, divide by the number of examples of the whole group, clip, move. What
follows a step (evaluation, checkpoint, a granted wish to stop) is one method, `_settle`, which does each at most once
per step: a resumed training calls it first, and so goes on wherever the stopped one was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from signal import Signals
from typing import Any

import torch
from torch import Tensor, nn

from regard.errors import RegardError, UsageError
from regard.recipe import TrainingOptions
from regard.records import RunFolder
from regard.training import memory, optim, random_state, short_attention
from regard.training.checkpoint import Checkpoints
from regard.training.divergence import Watch
from regard.training.log import Log
from regard.training.plan import Batch, Feed, Plan, Step
from regard.training.progress import Progress, Quiet
from regard.training.signals import StopNow, StopRequest
from regard.training.snapshot import Snapshot, load_weights, starting_point
from regard.training.state import FitResult, TrainingState

__all__ = ["Batch", "Feed", "FitResult", "Interrupted", "fit"]

Loss = Callable[[nn.Module, Batch], tuple[Tensor, int]]
Evaluate = Callable[[nn.Module], dict[str, float]]
Groups = Callable[[nn.Module, TrainingOptions], optim.ParameterGroups]


class Interrupted(RegardError):  # noqa: N818 - named as KeyboardInterrupt is
    """SIGTERM or Ctrl-C stopped the training; its checkpoint is written. `result` says how far it came."""

    exit_code = 130

    def __init__(self, message: str, *, mend: str, result: FitResult) -> None:
        super().__init__(message, mend=mend)
        self.result = result


def fit(
    model: nn.Module,
    feed: Feed,
    *,
    loss: Loss,
    evaluate: Evaluate,
    options: TrainingOptions,
    seed: int,
    run: RunFolder,
    fingerprint: str,
    resume: bool = False,
    progress: Progress | None = None,
    parameter_groups: Groups | None = None,
) -> FitResult:
    """Train `model` in place; afterwards it holds its best weights, in eval mode, on the device it was trained on.

    Args:
        loss: gives the SUM of the examples' losses (a scalar) and their number.
        evaluate: gives the figures of the validation part (loss, accuracy, macro_f1); the model is in eval mode.
        seed: of everything random in training; the global generators are given back as they were.
        fingerprint: a hash of recipe and data; checkpoints of another one are refused.
        resume: go on from the newest whole checkpoint; from the start where there is none.

    Raises:
        UsageError: `run` holds checkpoints and `resume` is off, or they are of another training.
        DivergedError: a loss, a gradient or a validation figure is no number.
        Interrupted: SIGTERM or Ctrl-C; a checkpoint was written.
        RegardError: the disk is full, or a checkpoint can't be written for another reason.
    """
    accelerator = _accelerator(options)
    with StopRequest() as stop, memory.kept(), short_attention.quick(), random_state.seeded(seed, accelerator.device):
        model.to(accelerator.device)
        training = _Training(
            model, feed, loss, evaluate, options, run, fingerprint, accelerator, stop, progress or Quiet()
        )
        training.prepare(parameter_groups or optim.parameter_groups, resume=resume)
        return training.complete()


def _accelerator(options: TrainingOptions) -> Any:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    # It keeps the first precision of a process for good, but a comparison trains several models, each with its own.
    AcceleratorState._reset_state()
    accelerator = Accelerator(mixed_precision=options.mixed_precision)
    if options.mixed_precision == "fp16" and accelerator.scaler is None:  # it would go on in float32 and not say so
        raise UsageError(
            f"training.mixed_precision: fp16 needs a GPU, and this is a {accelerator.device.type}",
            mend="--set training.mixed_precision=bf16, or no",
        )
    if accelerator.num_processes > 1:
        raise UsageError("training in several processes is not supported yet", mend="start one process")
    return accelerator


@dataclass
class _Training:
    """One call of `fit`: what it was given, what is made from it, and where it stands."""

    model: nn.Module
    feed: Feed
    loss: Loss
    evaluate: Evaluate
    options: TrainingOptions
    run: RunFolder
    fingerprint: str
    accelerator: Any
    stop: StopRequest
    progress: Progress

    def prepare(self, parameter_groups: Groups, *, resume: bool) -> None:
        """Plan the steps, make the optimizer, and start afresh or from a checkpoint."""
        groups = parameter_groups(self.model, self.options)
        optimizer = optim.adamw(groups, self.options)
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = self.accelerator.prepare_optimizer(optimizer)
        self.plan = Plan(self.feed, self.options)
        self.factor = optim.schedule(self.options, self.plan.total)
        scaler = self.accelerator.scaler
        self.watch = Watch(self.options, scaled=scaler is not None)
        self.snapshot = Snapshot(self.model, optimizer, scaler, self.accelerator.device, self.fingerprint)
        self.checkpoints = Checkpoints(self.run.checkpoints, keep=self.options.save_total_limit)
        checkpoint = starting_point(self.checkpoints, self.fingerprint, resume=resume)
        self.state = TrainingState() if checkpoint is None else self.snapshot.read_into(checkpoint.path)
        self.saved_step = self.state.step

    def complete(self) -> FitResult:
        """All the steps that are left, then the best weights."""
        self.started, self.seconds_before = time.perf_counter(), self.state.seconds
        if not self.state.ended:
            with closing(Log(self.run.log, length=self.state.log_length)) as self.log, closing(self.progress):
                self.progress.start(total=self.plan.total, done=self.state.step)
                self._take_steps()
        load_weights(self.model, self.checkpoints.at(self.state.best_step).path)
        self.model.eval()
        return self.state.result(self.state.ended or "finished")

    def _take_steps(self) -> None:
        self.model.train()
        if self.state.step:
            self._settle()
        for step in self.plan.steps_after(self.state.step):
            if self.state.ended:
                break
            self._train(step)
            self._settle()

    def _train(self, step: Step) -> None:
        started = time.perf_counter()
        learning_rate = optim.set_learning_rate(self.optimizer, self.factor(step.number))
        # For what changes in the course of a training, such as scheduled sampling; a resumed one knows it too.
        vars(self.model)["training_progress"] = (step.number - 1) / self.plan.total
        self.optimizer.zero_grad(set_to_none=True)
        examples = self._accumulate(step)
        if self.accelerator.device.type == "cpu":  # reading costs nothing there, and the weights never see a NaN
            self._read_watch()
        self.optimizer.step()
        state, logs = self.state, step.number % self.options.logging_steps == 0 or step.number == self.plan.total
        state.step, state.epoch = step.number, self.plan.epochs_done(step.number)
        if logs:
            self._read_watch()
        rate = state.count(examples, time.perf_counter() - started)
        self.progress.step(step.number, loss=self.watch.loss, examples_per_second=rate)
        if logs:
            self._log(learning_rate, rate)

    def _accumulate(self, step: Step) -> int:
        """Leave the clipped gradients of the mean loss of the step's examples in the parameters; their number."""
        examples, losses = 0, []
        for rows in step.group:
            batch = {name: tensor.to(self.accelerator.device) for name, tensor in self.feed.batch(rows).items()}
            with self.accelerator.autocast():
                loss, count = self.loss(self.model, batch)
            self.accelerator.backward(loss)
            losses.append(loss.detach())
            examples += count
        self.accelerator.unscale_gradients()
        norm = optim.average_and_clip(self.parameters, examples, self.options.max_grad_norm)
        self.watch.add(step.number, examples, torch.stack(losses).sum(), norm)
        return examples

    def _read_watch(self) -> None:
        self.state.pending_loss += self.watch.read()

    def _log(self, learning_rate: float, rate: float) -> None:
        state = self.state
        self.log.step(
            step=state.step,
            epoch=state.epoch,
            loss=state.pending_loss / state.pending_examples,
            learning_rate=learning_rate,
            grad_norm=self.watch.grad_norm,
            examples_per_second=rate,
        )
        state.pending_loss, state.pending_examples, state.pending_seconds = 0.0, 0, 0.0

    def _settle(self) -> None:
        """What follows a step, each at most once: an evaluation, a checkpoint, the end that somebody asked for."""
        state, evaluated = self.state, False
        if self.plan.evaluates_at(state.step) and state.evaluated_step < state.step and not self.stop.asked:
            evaluated = self._evaluate()
        every = self.options.save_steps
        due = state.step % every == 0 if every else evaluated
        if evaluated and (state.best_step == state.step or state.ended):
            due = True
        if (due or self.stop.asked) and (evaluated or self.saved_step < state.step):
            self._save()
        if self.stop.asked:
            raise self._interrupted(self.stop.asked)

    def _evaluate(self) -> bool:
        """Evaluate; False where a signal broke it off, and then nothing has changed: a resumed training repeats it."""
        self._read_watch()
        self.progress.doing("validating")
        self.model.eval()
        try:
            # Its draws must not move those of training: an evaluation that is repeated after a stop would show.
            with self.stop.interruptible(), random_state.kept(self.accelerator.device), torch.no_grad():
                metrics = self.evaluate(self.model)
        except StopNow:
            return False
        finally:
            self.model.train()
            self.progress.doing("")
        state = self.state
        self.watch.check_metrics(state.step, metrics)
        best = state.judge(metrics, self.options, last=state.step == self.plan.total)
        self.log.evaluation(step=state.step, epoch=state.epoch, metrics=metrics, best=best)
        self.progress.evaluation(state.step, metrics, best=best)
        return True

    def _save(self) -> None:
        self._read_watch()
        self.progress.doing("saving")
        state = self.state
        self.log.sync()
        state.log_length = self.log.length
        state.seconds = self.seconds_before + time.perf_counter() - self.started
        self.checkpoints.commit(state.step, lambda folder: self.snapshot.write(folder, state), best=state.best_step)
        self.saved_step = state.step
        self.progress.doing("")

    def _interrupted(self, signal: Signals) -> Interrupted:
        return Interrupted(
            f"{signal.name} stopped the training at step {self.state.step} of {self.plan.total}; its checkpoint is in "
            f"{self.run.checkpoints}",
            mend="the same command with --resume goes on from there",
            result=self.state.result("interrupted"),
        )
