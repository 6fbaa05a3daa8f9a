"""What a folder should hold: each file's size and SHA-256, written last, so that damage is noticed before it is loaded.

Safetensors has no checksum of its own: damaged weights load. A model folder, a checkpoint and an asset each have one.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

NAME = "manifest.json"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path) -> None:
    """Write the manifest of all files below `folder`, and force files and folder to disk."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
    for path in files:
        _flush(path)
    content = {str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in files}
    (folder / NAME).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _flush(folder / NAME)
    _flush(folder)


def damage(folder: Path, *, verify: bool = True) -> str | None:
    """What is wrong with a sealed folder, in a few words; None where all is well. Sizes only unless `verify`."""
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
        entries = {folder / name: (entry["bytes"], entry["sha256"]) for name, entry in content.items()}
    except FileNotFoundError:
        return f"{NAME} is missing"
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return f"{NAME} can't be read"
    for path, (size, digest) in entries.items():
        if not path.is_file():
            return f"{path.name} is missing"
        if path.stat().st_size != size:
            return f"{path.name} has {path.stat().st_size} bytes instead of {size}"
        if verify and sha256(path) != digest:
            return f"{path.name} has other content than when it was written"
    return None


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
