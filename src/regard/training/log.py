"""log.jsonl: one JSON object a line, in the order of events; what the report's curves are drawn from."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from regard.errors import RegardError

logger = logging.getLogger("regard")


class Log:
    """Appends to log.jsonl. It is opened at a checkpoint's `length` (bytes), and what came after is cut off, so that a
    resumed training has each line once.

    Unbuffered: a line is in the file when the call returns. Raises `RegardError` where the disk is full.
    """

    def __init__(self, path: Path, *, length: int = 0) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        present = path.stat().st_size if path.exists() else 0
        if present < length:
            logger.warning("%s is shorter than its checkpoint says: earlier lines are lost", path)
        self._file = path.open("ab", buffering=0)
        self._file.truncate(min(length, present))

    @property
    def length(self) -> int:
        """Bytes written so far."""
        return os.fstat(self._file.fileno()).st_size

    def step(
        self,
        *,
        step: int,
        epoch: float,
        loss: float,
        learning_rate: float,
        grad_norm: float,
        examples_per_second: float,
    ) -> None:
        """`loss` is the mean over the examples since the last such line; `grad_norm` is the last step's."""
        self._write(
            {
                "event": "step",
                "step": step,
                "epoch": round(epoch, 4),
                "loss": loss,
                "learning_rate": learning_rate,
                "grad_norm": grad_norm,
                "examples_per_second": round(examples_per_second, 2),
            }
        )

    def evaluation(self, *, step: int, epoch: float, metrics: dict[str, float], best: bool) -> None:
        self._write({"event": "evaluation", "step": step, "epoch": round(epoch, 4), **metrics, "best": best})

    def _write(self, record: dict[str, Any]) -> None:
        line = (json.dumps(record, allow_nan=False) + "\n").encode()
        try:
            written = self._file.write(line)
            if written != len(line):
                raise OSError("the disk took only a part of the line")
        except OSError as error:
            raise RegardError(
                f"{self._path} can't be written: {error}",
                mend="free some disk space, then go on with the same command and --resume",
            ) from error

    def sync(self) -> None:
        """Wait until every line is on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
