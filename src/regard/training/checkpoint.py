"""Checkpoints that are whole or not there: the commit protocol.

A checkpoint is written to `.tmp-N/`, its files are synced, a manifest with their SHA-256 is added, the folder is
renamed to `step-N/` and the parent synced. A kill at any moment leaves either the whole folder or a temporary that the
next start sweeps away. Everything that reads checkpoints sees verified folders only.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError

from regard import manifest
from regard.errors import ModelError, RegardError

logger = logging.getLogger("regard")


class DamageError(Exception):
    """A folder is no whole checkpoint; the message says what is wrong with it."""


@dataclass(frozen=True, order=True)
class Checkpoint:
    """A verified checkpoint: the state when `step` optimizer steps were done. The best weights until then are in the
    checkpoint of `best`, perhaps itself; 0 where none were evaluated yet."""

    step: int
    best: int
    path: Path


class Checkpoints:
    """The checkpoints of one run, in `folder`: the newest `keep`, and besides them the best that each refers to."""

    def __init__(self, folder: Path, *, keep: int) -> None:
        self.folder = folder
        self._keep = keep
        self._verified: dict[Path, tuple[Checkpoint, object]] = {}
        self._warned: set[Path] = set()

    def commit(self, step: int, write: Callable[[Path], None], *, best: int) -> Checkpoint:
        """Make the checkpoint of `step` from the files that `write` puts into the folder it is given, then remove
        those that have become too many.

        Raises `RegardError` where they can't be written; nothing of them is left then, and the others are untouched.
        """
        temporary = self.folder / f".tmp-{step}"
        try:
            _discard(temporary)
            temporary.mkdir(parents=True)
            write(temporary)
            manifest.seal(temporary, step=step, best=best)
            path = self._publish(temporary, step)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise self._unwritten(step, error) from error
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        checkpoint = Checkpoint(step, best, path)
        self._verified[path] = (checkpoint, _signature(path))
        self._rotate()
        return checkpoint

    def _publish(self, temporary: Path, step: int) -> Path:
        target, old = self.folder / f"step-{step}", self.folder / f".old-{step}"
        if target.exists():  # a damaged one, or one later than the checkpoint that training went on from
            _discard(old)
            target.rename(old)
        temporary.rename(target)
        manifest.flush(self.folder)
        _discard(old)
        return target

    def _unwritten(self, step: int, error: Exception) -> RegardError:
        good = self.verified()
        intact = f"the checkpoint of step {good[-1].step} is intact" if good else "there is no earlier one"
        return RegardError(
            f"{self.folder}: the checkpoint of step {step} can't be written ({error}); {intact}",
            mend="free some disk space, then go on with the same command and --resume",
        )

    def verified(self) -> list[Checkpoint]:
        """Every whole checkpoint, the oldest first. A damaged one is named in a warning, once."""
        good = []
        for path in self.folder.glob("step-*"):
            try:
                good.append(self._verify(path))
            except DamageError as error:
                self._warn(path, str(error))
        return sorted(good)

    def newest(self) -> Checkpoint | None:
        """The newest whole checkpoint whose best one is whole as well; None where there is none."""
        good = self.verified()
        steps = {checkpoint.step for checkpoint in good} | {0}
        for checkpoint in reversed(good):
            if checkpoint.best in steps:
                return checkpoint
            self._warn(checkpoint.path, f"step-{checkpoint.best}, which holds its best weights, is gone")
        return None

    def at(self, step: int) -> Checkpoint:
        """The checkpoint of `step`. Raises `ModelError` where it is missing or damaged."""
        path = self.folder / f"step-{step}"
        try:
            return self._verify(path)
        except DamageError as error:
            raise ModelError(f"{path}: {error}", mend="go on from an earlier checkpoint with --resume") from None

    def _verify(self, path: Path) -> Checkpoint:
        # Hashing every folder at every save would cost seconds with a large model: what was verified and has the same
        # files, sizes and times since then is taken as verified.
        signature = _signature(path)
        if path in self._verified and self._verified[path][1] == signature:
            return self._verified[path][0]
        checkpoint = verify(path)
        self._verified[path] = (checkpoint, signature)
        return checkpoint

    def _warn(self, path: Path, found: str) -> None:
        if path not in self._warned:
            self._warned.add(path)
            logger.warning("checkpoint %s is not used: %s", path, found)

    def _rotate(self) -> None:
        good = self.verified()
        newest = good[-self._keep :]
        kept = {checkpoint.step for checkpoint in newest} | {checkpoint.best for checkpoint in newest}
        for checkpoint in good:
            if checkpoint.step not in kept:
                # Renamed first, so that a kill between two deletions leaves no folder that looks damaged.
                leaving = self.folder / f".old-{checkpoint.step}"
                _discard(leaving)
                checkpoint.path.rename(leaving)
                _discard(leaving)

    def sweep(self) -> None:
        """Remove what a killed training left half written or half removed."""
        for pattern in (".tmp-*", ".old-*"):
            for path in self.folder.glob(pattern):
                _discard(path)


def verify(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`, every file of it as its manifest says; raises `DamageError` otherwise."""
    if damage := manifest.damage(folder):
        raise DamageError(damage)
    try:
        facts = manifest.read(folder)
        return Checkpoint(int(facts["step"]), int(facts["best"]), folder)
    except (OSError, ValueError, LookupError, TypeError):
        raise DamageError(f"{manifest.NAME} can't be read") from None


def _discard(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _signature(folder: Path) -> tuple[object, ...]:
    """Names, sizes, times and inodes of a folder's files."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple((path.name, s.st_size, s.st_mtime_ns, s.st_ino) for path in files for s in (path.stat(),))
