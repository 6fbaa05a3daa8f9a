"""Plain texts to windows of tokens for masked language modelling: all of every document is read, each token once.

Notable: no window holds two documents; windows of a long one are about equally long and begin with a word, so that none
is a scrap. The characters that a token stands for are looked up when they are asked for: training never does. A long
text is tokenised in stretches, side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from regard.errors import ModelError
from regard.records import Span
from regard.text.normalise import Normalised, Normaliser
from regard.text.tokenise import special_tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

Documents = Literal["texts", "paragraphs", "lines"]

STRETCH = 20_000
"""Characters that are tokenised in one piece."""
NO_WORD = -1
_BETWEEN = {"texts": None, "paragraphs": re.compile(r"\n[^\S\n]*\n\s*"), "lines": re.compile(r"\s*\n\s*")}
_END_OF_A_SENTENCE = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+")


@dataclass(frozen=True, eq=False)
class Window:
    """A run of one document's tokens, special ones not among them. `ids` `[t]`; `words` `[t]` numbers the words, so
    that pieces of one have one number, `NO_WORD` where nothing is to be guessed (a token unknown, or hidden already).

    `places` `[t 2]` are characters of `normalised`, which begins at `offset` of the text. `sentences` are the tokens
    that begin one, the window's first left out; `document` tells documents apart.
    """

    ids: np.ndarray
    words: np.ndarray
    places: np.ndarray
    sentences: tuple[int, ...]
    normalised: Normalised
    offset: int
    document: tuple[int, int]

    def span(self, first: int, last: int | None = None) -> Span:
        """The characters of the text as given from token `first` to token `last` (or of `first` alone)."""
        start, end = int(self.places[first][0]), int(self.places[first if last is None else last][1])
        while start < end and self.normalised.text[start].isspace():  # what byte-level BPE puts before a word
            start += 1
        begin, after = self.normalised.span(start, end)
        return begin + self.offset, after + self.offset


@dataclass(frozen=True, eq=False)
class EncodedText:
    """All windows of a text, in order; none where it has no token."""

    windows: tuple[Window, ...]

    @property
    def tokens_in_text(self) -> int:
        return sum(len(window.ids) for window in self.windows)


class Template(NamedTuple):
    """The special tokens before, between and after two texts, and the segment of each of them and of both texts."""

    before: tuple[list[int], list[int]]
    between: tuple[list[int], list[int]]
    after: tuple[list[int], list[int]]
    segments: tuple[int, int]


class DocumentEncoder:
    """Texts as given to windows: documents, normalise, tokenise, cut to `max_length` (special tokens counted).

    `documents` says what one is: a text, what stands between blank lines of it, or a line. With `pairs` there is room
    for the special tokens between two halves. Raises `ModelError` for a tokenizer without a mask token, or whose
    template leaves no room.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        normaliser: Normaliser,
        max_length: int,
        documents: Documents = "texts",
        *,
        pairs: bool = False,
        name: str = "this model",
    ) -> None:
        if tokenizer.mask_token_id is None:
            mend = "give a checkpoint of BERT's kind, or train a tokenizer: --model transformer"
            raise ModelError(f"{name}: its tokenizer has no mask token, so that nothing can be hidden", mend=mend)
        self.tokenizer = tokenizer
        self.normaliser = normaliser
        self.max_length = self.reach = max_length
        self.documents = documents
        self.backend: Tokenizer = tokenizer.backend_tokenizer
        self.backend.no_truncation()
        self.backend.no_padding()
        self.single = special_tokens(self.backend)
        around = sum(map(len, self.single))
        if pairs:
            around = sum(len(ids) for ids, _ in self.template[:3])
        self.room = max_length - around
        if self.room < 2:
            raise ModelError(
                f"tokens.max_length is {max_length}, but this tokenizer adds {around} special tokens",
                mend="raise tokens.max_length",
            )

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def mask_id(self) -> int:
        return int(self.tokenizer.mask_token_id)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self.tokenizer.get_vocab())

    @cached_property
    def ordinary(self) -> np.ndarray:
        """The ids of all tokens that are no special ones, in order: what a random token is drawn from."""
        return np.setdiff1d(np.unique(list(self.vocabulary.values())), self._special)

    @cached_property
    def template(self) -> Template:
        """What a pair of texts gets around it, whatever template the tokenizer has."""
        full = self.backend.encode("a", "a", add_special_tokens=True)
        first, second = ([i for i, own in enumerate(full.sequence_ids) if own == text] for text in (0, 1))
        if not first or not second:
            raise ModelError("this tokenizer has no template for two texts", mend="leave head.next_sentence out")
        borders = (0, first[0]), (first[-1] + 1, second[0]), (second[-1] + 1, len(full.ids))
        before, between, after = ((full.ids[one:end], full.type_ids[one:end]) for one, end in borders)
        return Template(before, between, after, (full.type_ids[first[0]], full.type_ids[second[0]]))

    def encode(self, texts: Sequence[str]) -> list[EncodedText]:
        """The windows of each text, in order."""
        parts = [
            (row, number, start, text[start:end])
            for row, text in enumerate(texts)
            for number, (start, end) in enumerate(_documents(text, self.documents))
        ]
        found: list[list[Window]] = [[] for _ in texts]
        for begin in range(0, len(parts), 1024):
            own = parts[begin : begin + 1024]
            for (row, *_), windows in zip(own, self._windows(own), strict=True):
                found[row] += windows
        return [EncodedText(tuple(windows)) for windows in found]

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json: without the second, `pad_token` is None on loading."""
        self.tokenizer.model_max_length = self.max_length
        self.tokenizer.save_pretrained(str(folder))

    def _windows(self, parts: Sequence[tuple[int, int, int, str]]) -> Iterator[list[Window]]:
        normalised = [self.normaliser(text) for *_, text in parts]
        stretches = [list(_stretches(item.text)) for item in normalised]
        pieces = iter(
            self.backend.encode_batch(
                [item.text[one:end] for item, own in zip(normalised, stretches, strict=True) for one, end in own],
                add_special_tokens=False,
            )
        )
        for (row, number, offset, _), item, own in zip(parts, normalised, stretches, strict=True):
            tokens = _Tokens.joined([(next(pieces), start) for start, _ in own], item.text)
            tokens.words[np.isin(tokens.ids, self._never_hidden)] = NO_WORD
            yield [tokens.window(one, end, item, offset, (row, number)) for one, end in tokens.cut(self.room)]

    @cached_property
    def _special(self) -> np.ndarray:
        return np.array(sorted(set(self.tokenizer.all_special_ids)))

    @cached_property
    def _never_hidden(self) -> np.ndarray:
        """Special tokens in a text: a mask, and what is unknown, of which there is nothing to guess."""
        return self._special


class _Tokens(NamedTuple):
    """A document's tokens: ids, words, characters of the normalised text, and those that begin a sentence."""

    ids: np.ndarray
    words: np.ndarray
    places: np.ndarray
    sentences: np.ndarray

    @classmethod
    def joined(cls, pieces: Sequence[tuple[Any, int]], text: str) -> _Tokens:
        """The tokens of stretches that begin at these characters of the text."""
        ids = np.array([token for piece, _ in pieces for token in piece.ids], dtype=np.int32)
        places = np.concatenate(
            [np.zeros((0, 2), np.int32)]
            + [np.array(piece.offsets, dtype=np.int32).reshape(-1, 2) + start for piece, start in pieces]
        )
        ends = np.array([match.end() for match in _END_OF_A_SENTENCE.finditer(text)], dtype=np.int64)
        begins = np.unique(np.searchsorted(places[:, 0], ends)) if len(ends) else ends
        return cls(ids, _words(pieces), places, begins[begins < len(ids)])

    def cut(self, room: int) -> Iterator[tuple[int, int]]:
        """Windows of at most `room` tokens, about equally long, each beginning with a word where there is one near."""
        start, n = 0, len(self.ids)
        while start < n:
            windows = -(-(n - start) // room)
            end = start + -(-(n - start) // windows)
            back = end
            while end < n and back > (start + end) // 2 and self.words[back] == self.words[back - 1]:
                back -= 1
            end = end if end == n or back <= (start + end) // 2 else back
            yield start, end
            start = end

    def window(self, start: int, end: int, normalised: Normalised, offset: int, document: tuple[int, int]) -> Window:
        inside = self.sentences[(self.sentences > start) & (self.sentences < end)] - start
        return Window(
            self.ids[start:end],
            self.words[start:end],
            self.places[start:end],
            tuple(inside.tolist()),
            normalised,
            offset,
            document,
        )


def _words(pieces: Sequence[tuple[Any, int]]) -> np.ndarray:
    """The number of the word that each token is a piece of; a tokenizer that knows no words has one a token."""
    found, last = [np.zeros(0, np.int32)], 0
    for piece, _ in pieces:
        own = np.array([NO_WORD if word is None else word for word in piece.word_ids], dtype=np.int32)
        lost = np.flatnonzero(own == NO_WORD)
        own[lost] = own.max(initial=NO_WORD) + 1 + np.arange(len(lost))
        found.append(own + last)
        last = int(found[-1].max(initial=last - 1)) + 1
    return np.concatenate(found)


def _documents(text: str, how: Documents) -> Iterator[Span]:
    """The characters of each document of a text; of blanks alone there is none."""
    between, start = _BETWEEN[how], 0
    for gap in between.finditer(text) if between else ():
        if text[start : gap.start()].strip():
            yield start, gap.start()
        start = gap.end()
    if text[start:].strip():
        yield start, len(text)


def _stretches(text: str) -> Iterator[Span]:
    """A text in pieces that are cut before a blank, where there is one."""
    start = 0
    while len(text) - start > STRETCH:
        blank = text.rfind(" ", start + STRETCH // 2, start + STRETCH)
        end = blank if blank > 0 else start + STRETCH
        yield start, end
        start = end
    yield start, len(text)
