"""WordNet's synonyms (Miller 1995; Fellbaum 1998), read by nltk from database files that lie here.

The files are those of the `wordnet` asset, or Debian's `wordnet-base` where that is installed and the asset is not.
nltk looks for more than either holds; what is missing is given to it here, and nothing is fetched by it.
"""

from __future__ import annotations

import io
import logging
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from regard import assets
from regard.errors import ModelError
from regard.text.augment.english import is_function_word

logger = logging.getLogger("regard")

DEBIAN = Path("/usr/share/wordnet")
LEXICOGRAPHER_FILES = 45  # their names say a synset's field; only nltk asks for them
COUNTS = ("cntlist.rev", "index.sense")  # the first one there; in both a line is `sense_key ... count`
# Their plurals are made in other ways, or in more than one.
_OWN_PLURALS = ("man", "child", "foot", "tooth", "mouse", "goose", "person", "f", "fe", "is", "us", "o", "s")
_HISSING = ("x", "z", "ch", "sh")


def folder(*, offline: bool = False) -> Path:
    """Where WordNet's files lie; the asset is fetched where nothing is there. Raises `ModelError`."""
    try:
        return assets.path("wordnet")
    except ModelError:
        if (DEBIAN / "data.noun").is_file():
            return DEBIAN
        return assets.get("wordnet", offline=offline, report=logger.info)


@cache
def thesaurus(folder: Path) -> Thesaurus:
    """The thesaurus of a folder, read once: it takes seconds."""
    return Thesaurus(folder)


class Thesaurus:
    """Synonyms of single words, by the commonest meanings of each."""

    def __init__(self, folder: Path) -> None:
        self._reader = _reader(folder)
        self._counts = _counts(folder)
        self._known: dict[tuple[str, int], tuple[str, ...]] = {}

    def synonyms(self, word: str, senses: int) -> tuple[str, ...]:
        """The synonyms of a word in its `senses` commonest meanings (0: all), sorted, in small letters.

        Of nouns and verbs in -s also, which end in -s then; no other inflected form has any.
        """
        key = (word.lower(), senses)
        if key not in self._known:
            self._known[key] = self._look_up(*key)
        return self._known[key]

    def _look_up(self, word: str, senses: int) -> tuple[str, ...]:
        if lemmas := self._reader.lemmas(word):
            return tuple(sorted(self._names(lemmas, senses) - {word}))
        if not word.endswith("s"):
            return ()
        bases = {part: self._reader.morphy(word, part) for part in ("n", "v")}
        lemmas = [lemma for part, base in bases.items() if base for lemma in self._reader.lemmas(base, part)]
        with_s = {_with_s(name) for name in self._names(lemmas, senses) if not name.endswith(_OWN_PLURALS)}
        return tuple(sorted(with_s - {word}))

    def _names(self, lemmas: list[Any], senses: int) -> set[str]:
        """The single words, in small letters, of the meanings that are met most often."""
        commonest = sorted(lemmas, key=lambda lemma: -self._counts.get(lemma.key(), 0))[: senses or None]
        names = {name for lemma in commonest for name in lemma.synset().lemma_names()}
        return {name for name in names if name.isalpha() and name.islower() and not is_function_word(name)}


def _with_s(word: str) -> str:
    """A noun's plural, a verb's third person: spelled by the same rule."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(_HISSING) else f"{word}s"


def _counts(folder: Path) -> dict[str, int]:
    """How often each sense was met in the texts that WordNet's makers tagged."""
    path = next((folder / name for name in COUNTS if (folder / name).is_file()), None)
    if path is None:
        return {}
    rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: int(row[-1]) for row in rows if len(row) > 2 and row[-1] != "0"}


def _reader(folder: Path) -> Any:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader
    from nltk.data import PathPointer, SeekableUnicodeStreamReader

    class Folder(PathPointer):
        """nltk opens what lies in its own data folders only; the reader below opens its files itself."""

        def open(self, encoding: str | None = None) -> Any:
            raise OSError("a folder is not opened")

        def file_size(self) -> int:
            return 0

        def join(self, fileid: str) -> Any:
            return self

    class Reader(WordNetCorpusReader):
        def open(self, file: str) -> Any:
            path = folder / file
            if path.is_file():
                # In memory: nltk would keep its files open for as long as it lives.
                return SeekableUnicodeStreamReader(io.BytesIO(path.read_bytes()), "utf-8")
            if file == "lexnames":
                return io.StringIO("".join(f"{n:02d}\tfile.{n}\t1\n" for n in range(LEXICOGRAPHER_FILES)))
            if file.endswith(".exc"):  # irregular forms, which 3.1 does not come with
                return io.StringIO()
            raise ModelError(
                f"{folder} is not WordNet's: it has no {file}", mend="`regard get wordnet` fetches the whole of it"
            )

        def map_wn(self, version: str = "wordnet") -> None:
            """Only other languages' wordnets need the way to version 3.0, and nltk would look for that elsewhere."""

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The multilingual functions")
        return Reader(Folder(), None)
