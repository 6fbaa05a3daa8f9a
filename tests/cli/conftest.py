"""A command settles the environment and the logger of its process; here the process goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from regard import cli
from regard.cli import environment


@pytest.fixture(autouse=True)
def _settings_are_undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # First set, then deleted: so that the values that the code under test leaves behind are undone as well.
    for variable in (
        *environment.OFFLINE,
        environment.NO_BARS,
        "DO_NOT_TRACK",
        "HF_HUB_DISABLE_TELEMETRY",
        "TRANSFORMERS_VERBOSITY",
        "OMP_WAIT_POLICY",
    ):
        monkeypatch.setenv(variable, "0")
        monkeypatch.delenv(variable)
    logger = logging.getLogger("regard")
    former = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate, logger.level = former


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 made-up texts of two labels, all different."""
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    rows = [f"a lovely film number {n},good\na dull film number {n},bad" for n in range(30)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="session")
def run_folder(reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of tfidf, trained by the command."""
    out = tmp_path_factory.mktemp("runs") / "tfidf"
    with pytest.raises(SystemExit) as end:
        cli.main(["train", str(reviews), "--model", "tfidf", "--out", str(out), "--force", "--quiet"])
    assert not end.value.code
    return out
