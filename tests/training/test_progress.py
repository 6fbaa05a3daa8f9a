import io

import pytest
from rich.console import Console
from tiny_training import train

from regard.training import progress
from regard.training.progress import PlainProgress, Quiet, RichProgress, clock, figures, progress_for

WHAT = "lstm on imdb"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_display_suits_the_stream(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    assert isinstance(progress_for(False, Terminal(), what=WHAT), RichProgress)
    assert isinstance(progress_for(False, io.StringIO(), what=WHAT), PlainProgress)
    assert isinstance(progress_for(True, Terminal(), what=WHAT), Quiet)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress_for(False, Terminal(), what=WHAT), PlainProgress)


def test_off_a_terminal_there_is_a_plain_line_at_each_evaluation(tmp_path):
    stream = io.StringIO()
    train(tmp_path, progress=progress_for(False, stream, what=WHAT))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "lstm on imdb: training, 24 steps"
    assert len([line for line in lines if "validation loss" in line and "macro F1" in line]) == 6
    assert any(line.endswith("(best so far)") for line in lines)
    assert "\x1b" not in stream.getvalue()


def test_long_stretches_without_an_evaluation_get_lines_too(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    stream = io.StringIO()
    train(tmp_path, progress=PlainProgress(WHAT, stream))
    steps = [line for line in stream.getvalue().splitlines() if "examples/s" in line]
    assert len(steps) == 24
    assert steps[-1].startswith("lstm on imdb: step 24/24, loss ")
    assert steps[-1].endswith("0:00 left")


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_evaluations_stay_and_the_bar_goes(tmp_path, width):
    stream = Terminal()
    console = Console(file=stream, force_terminal=True, width=width, color_system=None)
    train(tmp_path, progress=RichProgress(WHAT, console))
    shown = stream.getvalue()
    assert shown.count("validation loss") == 6
    assert "best so far" in shown
    assert WHAT in shown
    assert "left" in shown


def test_figures_and_times_read_well():
    assert figures({"loss": 0.31, "accuracy": 0.871, "macro_f1": 0.87}) == (
        "loss 0.3100, accuracy 0.8710, macro F1 0.8700"
    )
    assert [clock(seconds) for seconds in (0, 42, 725.4, 4050)] == ["0:00", "0:42", "12:05", "1:07:30"]
