"""RELIABILITY 2: SIGKILL at random moments, in the midst of saves too. Every resume works, the weights are the same.

A moment is an event, not a time: the end of a step, or a call by which a save or a rotation reaches the disk. So a
seed fixes it on every machine. Children come from a fork server that has imported torch once.
"""

import multiprocessing
import os
import random
import signal
from pathlib import Path

import pytest
import torch
from tiny_training import Watcher, leftovers, log_lines, train

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["accelerate", "regard.training.loop", "torch._dynamo"])


class Killer:
    """Counts the events of a training and ends its process without notice at the one that is due."""

    def __init__(self, due: int) -> None:
        self.due = due
        self.count = 0

    def event(self, *_: object) -> None:
        self.count += 1
        if self.count == self.due:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, holder: object, name: str) -> None:
        function = getattr(holder, name)

        def watched(*arguments, **named):
            self.event()
            return function(*arguments, **named)

        setattr(holder, name, watched)


def train_until_killed(folder: Path, due: int) -> None:
    import safetensors.torch

    import regard.manifest
    import regard.training.checkpoint
    import regard.training.snapshot

    torch.set_num_threads(1)
    killer = Killer(due)
    for holder, name in [
        (os, "fsync"),
        (os, "unlink"),
        (os, "rmdir"),
        (Path, "mkdir"),
        (Path, "rename"),
        (Path, "write_text"),
        (regard.training.snapshot, "save_file"),
        (regard.training.snapshot, "save_model"),
        (regard.manifest, "seal"),
        (safetensors.torch, "serialize_file"),
    ]:
        killer.before(holder, name)
    trained = train(folder, resume=True, progress=Watcher(killer.event))
    (folder / "done").write_text(f"{trained.sha256} {killer.count}")


def run_child(folder: Path, due: int) -> int:
    child = context.Process(target=train_until_killed, args=(folder, due))
    child.start()
    child.join()
    return child.exitcode


def torture(folder: Path, kills: int, draw: random.Random) -> None:
    whole = folder / "whole"
    assert run_child(whole, 0) == 0
    expected, events = (whole / "done").read_text().split()
    killed = 0
    for attempt in range(10 * kills):
        run = folder / f"run-{attempt}"
        # Early in what is left, so that several kills fall into one training.
        while killed < kills and run_child(run, draw.randint(1, int(events) // 2)) == -signal.SIGKILL:
            killed += 1
        if not (run / "done").exists():
            assert run_child(run, 0) == 0
        assert (run / "done").read_text().split()[0] == expected
        assert log_lines(run) == log_lines(whole)
        assert leftovers(run) == []
        if killed == kills:
            return
    raise AssertionError(f"only {killed} of {kills} kills took place")


def test_killed_at_a_few_random_moments(tmp_path):
    torture(tmp_path, 6, random.Random(3))


@pytest.mark.slow
def test_killed_at_fifty_random_moments(tmp_path):
    torture(tmp_path, 50, random.Random(4))


@pytest.mark.slow
def test_killed_at_every_single_moment(tmp_path):
    assert run_child(tmp_path / "whole", 0) == 0
    expected, events = (tmp_path / "whole" / "done").read_text().split()
    assert int(events) > 100
    for due in range(1, int(events) + 1):
        run = tmp_path / f"run-{due}"
        assert run_child(run, due) == -signal.SIGKILL
        assert run_child(run, 0) == 0
        assert (run / "done").read_text().split()[0] == expected
        assert leftovers(run) == []
