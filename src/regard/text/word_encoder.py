"""Words of tagged texts as a network from scratch reads them: an id a word, and ids of its characters. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regard.records import Span
from regard.text.cut import Cut
from regard.text.normalise import Normaliser
from regard.text.tokenise import SPECIAL_TOKENS
from regard.text.word_vocabulary import REMEMBERED, CharacterVocabulary, normal_form, normal_word
from regard.text.word_windows import EncodedWords, Reading, joined, whole_words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class _Known:
    """What the network reads of one word."""

    id: int
    characters: list[int]


class WordEncoder:
    """Texts with the places of their words to ids. A text of more than `max_length` words is read in windows.

    `tokenizer` as `train_word_tokenizer` makes it; `characters` None where the network reads none. `window_stride` and
    `max_windows` as in a recipe's `[tokens]`, in words. Raises `UsageError` for a stride that leaves words out.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        characters: CharacterVocabulary | None,
        normaliser: Normaliser,
        max_length: int,
        window_stride: int = 0,
        max_windows: int = 16,
    ) -> None:
        self.tokenizer = tokenizer
        self.characters = characters
        self.normaliser = normaliser
        self.max_length = max_length
        self.cut = Cut(max_length, "windows", window_stride, max_windows)
        self.reach = self.cut.reach
        """The most words of a text that are read."""
        # A word that is spelled like a special token is none.
        self._ids = {word: id for word, id in self.vocabulary.items() if word not in SPECIAL_TOKENS.values()}
        self._known: dict[str, _Known] = {}

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self.tokenizer.get_vocab())

    def encode(self, texts: Sequence[str], words: Sequence[Sequence[Span]]) -> list[EncodedWords]:
        """Each text alone; `words` are the characters of each of its words, in order.

        A text without words is one token of padding, since no model reads nothing at all.
        """
        return [self._encode(text, own) for text, own in zip(texts, words, strict=True)]

    def _encode(self, text: str, spans: Sequence[Span]) -> EncodedWords:
        sizes = [1] * len(spans)
        windows = whole_words(sizes, self.cut)
        known = [self._lookup(text[start:end]) for start, end in spans[: windows[-1].stop]]

        def read(words: range) -> Reading:
            own = known[words.start : words.stop]
            if not own:
                return Reading([self.pad_id], [], ([],) if self.characters else ())
            letters = tuple(word.characters for word in own) if self.characters else ()
            return Reading([word.id for word in own], list(range(len(own))), letters)

        return joined(windows, sizes, read, tokens_in_text=len(spans), words_in_text=len(spans))

    def _lookup(self, word: str) -> _Known:
        found = self._known.get(word)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            normal = normal_word(self.normaliser, word)
            id = self._ids.get(normal_form(self.tokenizer.backend_tokenizer, normal), self.tokenizer.unk_token_id)
            found = self._known[word] = _Known(int(id), self.characters.ids(normal) if self.characters else [])
        return found

    def save(self, folder: Path) -> None:
        """Write tokenizer.json, tokenizer_config.json and, where characters are read, characters.json."""
        self.tokenizer.model_max_length = self.max_length
        self.tokenizer.save_pretrained(str(folder))
        if self.characters:
            self.characters.save(folder)


def words_of(normaliser: Normaliser, texts: Sequence[str], words: Sequence[Sequence[Span]]) -> Iterator[str]:
    """All words of some texts, one after the other, each as an encoder with this normaliser reads it: what a tokenizer
    and a character vocabulary are trained on."""
    for text, spans in zip(texts, words, strict=True):
        for start, end in spans:
            yield normal_word(normaliser, text[start:end])
