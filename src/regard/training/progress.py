"""What a person sees of a training on stderr: a bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

SECONDS_BETWEEN_LINES = 30.0
HEADLINES = ("f1", "accuracy")  # what the line shows of an evaluation, the first of them that there is


class Progress(Protocol):
    """Told of every event of a training, in order; `start` comes first and `close` last, also after an error."""

    def start(self, *, total: int, done: int) -> None:
        """`total` optimizer steps, `done` of them by an earlier, resumed training."""

    def step(self, step: int, *, loss: float, examples_per_second: float) -> None:
        """A step is done; called at every step, so it must cost little."""

    def doing(self, what: str) -> None:
        """Something else than training takes a while: "validating", "saving"; "" when it is over."""

    def evaluation(self, step: int, metrics: Mapping[str, float], *, best: bool) -> None:
        """The model was evaluated; `best` where it never was better."""

    def close(self) -> None:
        """Nothing follows."""


class Quiet:
    """Shows nothing."""

    def start(self, *, total: int, done: int) -> None: ...
    def step(self, step: int, *, loss: float, examples_per_second: float) -> None: ...
    def doing(self, what: str) -> None: ...
    def evaluation(self, step: int, metrics: Mapping[str, float], *, best: bool) -> None: ...
    def close(self) -> None: ...


class _TimeLeft:
    """Steps still to do, in seconds, at the pace of this process (evaluations included)."""

    def __init__(self, total: int, done: int) -> None:
        self._total, self._done, self._started = total, done, time.monotonic()

    def __call__(self, step: int) -> float:
        return (time.monotonic() - self._started) / max(1, step - self._done) * (self._total - step)


class PlainProgress:
    """A line at each evaluation, and one every half minute."""

    def __init__(self, what: str, stream: TextIO) -> None:
        self._what, self._stream = what, stream
        self._total = 0
        self._next_line = 0.0

    def start(self, *, total: int, done: int) -> None:
        self._total = total
        self._time_left = _TimeLeft(total, done)
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        self._say(f"training, {total:,} steps" + (f", going on after step {done:,}" if done else ""))

    def step(self, step: int, *, loss: float, examples_per_second: float) -> None:
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
            left = clock(self._time_left(step))
            self._say(
                f"step {step:,}/{self._total:,}, loss {loss:.4f}, {examples_per_second:.0f} examples/s, {left} left"
            )

    def doing(self, what: str) -> None: ...

    def evaluation(self, step: int, metrics: Mapping[str, float], *, best: bool) -> None:
        mark = " (best so far)" if best else ""
        self._say(f"step {step:,}/{self._total:,}, validation {figures(metrics)}{mark}")

    def close(self) -> None: ...

    def _say(self, line: str) -> None:
        print(f"{self._what}: {line}", file=self._stream, flush=True)


class RichProgress:
    """One line that moves: how far, loss, pace, the best figure so far, time left; evaluations stay above it."""

    def __init__(self, what: str, console: Console) -> None:
        self._what = what
        self._bar = Bar(
            TextColumn("[bold]{task.description}", markup=True),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TextColumn("{task.fields[left]}"),
            console=console,
            refresh_per_second=4,
            transient=True,
        )
        self._task = TaskID(0)
        self._total = 0
        self._best = ""
        self._numbers = ""
        self._left = ""

    def start(self, *, total: int, done: int) -> None:
        self._total = total
        self._time_left = _TimeLeft(total, done)
        self._task = self._bar.add_task(self._what, total=total, completed=done, figures="", left="")
        self._bar.start()

    def step(self, step: int, *, loss: float, examples_per_second: float) -> None:
        self._numbers = f"loss {loss:.3f} · {examples_per_second:.0f}/s"
        self._left = f"{clock(self._time_left(step))} left"
        self._bar.update(self._task, completed=step, figures=self._numbers + self._best, left=self._left)

    def doing(self, what: str) -> None:
        self._bar.update(self._task, figures=what or self._numbers + self._best, refresh=True)

    def evaluation(self, step: int, metrics: Mapping[str, float], *, best: bool) -> None:
        if best:
            name = next((name for name in HEADLINES if name in metrics), None)
            self._best = "" if name is None else f" · best {name.replace('f1', 'F1')} {metrics[name]:.3f}"
        mark = " [bold]best so far[/bold]" if best else ""
        self._bar.console.print(f"step {step:,}/{self._total:,}  validation {figures(metrics)}{mark}", highlight=False)

    def close(self) -> None:
        self._bar.stop()


def figures(metrics: Mapping[str, float]) -> str:
    """The metrics of an evaluation in words: "loss 0.31, accuracy 0.871, macro F1 0.870"."""
    return ", ".join(f"{name.replace('macro_f1', 'macro F1')} {value:.4f}" for name, value in metrics.items())


def clock(seconds: float) -> str:
    """A length of time as 0:42, 12:05 or 1:07:30."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_for(quiet: bool, stream: TextIO | None = None, *, what: str) -> Progress:
    """The display that suits `stream` (stderr): `what` is trained, for instance "lstm on imdb"."""
    stream = stream or sys.stderr
    if quiet:
        return Quiet()
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        return RichProgress(what, Console(file=stream))
    return PlainProgress(what, stream)
