from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.report import finished_runs

from regard.records import RunFolder


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """`make_run(labels=..., n=..., kind=..., payloads=...)` writes a finished run folder."""
    return partial(finished_runs.make_run, tmp_path)
