"""Texts as a language model reads them: all their tokens, each with its characters, however long a text is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.text.normalise import Normalised, Normaliser
from regard.text.tokenise import special_tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

PART = 2**16
"""Characters that are tokenised at a time: a book is cut in parts, so that all cores work on it."""
WITHOUT_END = 2**31
"""Tokens of a text that are read: all there are."""

_BETWEEN_WORDS = re.compile(r"(?<=\S) (?=\S)")


@dataclass(frozen=True)
class EncodedText:
    """All tokens of one text: `ids` `[n]`, and `offsets` `[n 2]`, the characters of the text as given that each stands
    for. No special token is among them."""

    ids: np.ndarray
    offsets: np.ndarray

    @property
    def tokens_in_text(self) -> int:
        return len(self.ids)

    @property
    def windows(self) -> list[EncodedText]:
        return [self]


class LanguageEncoder:
    """Text as given to token ids and back. `max_length`: tokens that the model reads at a time; `as_is`: the tokenizer
    is a checkpoint's own.

    `end_id` stands between two texts in training and says in writing that a text ends; `begin_id` is what a model reads
    before the first token. Both are one token but for checkpoints that have two. Special tokens that a text spells out
    (`[SEP]`) are characters of it like others.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, normaliser: Normaliser, max_length: int, *, as_is: bool = False
    ) -> None:
        self.tokenizer = tokenizer
        self.normaliser = normaliser
        self.max_length = max_length
        self.as_is = as_is
        self.reach = WITHOUT_END
        self.backend: Tokenizer = tokenizer.backend_tokenizer
        self.backend.no_truncation()
        self.backend.no_padding()
        self.backend.encode_special_tokens = True

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def end_id(self) -> int:
        found = self.tokenizer.eos_token_id
        return self.pad_id if found is None else int(found)

    @property
    def begin_id(self) -> int:
        found = self.tokenizer.bos_token_id
        return self.end_id if found is None else int(found)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self.tokenizer.get_vocab())

    @property
    def never(self) -> list[int]:
        """Special tokens but for the end: they are no part of a text that is written."""
        return sorted({int(token) for token in self.tokenizer.all_special_ids} - {self.end_id})

    def opening(self, *, empty: bool) -> list[int]:
        """The special tokens before a prompt: those that a checkpoint's own tokenizer puts there. Of our own a prompt
        may stand anywhere in a text, so that only an empty one needs the token that texts begin with."""
        before = special_tokens(self.backend)[0] if self.as_is else []
        return before or ([self.begin_id] if empty else [])

    def encode(self, texts: Sequence[str]) -> list[EncodedText]:
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> EncodedText:
        normalised = self.normaliser(text)
        parts = list(_parts(normalised.text))
        pieces = self.backend.encode_batch([normalised.text[start:end] for start, end in parts], False, False)
        ids = [np.array(piece.ids, dtype=np.int32) for piece in pieces]
        spans = [
            np.array(piece.offsets, dtype=np.int32).reshape(-1, 2) + start
            for piece, (start, _) in zip(pieces, parts, strict=True)
        ]
        return EncodedText(
            np.concatenate([np.zeros(0, dtype=np.int32), *ids]),
            _as_given(normalised, np.concatenate([np.zeros((0, 2), dtype=np.int32), *spans])),
        )

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these tokens, without special ones."""
        said: Any = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(said)

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json."""
        self.tokenizer.model_max_length = self.max_length
        self.tokenizer.save_pretrained(str(folder))


def _parts(text: str, size: int = PART) -> Iterator[tuple[int, int]]:
    """Cut between two words, before the blank: no tokenizer joins what stands on its two sides."""
    start = 0
    while start < len(text):
        place = _BETWEEN_WORDS.search(text, start + size)
        end = len(text) if place is None else place.start()
        yield start, end
        start = end


def _as_given(normalised: Normalised, spans: np.ndarray) -> np.ndarray:
    """Characters of the text as given, from those of the normalised one."""
    if normalised.text == normalised.given or not len(spans):
        return spans
    return np.array([normalised.span(int(start), int(end)) for start, end in spans], dtype=np.int32)
