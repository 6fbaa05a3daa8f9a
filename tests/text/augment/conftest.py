"""A WordNet of a few words, written as Princeton writes its database (wndb), so that nltk's own reader reads it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from regard.text.augment import wordnet

LICENCE = "  1 a few words, made up for tests\n"
PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
# part of speech, words of one meaning, how often each was met
SYNSETS = (
    ("n", ("film", "movie", "motion_picture"), (50, 40, 1)),
    ("n", ("film", "celluloid"), (3, 0)),
    ("n", ("story", "tale", "Odyssey"), (9, 4, 0)),
    ("n", ("hero", "man"), (2, 30)),
    ("n", ("party", "box"), (2, 1)),
    ("n", ("dog", "the"), (2, 1)),
    ("v", ("watch", "see", "view"), (8, 5, 2)),
    ("a", ("lovely", "charming"), (4, 6)),
    ("r", ("quickly", "rapidly"), (7, 3)),
)


def write(folder: Path) -> Path:
    folder.mkdir(parents=True)
    senses: dict[str, dict[str, list[int]]] = {part: defaultdict(list) for part in PARTS}
    counts: list[str] = []
    for number, (part, name) in enumerate(PARTS.items(), 1):
        lines = LICENCE
        for _, words, met in (synset for synset in SYNSETS if synset[0] == part):
            listed = " ".join(f"{word} {len(senses[part][word.lower()])}" for word in words)
            for word, count in zip(words, met, strict=True):
                nth = len(senses[part][word.lower()])
                counts.append(f"{word.lower()}%{number}:00:{nth:02d}:: {len(lines):08d} {nth + 1} {count}")
                senses[part][word.lower()].append(len(lines))
            frames = "00 " if part == "v" else ""
            lines += f"{len(lines):08d} 00 {part} {len(words):02x} {listed} 000 {frames}| what they mean\n"
        (folder / f"data.{name}").write_text(lines)
        index = (
            f"{word} {part} {len(at)} 0 {len(at)} 0 {' '.join(f'{offset:08d}' for offset in at)}\n"
            for word, at in sorted(senses[part].items())
        )
        (folder / f"index.{name}").write_text(LICENCE + "".join(index))
    (folder / "index.sense").write_text("\n".join(sorted(counts)) + "\n")
    return folder


@pytest.fixture(scope="session")
def small_wordnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("wordnet") / "dict")


@pytest.fixture(autouse=True)
def _wordnet_is_small(small_wordnet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordnet, "folder", lambda *, offline=False: small_wordnet)
