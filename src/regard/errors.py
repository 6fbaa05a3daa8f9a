"""What can go wrong, said to the person who reads it: what was found, where, and how to mend it.

The command line prints the message without a traceback and ends with `exit_code` (docs/DESIGN: 0 done, 1 failure,
2 usage, 3 bad data, 4 bad model, 5 training diverged, 130 interrupted).
"""

from __future__ import annotations

from pathlib import Path


class RegardError(Exception):
    """A failure that is the user's to mend; `mend` says how."""

    exit_code = 1

    def __init__(self, message: str, *, mend: str | None = None) -> None:
        self.message = message
        self.mend = mend
        super().__init__(message if mend is None else f"{message}\n  mend: {mend}")


class UsageError(RegardError):
    """The words of the call are off: an unknown option, architecture or task."""

    exit_code = 2


class DataError(RegardError):
    """The data can't be used as they are. Names the file, the line and the column where they are known."""

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        mend: str | None = None,
        file: str | Path | None = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        self.file, self.line, self.column = file, line, column
        where = "" if file is None else str(file)
        where += "" if line is None else f":{line}"
        where += "" if column is None else f", column {column!r}"
        super().__init__(f"{where}: {message}" if where else message, mend=mend)


class ModelError(RegardError):
    """A model, checkpoint or asset is missing, damaged or of the wrong kind."""

    exit_code = 4


class DivergedError(RegardError):
    """The loss or a gradient is no longer a number."""

    exit_code = 5
