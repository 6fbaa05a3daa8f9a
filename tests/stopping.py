"""A training that is told to stop, as by `kill`, in the middle of its batches."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest


def stop_at(monkeypatch: pytest.MonkeyPatch, feed: type[Any], *batches: int) -> None:
    """SIGTERM when the batches with these numbers, from 1, are asked for; the count goes on from training to
    training."""
    asked, batch = [], feed.batch

    def stopping(self: Any, rows: Any) -> Any:
        asked.append(rows)
        if len(asked) in batches:
            os.kill(os.getpid(), signal.SIGTERM)
        return batch(self, rows)

    monkeypatch.setattr(feed, "batch", stopping)
