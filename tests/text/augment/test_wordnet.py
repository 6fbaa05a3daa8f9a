"""Synonyms out of database files, by nltk's reader; where the files are looked for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from regard import assets, manifest
from regard.errors import ModelError
from regard.text.augment import wordnet

find_folder = wordnet.folder  # before the fixture takes its place


@pytest.fixture
def thesaurus(small_wordnet: Path) -> wordnet.Thesaurus:
    return wordnet.thesaurus(small_wordnet)


@pytest.mark.parametrize(
    ("word", "senses", "expected"),
    [
        ("film", 1, ("movie",)),
        ("FILM", 0, ("celluloid", "movie")),
        ("story", 1, ("tale",)),
        ("films", 1, ("movies",)),
        ("stories", 1, ("tales",)),
        ("tales", 1, ("stories",)),
        ("parties", 1, ("boxes",)),
        ("views", 1, ("sees", "watches")),
        ("heroes", 1, ()),
        ("watching", 0, ()),
        ("lovely", 1, ("charming",)),
        ("quickly", 1, ("rapidly",)),
        ("dog", 0, ()),
        ("unknown", 0, ()),
        ("unknowns", 0, ()),
    ],
)
def test_synonyms(thesaurus: wordnet.Thesaurus, word: str, senses: int, expected: tuple[str, ...]) -> None:
    assert thesaurus.synonyms(word, senses) == expected
    assert thesaurus.synonyms(word, senses) == expected


def test_the_commonest_meaning_comes_first(small_wordnet: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dict"
    folder.mkdir()
    for file in small_wordnet.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    # Debian's files: counts of their own instead of the list of senses, and irregular forms.
    rows = [line.split() for line in (folder / "index.sense").read_text().splitlines()]
    swapped = {"film%1:00:00::": "3", "film%1:00:01::": "50"}
    (folder / "cntlist.rev").write_text("".join(f"{key} {n} {swapped.get(key, c)}\n" for key, _, n, c in rows))
    (folder / "index.sense").unlink()
    (folder / "noun.exc").write_text("filmz film\n")
    assert wordnet.thesaurus(folder).synonyms("film", 1) == ("celluloid",)
    (folder / "cntlist.rev").unlink()
    assert wordnet.Thesaurus(folder).synonyms("film", 1) == ("movie",)


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not WordNet's: it has no"):
        wordnet.Thesaurus(tmp_path)


def test_the_asset_comes_before_debian_s_files(
    small_wordnet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGARD_HOME", str(tmp_path))
    monkeypatch.setattr(wordnet, "DEBIAN", tmp_path / "nothing")
    asset = replace(assets.ASSETS["wordnet"], sha256=hashlib.sha256(b"").hexdigest())
    monkeypatch.setitem(assets.ASSETS, "wordnet", asset)
    with pytest.raises(ModelError, match="regard get wordnet"):
        find_folder(offline=True)
    monkeypatch.setattr(wordnet, "DEBIAN", small_wordnet)
    assert find_folder(offline=True) == small_wordnet
    data = assets.folder(asset) / "data"
    data.mkdir(parents=True)
    (data / "data.noun").write_text("")
    manifest.seal(assets.folder(asset))
    assert find_folder(offline=True) == data
