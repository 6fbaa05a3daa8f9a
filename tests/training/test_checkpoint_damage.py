"""RELIABILITY 3: each file of a checkpoint deleted, truncated or changed is noticed; the one before it is used."""

import logging
import shutil

import pytest
from tiny_training import Watcher, checkpoint_steps, leftovers, log_lines, train
from torch import nn

from regard.errors import ModelError
from regard.records import RunFolder
from regard.training.checkpoint import Checkpoints
from regard.training.snapshot import load_weights

FILES = ("manifest.json", "model.safetensors", "optimizer.safetensors", "random.safetensors", "state.json")
STOPPED, BEFORE = 12, 9
OPTIONS = {"save_steps": 3, "epochs": 2, "evaluations_per_epoch": 1}


def delete(path):
    path.unlink()


def truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


def empty(path):
    path.write_bytes(b"")


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def fill_with_another_type(path):
    path.write_text("[]")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return train(folder, options=OPTIONS).sha256, log_lines(folder)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A training stopped by a crash after step 13: checkpoints of steps 9 and 12, and 8 as the best."""
    folder = tmp_path_factory.mktemp("stopped")

    def crash(step):
        if step == STOPPED + 1:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(folder, options=OPTIONS, progress=Watcher(crash))
    assert checkpoint_steps(folder) == [8, BEFORE, STOPPED]
    assert sorted(path.name for path in (folder / "checkpoints" / f"step-{STOPPED}").iterdir()) == list(FILES)
    return folder


@pytest.fixture
def run(tmp_path, stopped):
    return shutil.copytree(stopped, tmp_path / "run")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("harm", [delete, truncate, empty, flip, fill_with_another_type])
def test_a_damaged_file_is_named_and_the_checkpoint_before_is_used(run, whole, caplog, harm, file):
    harm(run / "checkpoints" / f"step-{STOPPED}" / file)
    watcher = Watcher()
    with caplog.at_level(logging.WARNING, "regard"):
        trained = train(run, options=OPTIONS, resume=True, progress=watcher)
    assert watcher.steps[0] == BEFORE + 1
    [warning] = [record.getMessage() for record in caplog.records]
    assert f"step-{STOPPED}" in warning
    assert file in warning
    assert (trained.sha256, log_lines(run)) == whole


def test_undamaged_the_newest_is_used_without_a_warning(run, whole, caplog):
    watcher = Watcher()
    trained = train(run, options=OPTIONS, resume=True, progress=watcher)
    assert watcher.steps[0] == STOPPED + 1
    assert not caplog.records
    assert (trained.sha256, log_lines(run)) == whole


def test_where_the_best_weights_are_gone_what_needs_them_is_not_used(run, whole, caplog):
    flip(run / "checkpoints" / "step-8" / "model.safetensors")
    trained = train(run, options=OPTIONS, resume=True)
    assert sum("step-8" in record.getMessage() for record in caplog.records) == 3
    assert (trained.sha256, log_lines(run)) == whole


def test_where_all_are_damaged_training_starts_afresh(run, whole, caplog):
    for step in checkpoint_steps(run):
        truncate(run / "checkpoints" / f"step-{step}" / "state.json")
    trained = train(run, options=OPTIONS, resume=True)
    assert len(caplog.records) == 3
    assert (trained.sha256, log_lines(run)) == whole
    assert leftovers(run) == []


def test_a_damaged_checkpoint_takes_no_place_in_the_rotation(tmp_path, caplog):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (1, 2):
        checkpoints.commit(step, lambda folder: (folder / "file").write_text("content"), best=0)
    truncate(tmp_path / "step-2" / "file")
    checkpoints.commit(3, lambda folder: (folder / "file").write_text("content"), best=0)
    assert [checkpoint.step for checkpoint in checkpoints.verified()] == [1, 3]
    assert "step-2" in caplog.text


def test_rotation_keeps_the_newest_and_the_best_of_each(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step, best in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 5), (6, 5)]:
        checkpoints.commit(step, lambda folder: (folder / "file").write_text("content"), best=best)
        if step == 5:
            # 4 may be needed yet, should 5 be damaged: and so is its best one.
            assert [checkpoint.step for checkpoint in checkpoints.verified()] == [1, 4, 5]
    assert [checkpoint.step for checkpoint in checkpoints.verified()] == [5, 6]


def test_a_missing_or_damaged_one_can_not_be_read(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    with pytest.raises(ModelError, match="missing"):
        checkpoints.at(5)


def test_weights_of_another_model_are_refused(stopped):
    checkpoint = Checkpoints(RunFolder(stopped).checkpoints, keep=2).newest()
    with pytest.raises(ModelError, match="don't fit"):
        load_weights(nn.Linear(2, 2), checkpoint.path)


def test_other_folders_are_left_alone(run):
    (run / "checkpoints" / "step-best").mkdir()
    assert Checkpoints(run / "checkpoints", keep=2).newest().step == STOPPED
