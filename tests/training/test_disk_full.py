"""RELIABILITY 4: a disk that fills up in the midst of a save. A clear sentence, and the last checkpoint stays whole."""

import subprocess

import pytest
import torch
from tiny_training import BagOfWords, Watcher, checkpoint_steps, leftovers, log_lines, train
from torch import nn

from regard.errors import RegardError
from regard.records import RunFolder
from regard.training.checkpoint import Checkpoints

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 4 MiB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk takes root")
    yield disk
    subprocess.run(["umount", disk], check=True)


class Ballast(BagOfWords):
    """Its checkpoint takes half a MiB."""

    def __init__(self):
        super().__init__()
        self.ballast = nn.Parameter(torch.zeros(MIB // 24))

    def forward(self, input_ids, attention_mask):
        return super().forward(input_ids, attention_mask) + self.ballast.sum()


def fill(disk, left):
    with (disk / "filler").open("wb") as file:
        file.truncate(0)
        free = int(subprocess.check_output(["df", "--output=avail", "-B1", disk]).split()[1])
        file.write(b"\0" * (free - left))


@pytest.mark.parametrize("left", [0, 4096, MIB // 4, MIB // 2])
def test_a_full_disk(small_disk, tmp_path, left):
    run = small_disk / "run"

    def fill_at(step):
        if step == 7:
            fill(small_disk, left)

    options = {"save_total_limit": 5}
    with pytest.raises(RegardError, match="can't be written") as caught:
        train(run, options=options, model=Ballast(), progress=Watcher(fill_at))
    assert caught.value.exit_code == 1
    assert "No space left" in caught.value.message
    assert "--resume" in caught.value.mend
    assert leftovers(run) == []
    good = [checkpoint.step for checkpoint in Checkpoints(RunFolder(run).checkpoints, keep=5).verified()]
    assert good
    assert good == checkpoint_steps(run)

    (small_disk / "filler").unlink()
    resumed = train(run, options=options, model=Ballast(), resume=True)
    whole = train(tmp_path / "whole", options=options, model=Ballast())
    assert resumed.sha256 == whole.sha256
    assert log_lines(run) == log_lines(tmp_path / "whole")


def test_a_write_that_fails_leaves_the_others_as_they_were(tmp_path):
    """The same without a mount: the folder's writer meets ENOSPC half way."""
    checkpoints = Checkpoints(tmp_path, keep=2)
    checkpoints.commit(1, lambda folder: (folder / "file").write_text("content"), best=0)

    def write(folder):
        (folder / "file").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(RegardError, match=r"No space left on device.*checkpoint of step 1 is intact"):
        checkpoints.commit(2, write, best=0)
    assert [path.name for path in tmp_path.iterdir()] == ["step-1"]
    assert checkpoints.newest().step == 1
