"""RELIABILITY 6: SIGTERM and Ctrl-C end a training with a checkpoint, in the midst of an evaluation or a save too."""

import os
import signal
import threading

import pytest
from tiny_training import Watcher, checkpoint_steps, evaluate, leftovers, log_lines, signal_at, train

from regard.training.loop import Interrupted

SIGNALS = [signal.SIGTERM, signal.SIGINT]


def handlers():
    return [signal.getsignal(number) for number in SIGNALS]


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_step_is_finished_and_saved(tmp_path, number):
    before = handlers()
    watcher = Watcher(signal_at(6, number))
    with pytest.raises(Interrupted) as caught:
        train(tmp_path, progress=watcher)
    error = caught.value
    assert error.exit_code == 130
    assert error.result.stopped == "interrupted"
    assert error.result.steps == watcher.steps[-1] == checkpoint_steps(tmp_path)[-1] == 6
    assert number.name in error.message
    assert "--resume" in error.mend
    assert watcher.closed == 1
    assert handlers() == before


def test_an_evaluation_is_broken_off_at_once_and_made_up_for(tmp_path):
    finished = []

    def long_evaluation(model):
        send(signal.SIGTERM)
        finished.append(True)  # a handler that only sets a flag would come here
        return evaluate(model)

    with pytest.raises(Interrupted) as caught:
        train(tmp_path, evaluate=long_evaluation)
    assert not finished
    assert caught.value.result.steps == 4
    whole = train(tmp_path / "whole")
    assert train(tmp_path, resume=True).sha256 == whole.sha256
    assert log_lines(tmp_path) == log_lines(tmp_path / "whole")


def test_a_save_is_finished(tmp_path):
    watcher = Watcher(at_phase=lambda what: send(signal.SIGTERM) if what == "saving" else None)
    with pytest.raises(Interrupted) as caught:
        train(tmp_path, progress=watcher)
    assert checkpoint_steps(tmp_path) == [caught.value.result.steps]
    assert leftovers(tmp_path) == []
    assert train(tmp_path, resume=True).sha256 == train(tmp_path / "whole").sha256


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    def twice(step):
        if step == 6:
            send(signal.SIGINT)
            send(signal.SIGINT)

    before = handlers()
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, progress=Watcher(twice))
    assert handlers() == before
    assert train(tmp_path, resume=True).sha256 == train(tmp_path / "whole").sha256


def test_in_another_thread_no_handler_is_set(tmp_path):
    seen, before = [], handlers()
    thread = threading.Thread(
        target=train, args=(tmp_path,), kwargs={"progress": Watcher(lambda _: seen.append(handlers()))}
    )
    thread.start()
    thread.join()
    assert seen
    assert all(each == before for each in seen)


def test_handlers_come_back_after_an_error(tmp_path):
    def fail(step):
        raise ZeroDivisionError

    before = handlers()
    with pytest.raises(ZeroDivisionError):
        train(tmp_path, progress=Watcher(fail))
    assert handlers() == before
