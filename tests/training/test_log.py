import json
import logging

import pytest

from regard.errors import RegardError
from regard.training.log import Log


def write(log, step):
    log.step(step=step, epoch=0.123456, loss=0.5, learning_rate=1e-3, grad_norm=1.0, examples_per_second=10.123)


def test_lines_after_the_checkpoint_are_cut_off(tmp_path):
    path = tmp_path / "run" / "log.jsonl"
    log = Log(path)
    write(log, 1)
    length = log.length
    write(log, 2)
    log.close()
    with path.open("a") as file:
        file.write('{"event": "st')
    log = Log(path, length=length)
    log.evaluation(step=2, epoch=1.0, metrics={"loss": 0.4, "accuracy": 0.9, "macro_f1": 0.8}, best=True)
    log.sync()
    log.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "event": "step",
            "step": 1,
            "epoch": 0.1235,
            "loss": 0.5,
            "learning_rate": 1e-3,
            "grad_norm": 1.0,
            "examples_per_second": 10.12,
        },
        {"event": "evaluation", "step": 2, "epoch": 1.0, "loss": 0.4, "accuracy": 0.9, "macro_f1": 0.8, "best": True},
    ]


def test_a_log_that_lost_lines_is_gone_on_with(tmp_path, caplog):
    path = tmp_path / "log.jsonl"
    path.write_text('{"event": "step"}\n')
    with caplog.at_level(logging.WARNING, "regard"):
        Log(path, length=1000).close()
    assert "shorter" in caplog.text
    assert path.read_text() == '{"event": "step"}\n'


def test_a_line_that_can_not_be_written_is_said_clearly(tmp_path):
    full = tmp_path / "log.jsonl"
    full.symlink_to("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    log = Log.__new__(Log)
    log._path, log._file = full, full.open("wb", buffering=0)
    with pytest.raises(RegardError, match=r"log\.jsonl can't be written") as caught:
        write(log, 1)
    assert "--resume" in caught.value.mend
    log.close()
