"""What a folder should hold: each file's size and SHA-256, written last, so that damage is noticed before it is loaded.

Safetensors has no checksum of its own: damaged weights load. A model folder, a checkpoint and an asset each have one.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

NAME = "manifest.json"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path, **facts: Any) -> None:
    """Write the manifest of all files below `folder`, with `facts` beside, and force everything to disk.

    The files are synced before the manifest is written: where it is whole, everything before it is on the disk.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
    for path in files:
        flush(path)
    entries = {str(path.relative_to(folder)): entry(path) for path in files}
    write(folder, entries, **facts)
    flush(folder / NAME)
    flush(folder)


def entry(path: Path) -> dict[str, Any]:
    """What a manifest says of one file."""
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}


def write(folder: Path, files: dict[str, dict[str, Any]], **facts: Any) -> None:
    """The manifest alone, from entries that are known already."""
    document = {**facts, "files": files}
    (folder / NAME).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def damage(folder: Path, *, verify: bool = True) -> str | None:
    """What is wrong with a sealed folder, in a few words; None where all is well. Sizes only unless `verify`."""
    try:
        files = read(folder)["files"]
        expected = {folder / name: (int(file["bytes"]), str(file["sha256"])) for name, file in files.items()}
    except FileNotFoundError:
        return f"{NAME} is missing"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return f"{NAME} can't be read"
    for path, (size, digest) in expected.items():
        if not path.is_file():
            return f"{path.name} is missing"
        if path.stat().st_size != size:
            return f"{path.name} has {path.stat().st_size} bytes instead of {size}"
        if verify and sha256(path) != digest:
            return f"{path.name} has changed since it was written"
    return None


def read(folder: Path) -> dict[str, Any]:
    """The manifest as it stands. Raises `OSError` or `ValueError` where it can't be read."""
    document: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return document


def flush(path: Path) -> None:
    """Force a file, or a folder's list of files, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
