"""The run folder: where each file of it lies, and how files are written so that a crash leaves whole ones. No torch."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regard.errors import ModelError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file or nothing: a temporary sibling, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class RunFolder:
    """All that a training leaves behind; every later step reads it and adds to it."""

    path: Path

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """The finished run at `path`; raises `ModelError` where there is none."""
        run = cls(Path(path))
        if run.comparison.is_file() and not run.run_json.is_file():
            runs = sorted(str(found.parent) for found in run.path.glob("*/run.json"))
            raise ModelError(f"{path} is a comparison, not a run", mend=f"take one of its runs: {', '.join(runs)}")
        if not run.run_json.is_file():
            raise ModelError(
                f"{path} is no finished run folder: it has no run.json",
                mend="give the folder that `regard train --out` wrote; a stopped training goes on with --resume",
            )
        record = run.read_json(run.run_json)
        if not isinstance(record, dict) or not record.keys() >= {"model", "kind", "labels", "multi_label", "data"}:
            raise ModelError(f"{run.run_json} is damaged: it is no record of a run", mend="train again, or restore it")
        return run

    @property
    def comparison(self) -> Path:
        """Where a comparison of several runs leaves its document."""
        return self.path / "compare.json"

    @property
    def recipe(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def run_json(self) -> Path:
        return self.path / "run.json"

    @property
    def model(self) -> Path:
        return self.path / "model"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def scores(self) -> Path:
        return self.path / "scores.json"

    @property
    def doctor(self) -> Path:
        return self.path / "doctor.json"

    @property
    def explanations(self) -> Path:
        return self.path / "explanations.json"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions.parquet"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def card(self) -> Path:
        return self.path / "README.md"

    def write_json(self, path: Path, document: Any) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=True) + "\n"
        write_atomically(path, text.encode("utf-8", "backslashreplace"))  # JSON can spell a lone surrogate, UTF-8 not

    def read_json(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(f"{path} is missing", mend="train again, or give another run folder") from None
        except ValueError as error:
            raise ModelError(f"{path} is damaged: {error}", mend="train again, or restore the file") from None

    def read_recipe(self) -> str:
        """The text of recipe.toml. Raises `ModelError` where it is missing or no TOML: a run wrote it, not a user."""
        try:
            text = self.recipe.read_text(encoding="utf-8")
            tomllib.loads(text)
        except FileNotFoundError:
            raise ModelError(f"{self.recipe} is missing", mend="train again, or restore the file") from None
        except ValueError as error:
            raise ModelError(f"{self.recipe} is damaged: {error}", mend="train again, or restore the file") from None
        return text

    def began_with(self, recipe: str) -> bool:
        """Whether recipe.toml holds this, byte for byte; one that is damaged does not."""
        return self.recipe.read_bytes() == recipe.encode("utf-8", "replace")

    def read_log(self) -> list[dict[str, Any]]:
        """The lines of log.jsonl; a last line cut off by a crash is left out."""
        if not self.log.is_file():
            return []
        lines = self.log.read_text(encoding="utf-8").split("\n")
        records = []
        for line in lines:
            try:
                records.append(json.loads(line))
            except ValueError:
                continue
        return records
