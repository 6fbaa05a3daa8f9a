"""SIGTERM and Ctrl-C during a training: a wish to stop, granted at the next safe moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any


class StopNow(BaseException):
    """Raised inside `StopRequest.interruptible`. No `Exception`, so that nobody's `except Exception` swallows it."""


class StopRequest:
    """While entered, SIGTERM and SIGINT only set `asked`; a second Ctrl-C is a KeyboardInterrupt as usual.

    Outside the main thread, where Python allows no handlers, it does nothing. The former handlers come back at the end.
    """

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None
        self._interruptible = False
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._former[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.asked is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = self.asked or signal.Signals(number)
        if self._interruptible:
            raise StopNow

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Work that changes nothing and may take long: a signal leaves it at once, by `StopNow`."""
        self._interruptible = True
        try:
            if self.asked:
                raise StopNow
            yield
        finally:
            self._interruptible = False
