"""What a network from scratch knows of words: their ids, as a tokenizer that transformers can load, and their letters.

Notable: with word vectors at hand, a training word that has one is kept however rare it is, and words that training
never met can be kept as well: their vectors stand near those of words that it did meet.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from regard.errors import ModelError
from regard.recipe import TokenOptions
from regard.records import without_surrogates
from regard.text.normalise import Normaliser
from regard.text.tokenise import SPECIAL_TOKENS, WORD_PATTERN

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

PADDING, UNKNOWN = 0, 1  # of characters; the known ones follow
FILE = "characters.json"
REMEMBERED = 200_000  # different words whose ids an encoder keeps: most words of a text were met before


def normal_word(normaliser: Normaliser, word: str) -> str:
    """One word normalised by itself; one that nothing would be left of stays as it is, since its tag is asked for."""
    return normaliser(word).text or without_surrogates(word)


def train_word_tokenizer(
    words: Iterable[str],
    options: TokenOptions,
    *,
    known: Sequence[str] = (),
    unseen: bool = False,
    digits_as_zero: bool = False,
) -> PreTrainedTokenizerFast:
    """A tokenizer with an id for each word that is kept; the same words give the same ids.

    Kept are words that occur `options.minimum_frequency` times, and those among `known`, which have a word vector; with
    `unseen` also words of `known` alone, in its order (published vectors begin with the commonest). All that is
    `options.vocabulary_size` at most, the most frequent first. `digits_as_zero` reads 1984 as 0000.
    """
    from transformers import PreTrainedTokenizerFast

    tokenizer = _empty(lowercase=options.lowercase, digits_as_zero=digits_as_zero)
    counts = Counter(normal_form(tokenizer, word) for word in words)
    have_vectors = set(known)

    def wanted(word: str) -> bool:
        # By its small form too, as its vector is looked up.
        return counts[word] >= options.minimum_frequency or not have_vectors.isdisjoint((word, word.lower()))

    room = options.vocabulary_size - len(SPECIAL_TOKENS)
    kept = sorted(filter(wanted, counts), key=lambda word: (-counts[word], word))[:room]
    if unseen:
        kept += _unseen(tokenizer, known, set(kept), room - len(kept))
    kept = [word for word in kept if word not in SPECIAL_TOKENS.values()]
    tokenizer.model = _model([*SPECIAL_TOKENS.values(), *kept])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **SPECIAL_TOKENS)


def _unseen(tokenizer: Tokenizer, known: Sequence[str], kept: set[str], room: int) -> list[str]:
    """The first words with vectors that are not kept yet; a form that no word would be looked up by is passed over."""
    found: dict[str, None] = {}
    for word in known:
        if len(found) >= room:
            break
        if word not in kept and word and normal_form(tokenizer, word) == word:
            found[word] = None
    return list(found)


def normal_form(tokenizer: Tokenizer, word: str) -> str:
    """A word as it is looked up."""
    return word if tokenizer.normalizer is None else str(tokenizer.normalizer.normalize_str(word))


def _empty(*, lowercase: bool, digits_as_zero: bool) -> Tokenizer:
    """Without words. From raw text it cuts words as `tokens.kind = "word"` does; those of a tagged text are given."""
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

    lower = [normalizers.Lowercase()] if lowercase else []
    zero = [normalizers.Replace(Regex(r"\p{Nd}"), "0")] if digits_as_zero else []
    tokenizer = Tokenizer(_model([]))
    if lower or zero:
        tokenizer.normalizer = normalizers.Sequence([*lower, *zero])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="removed", invert=True)
    return tokenizer


def _model(words: Sequence[str]) -> Any:
    from tokenizers import models

    return models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]")


class CharacterVocabulary:
    """Ids of characters, case and all. A word of more than `longest` is read as its beginning and its end, half and
    half."""

    def __init__(self, characters: Sequence[str], longest: int = 30) -> None:
        self.characters = list(characters)
        self.longest = longest
        self._ids = {character: number for number, character in enumerate(self.characters, UNKNOWN + 1)}

    def __len__(self) -> int:
        """Ids, those of padding and of an unknown character among them."""
        return len(self.characters) + UNKNOWN + 1

    @classmethod
    def train(cls, words: Iterable[str], *, minimum_frequency: int = 2, longest: int = 30) -> Self:
        """The characters of these words, the most frequent first; the rare ones teach what an unknown one is."""
        counts = Counter(character for word in words for character in word)
        kept = [character for character, count in counts.items() if count >= minimum_frequency]
        return cls(sorted(kept, key=lambda character: (-counts[character], character)), longest)

    def ids(self, word: str) -> list[int]:
        """One for each character that is read."""
        head = (self.longest + 1) // 2
        if len(word) > self.longest:
            word = word[:head] + word[len(word) - (self.longest - head) :]
        return [self._ids.get(character, UNKNOWN) for character in word]

    def save(self, folder: Path) -> None:
        document = {"characters": self.characters, "longest": self.longest}
        (folder / FILE).write_text(json.dumps(document, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises `ModelError` where the file is missing or damaged."""
        try:
            document = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return cls([str(character) for character in document["characters"]], int(document["longest"]))
        except FileNotFoundError:
            raise ModelError(f"{folder / FILE} is missing", mend="train again, or restore the file") from None
        except (ValueError, LookupError, TypeError) as error:
            raise ModelError(f"{folder / FILE} is damaged: {error}", mend="train again, or restore the file") from None
