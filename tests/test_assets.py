"""The asset store with small wheels and tarballs of our own: real pip from a folder, real archives, real processes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from regard import assets
from regard.assets import archive, tarball, wheel
from regard.assets.table import Asset
from regard.errors import DataError, ModelError, UsageError

TOY = Asset(
    word="toy",
    kind="data",
    package="regard-toy-data",
    version="1.0",
    sha256="",
    licence="MIT",
    mebibytes=1,
    members="regard_toy_data/data/",
    summary="two texts",
)
CONTENT = b"text,label\ngood,1\nbad,0\n"


def build_wheel(path: Path, extra: dict[str, bytes] | None = None, links: dict[str, str] | None = None) -> Path:
    """A wheel that pip takes, with a data file, code, a licence and whatever is added."""
    files = {
        "regard_toy_data/__init__.py": b"raise SystemExit('the code of an asset ran')\n",
        "regard_toy_data/data/texts.csv": CONTENT,
        "regard_toy_data/data/more/part.txt": b"more",
        "regard_toy_data-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: regard-toy-data\nVersion: 1.0\n",
        "regard_toy_data-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "regard_toy_data-1.0.dist-info/LICENSE": b"MIT",
        "regard_toy_data-1.0.dist-info/RECORD": b"",
        **(extra or {}),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as built:
        for name, data in files.items():
            built.writestr(name, data)
        for name, destination in (links or {}).items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
            built.writestr(member, destination)
    return path


def pinned(path: Path) -> Asset:
    return replace(TOY, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip finds wheels in, and an empty cache."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setenv("REGARD_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    return shelf


@pytest.fixture
def toy(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Asset:
    """The pinned toy asset, on the shelf."""
    asset = pinned(build_wheel(shelf / "regard_toy_data-1.0-py3-none-any.whl"))
    monkeypatch.setitem(assets.ASSETS, "toy", asset)
    return asset


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Path:
        raise AssertionError("something was downloaded")

    monkeypatch.setattr(wheel, "download", fail)


def test_words_are_listed_by_kind() -> None:
    assert {"imdb", "minilm", "glove", "bbc", "tweets", "smollm2", "spacy-en", "wordnet"} <= set(assets.words())
    assert assets.is_data("imdb")
    assert assets.is_data("bbc")
    assert assets.is_model("minilm")
    assert not assets.is_model("imdb")
    assert not assets.is_model("glove")
    assert assets.words("vectors") == ["glove"]
    assert assets.words("lexicon") == ["wordnet"]


def test_every_pin_is_complete() -> None:
    assert len(assets.ASSETS) >= 8
    assert {asset.registry for asset in assets.ASSETS.values()} == set(assets.SOURCES)
    for asset in assets.ASSETS.values():
        assert re.fullmatch("[0-9a-f]{64}", asset.sha256), asset.word
        assert re.fullmatch(r"\d[\d.]*", asset.version), asset.word
        assert asset.members.endswith("/"), asset.word
        assert asset.licence, asset.word
        assert asset.mebibytes > 0, asset.word


def test_importing_takes_only_the_standard_library() -> None:
    code = (
        "import sys; import regard.assets; "
        "heavy = {'torch', 'numpy', 'pydantic', 'transformers', 'platformdirs', 'filelock'}; "
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_word_names_its_neighbour(shelf: Path) -> None:
    with pytest.raises(UsageError, match="imdb"):
        assets.get("imbd")


def test_get_unpacks_the_data_and_nothing_else(toy: Asset) -> None:
    said: list[str] = []
    folder = assets.get("toy", report=said.append)
    assert (folder / "texts.csv").read_bytes() == CONTENT
    assert sorted(p.name for p in folder.rglob("*")) == ["more", "part.txt", "texts.csv"]
    assert sorted(p.name for p in folder.parent.iterdir()) == ["data", "licence", "manifest.json"]
    assert "MIT" in said[0]
    assert assets.path("toy", verify=True) == folder
    manifest = json.loads((folder.parent / "manifest.json").read_text())
    assert manifest["archive_sha256"] == toy.sha256
    assert manifest["files"]["data/texts.csv"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert [p.name for p in (folder.parent.parent).glob("*.part")] == []


def test_second_get_downloads_nothing(toy: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    first = assets.get("toy")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert assets.get("toy") == first
    assert assets.get("toy", offline=True) == first


@pytest.mark.usefixtures("no_download")
def test_offline_and_not_cached_says_how_to_get_it(toy: Asset) -> None:
    with pytest.raises(DataError, match="regard get toy") as caught:
        assets.get("toy", offline=True)
    assert caught.value.exit_code == 3
    with pytest.raises(DataError, match="not in the cache"):
        assets.path("toy")


def test_a_missing_model_is_a_model_error(shelf: Path) -> None:
    with pytest.raises(ModelError, match="regard get minilm"):
        assets.path("minilm")


def test_pip_that_finds_nothing_is_reported_in_its_own_words(toy: Asset, shelf: Path) -> None:
    next(shelf.glob("*.whl")).unlink()
    with pytest.raises(ModelError, match="No matching distribution"):
        assets.get("toy")


def test_a_different_wheel_is_refused_with_both_hashes(toy: Asset, shelf: Path) -> None:
    other = build_wheel(next(shelf.glob("*.whl")), extra={"regard_toy_data/data/other.txt": b"other"})
    with pytest.raises(ModelError) as caught:
        assets.get("toy")
    assert toy.sha256 in str(caught.value)
    assert hashlib.sha256(other.read_bytes()).hexdigest() in str(caught.value)
    assert not assets.folder(toy).exists()


def test_a_damaged_wheel_is_refused(toy: Asset, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flipped bytes that pip itself lets through: it does not read the members of what it downloads."""
    source = next(shelf.glob("*.whl"))
    damaged = bytearray(source.read_bytes())
    damaged[damaged.index(b"regard_toy_data/data/texts.csv") + 35] ^= 0xFF
    source.write_bytes(damaged)
    with pytest.raises(ModelError, match="SHA-256"):
        assets.get("toy")
    monkeypatch.setitem(assets.ASSETS, "toy", pinned(source))
    with pytest.raises(ModelError, match="refused"):
        assets.get("toy")
    assert not assets.folder(toy).exists()


def test_an_interrupted_download_starts_again(toy: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    download = wheel.download

    def interrupted(asset: Asset, folder: Path) -> Path:
        (folder / "half.whl").write_bytes(b"PK half")
        raise KeyboardInterrupt

    monkeypatch.setattr(wheel, "download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        assets.get("toy")
    assert not assets.folder(toy).exists()
    monkeypatch.setattr(wheel, "download", download)
    assert (assets.get("toy") / "texts.csv").read_bytes() == CONTENT


def test_what_a_killed_process_left_is_thrown_away(toy: Asset) -> None:
    """A kill leaves the temporary folder, and no time to clean up."""
    left = assets.folder(toy).parent / ".toy.part"
    (left / "unpacked" / "data").mkdir(parents=True)
    (left / "unpacked" / "data" / "stale.txt").write_text("half of a file")
    (left / "archive").mkdir()
    (left / "archive" / "half.whl").write_bytes(b"PK half")
    folder = assets.get("toy")
    assert not (folder / "stale.txt").exists()
    assert not left.exists()


@pytest.mark.parametrize("damage", ["truncate", "remove", "no manifest"])
def test_a_damaged_cache_is_noticed_and_fetched_again(toy: Asset, damage: str) -> None:
    folder = assets.get("toy")
    if damage == "truncate":
        (folder / "texts.csv").write_bytes(CONTENT[:-1])
    elif damage == "remove":
        (folder / "texts.csv").unlink()
    else:
        (folder.parent / "manifest.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        assets.path("toy")
    assert (assets.get("toy") / "texts.csv").read_bytes() == CONTENT
    assert assets.path("toy", verify=True) == folder


def test_a_changed_file_of_the_same_size_is_seen_by_its_hash(toy: Asset) -> None:
    folder = assets.get("toy")
    (folder / "texts.csv").write_bytes(CONTENT[::-1])
    assert assets.path("toy") == folder
    with pytest.raises(DataError, match="has changed since"):
        assets.path("toy", verify=True)


def test_two_processes_at_once_share_one_download(toy: Asset, tmp_path: Path) -> None:
    program = (
        "import sys; from dataclasses import replace; from regard import assets; from tests_toy import TOY; "
        "assets.ASSETS['toy'] = TOY; said = []; assets.get('toy', report=said.append); print(len(said))"
    )
    (tmp_path / "tests_toy.py").write_text(f"from regard.assets.table import Asset\nTOY = {toy!r}\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", program]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate()[0].strip() for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert said == ["0", "2"]
    assert (assets.path("toy", verify=True) / "texts.csv").read_bytes() == CONTENT


def test_a_cache_that_can_not_be_written_is_said(toy: Asset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REGARD_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="REGARD_HOME"):
        assets.get("toy")


def evil_parent(path: Path) -> Path:
    return build_wheel(path, extra={"regard_toy_data/data/../../../../outside.txt": b"evil"})


def evil_outside_the_data(path: Path) -> Path:
    return build_wheel(path, extra={"../outside.txt": b"evil"})


def evil_absolute(path: Path) -> Path:
    return build_wheel(path, extra={"/tmp/outside.txt": b"evil"})


def evil_backslash(path: Path) -> Path:
    return build_wheel(path, extra={"regard_toy_data/data/..\\..\\outside.txt": b"evil"})


def evil_drive(path: Path) -> Path:
    return build_wheel(path, extra={"regard_toy_data/data/C:/outside.txt": b"evil"})


def evil_link(path: Path) -> Path:
    return build_wheel(path, links={"regard_toy_data/data/link": "/etc/passwd"})


def evil_linked_folder(path: Path) -> Path:
    return build_wheel(
        path, links={"regard_toy_data/data/up": "../../.."}, extra={"regard_toy_data/data/up/outside.txt": b"evil"}
    )


def evil_bomb(path: Path) -> Path:
    return build_wheel(path, extra={"regard_toy_data/data/bomb.txt": b"0" * (3 * 2**20)})


EVIL = [
    evil_parent,
    evil_outside_the_data,
    evil_absolute,
    evil_backslash,
    evil_drive,
    evil_link,
    evil_linked_folder,
    evil_bomb,
]


@pytest.mark.parametrize("build", EVIL, ids=lambda build: build.__name__)
def test_an_evil_archive_writes_nothing_outside(
    build: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "UNPACKED_LIMIT", 2**20)
    evil = build(tmp_path / "wheels" / "regard_toy_data-1.0-py3-none-any.whl")
    target = tmp_path / "a" / "b" / "target"
    target.mkdir(parents=True)
    with pytest.raises(ModelError, match="refused"):
        archive.unpack(wheel, TOY, evil, target)
    assert not list(tmp_path.rglob("outside.txt"))
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))
    assert not Path("/tmp/outside.txt").exists()
    assert sum(path.stat().st_size for path in target.rglob("*") if path.is_file()) <= 2 * 2**20


def test_a_size_that_lies_is_counted_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive declares a short file; reading goes by what comes out."""
    monkeypatch.setattr(archive, "UNPACKED_LIMIT", 2**20)
    bomb = evil_bomb(tmp_path / "regard_toy_data-1.0-py3-none-any.whl")
    data = bomb.read_bytes()
    size = (3 * 2**20).to_bytes(4, "little")
    assert data.count(size) == 2
    bomb.write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(ModelError, match="refused"):
        archive.unpack(wheel, TOY, bomb, tmp_path / "target")


def test_an_archive_without_the_data_is_refused(tmp_path: Path) -> None:
    built = build_wheel(tmp_path / "regard_toy_data-1.0-py3-none-any.whl")
    with pytest.raises(ModelError, match="nothing under elsewhere"):
        archive.unpack(wheel, replace(TOY, members="elsewhere/"), built, tmp_path / "target")


# Tarballs of npm's. npm itself takes nothing from a folder: a script stands in for it, called as npm would be.

CODE_OF_A_PACKAGE = b"throw new Error('the code of an asset ran')\n"
NPM = """#!{python}
import shutil, sys
from pathlib import Path
pack, requirement, flag, folder = sys.argv[1:5]
assert (pack, flag) == ("pack", "--pack-destination") and "--ignore-scripts" in sys.argv, sys.argv
found = Path({shelf!r}) / (requirement.replace("@", "-") + ".tgz")
if not found.exists():
    sys.exit("npm error code E404\\nnpm error 404 not found: " + requirement)
shutil.copy(found, folder)
print(found.name)
"""


def build_tarball(
    path: Path, extra: dict[str, bytes] | None = None, links: dict[str, tuple[bytes, str]] | None = None
) -> Path:
    """A package of npm's, with a data file, code, a licence and whatever is added."""
    files = {
        "package/package.json": b'{"name": "regard-toy-words", "version": "1.0.0"}',
        "package/index.js": CODE_OF_A_PACKAGE,
        "package/dict/index.js": CODE_OF_A_PACKAGE,
        "package/dict/data.noun": CONTENT,
        "package/LICENSE": b"MIT",
        **(extra or {}),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as built:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            built.addfile(member, io.BytesIO(data))
        for name, (kind, destination) in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, destination
            built.addfile(member)
    return path


TARRED = replace(
    TOY, word="toy-words", kind="lexicon", package="regard-toy-words", members="package/dict/", registry="npm"
)


@pytest.fixture
def tarred(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asset:
    """A pinned asset of npm's, on the shelf that the stand-in for npm takes from."""
    built = build_tarball(shelf / "regard-toy-words-1.0.tgz")
    asset = replace(TARRED, sha256=hashlib.sha256(built.read_bytes()).hexdigest())
    monkeypatch.setitem(assets.ASSETS, "toy-words", asset)
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(NPM.format(python=sys.executable, shelf=str(shelf)))
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=os.pathsep)
    return asset


def test_get_unpacks_a_tarball(tarred: Asset) -> None:
    said: list[str] = []
    folder = assets.get("toy-words", report=said.append)
    assert (folder / "data.noun").read_bytes() == CONTENT
    assert sorted(p.name for p in folder.parent.rglob("*")) == [
        "LICENSE",
        "data",
        "data.noun",
        "licence",
        "manifest.json",
    ]
    assert "regard-toy-words@1.0" in said[0]
    assert assets.path("toy-words", verify=True) == folder


def test_npm_that_finds_nothing_is_reported_in_its_own_words(tarred: Asset, shelf: Path) -> None:
    next(shelf.glob("*.tgz")).unlink()
    with pytest.raises(ModelError, match=r"404 not found: regard-toy-words@1\.0"):
        assets.get("toy-words")


def test_without_npm_it_says_what_is_missing(tarred: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ModelError, match="there is no npm here"):
        assets.get("toy-words")


def test_a_different_tarball_is_refused(tarred: Asset, shelf: Path) -> None:
    build_tarball(next(shelf.glob("*.tgz")), extra={"package/dict/other": b"other"})
    with pytest.raises(ModelError, match="SHA-256"):
        assets.get("toy-words")
    assert not assets.folder(tarred).exists()


TAR_EVIL = {
    "parent": {"extra": {"package/dict/../../../../outside.txt": b"evil"}},
    "outside the data": {"extra": {"../outside.txt": b"evil"}},
    "absolute": {"extra": {"/tmp/outside.txt": b"evil"}},
    "backslash": {"extra": {"package/dict/..\\..\\outside.txt": b"evil"}},
    "drive": {"extra": {"package/dict/C:/outside.txt": b"evil"}},
    "link": {"links": {"package/dict/link": (tarfile.SYMTYPE, "/etc/passwd")}},
    "hard link": {"links": {"package/dict/link": (tarfile.LNKTYPE, "package/LICENSE")}},
    "device": {"links": {"package/dict/null": (tarfile.CHRTYPE, "")}},
    "pipe": {"links": {"package/dict/pipe": (tarfile.FIFOTYPE, "")}},
    "bomb": {"extra": {"package/dict/bomb": b"0" * (3 * 2**20)}},
    "bomb in what is skipped": {"extra": {"package/bomb": b"0" * (3 * 2**20)}},
}


@pytest.mark.parametrize("evil", TAR_EVIL)
def test_an_evil_tarball_writes_nothing_outside(evil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "UNPACKED_LIMIT", 2**20)
    built = build_tarball(tmp_path / "tarballs" / "regard-toy-words-1.0.tgz", **TAR_EVIL[evil])
    target = tmp_path / "a" / "b" / "target"
    target.mkdir(parents=True)
    with pytest.raises(ModelError, match="refused"):
        archive.unpack(tarball, TARRED, built, target)
    assert not list(target.rglob("*"))
    assert not list(tmp_path.rglob("outside.txt"))
    assert not Path("/tmp/outside.txt").exists()


@pytest.mark.parametrize("damage", ["cut short", "no archive", "flipped"])
def test_a_damaged_tarball_is_refused(damage: str, tmp_path: Path) -> None:
    built = build_tarball(tmp_path / "regard-toy-words-1.0.tgz")
    data = bytearray(built.read_bytes())
    if damage == "cut short":
        data = data[: len(data) // 2]
    elif damage == "no archive":
        data = bytearray(b"this is no archive")
    else:
        raw = bytearray(gzip.decompress(data))
        raw[0:8] = b"\xff" * 8
        data = bytearray(gzip.compress(bytes(raw)))
    built.write_bytes(data)
    (tmp_path / "target").mkdir()
    with pytest.raises(ModelError, match="refused"):
        archive.unpack(tarball, TARRED, built, tmp_path / "target")
