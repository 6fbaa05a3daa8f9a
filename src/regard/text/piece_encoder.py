"""Words of tagged texts as a checkpoint reads them: the pieces of each, the first of which speaks for it. No torch.

Notable: a word is tokenised by itself, so that no piece reaches over two words, but as it stands in the text: with the
mark of a blank before it (byte-level BPE's Ġ, SentencePiece's ▁) where the text has one there and without it where not.
Tokenizers that put the mark before whatever they are given would make `( see )` and `(see)` the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import ModelError
from regard.records import Span
from regard.text.cut import CHARACTERS_PER_TOKEN, Cut
from regard.text.normalise import Normaliser
from regard.text.tokenise import special_tokens
from regard.text.word_vocabulary import REMEMBERED, normal_word
from regard.text.word_windows import EncodedWords, Reading, joined, whole_words

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

Word = tuple[bool, str]
"""Whether the mark of a blank belongs before a word, and the word as given."""

_AT_ONCE = 1024


class PieceEncoder:
    """Texts with the places of their words to a checkpoint's tokens. A text of more than `max_length` tokens is read in
    windows of whole words.

    A word of more pieces than a window has room for keeps its first ones; one without any is [UNK]. `window_stride` and
    `max_windows` as in a recipe's `[tokens]`, in pieces. Raises `ModelError` where special tokens leave no room,
    `UsageError` for a stride that leaves words out.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        normaliser: Normaliser,
        max_length: int,
        window_stride: int = 0,
        max_windows: int = 16,
    ) -> None:
        self.tokenizer = tokenizer
        self.normaliser = normaliser
        self.max_length = max_length
        self.backend: Tokenizer = tokenizer.backend_tokenizer
        self.backend.no_truncation()
        self.backend.no_padding()
        self._prefix, self._suffix = special_tokens(self.backend)
        around = len(self._prefix) + len(self._suffix)
        if max_length <= around:
            raise ModelError(
                f"tokens.max_length is {max_length}, but this tokenizer adds {around} special tokens",
                mend="raise tokens.max_length",
            )
        self.cut = Cut(max_length - around, "windows", window_stride, max_windows)
        self.reach = self.cut.reach + around
        """The most tokens of a text that are read, special ones counted once."""
        self._bare = without_mark(self.backend)
        self._marks = self._bare is not self.backend
        self._known: dict[Word, list[int]] = {}

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self.tokenizer.get_vocab())

    def encode(self, texts: Sequence[str], words: Sequence[Sequence[Span]]) -> list[EncodedWords]:
        """Each text alone; `words` are the characters of each of its words, in order."""
        rows = list(zip(texts, words, strict=True))
        return [item for begin in range(0, len(rows), _AT_ONCE) for item in self._chunk(rows[begin : begin + _AT_ONCE])]

    def _chunk(self, rows: Sequence[tuple[str, Sequence[Span]]]) -> list[EncodedWords]:
        # A word is one piece at least: those behind these are never read, however many there are.
        most = self.cut.room * self.cut.most
        texts = [[self._as_it_stands(text, *span) for span in spans[:most]] for text, spans in rows]
        self._learn(word for words in texts for word in words)
        return [self._assemble(words, len(spans)) for words, (_, spans) in zip(texts, rows, strict=True)]

    def _as_it_stands(self, text: str, start: int, end: int) -> Word:
        # A text's first word has the mark where the tokenizer puts one before a text.
        return text[start - 1].isspace() if start else self._marks, text[start:end]

    def _learn(self, words: Iterable[Word]) -> None:
        """Tokenise the words that were not met before, all at once."""
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        new = list(dict.fromkeys(word for word in words if word not in self._known))
        nothing = [self.tokenizer.unk_token_id if self.tokenizer.unk_token_id is not None else self.pad_id]
        for marked in (True, False):
            own = [word for word in new if word[0] == marked]
            backend = self.backend if marked else self._bare
            given = [self._spelled(*word) for word in own]
            for word, found in zip(own, backend.encode_batch_fast(given, add_special_tokens=False), strict=True):
                self._known[word] = found.ids or nothing

    def _spelled(self, marked: bool, word: str) -> str:
        """What the tokenizer is given for one word: with a blank, unless it puts the mark of one there itself."""
        longest = self.cut.room * CHARACTERS_PER_TOKEN
        normal = normal_word(self.normaliser, word[:longest])
        return f" {normal}" if marked and not self._marks else normal

    def _assemble(self, words: Sequence[Word], words_in_text: int) -> EncodedWords:
        pieces = [self._known[word] for word in words]
        sizes = [min(len(own), self.cut.room) for own in pieces]
        before, after = len(self._prefix), len(self._suffix)
        all_pieces = sum(map(len, pieces)) * words_in_text / max(len(words), 1)

        def read(window: range) -> Reading:
            ids, first = list(self._prefix), []
            for word in window:
                first.append(len(ids))
                ids += pieces[word][: sizes[word]]
            ids += self._suffix
            return Reading(ids or [self.pad_id], first)

        return joined(
            whole_words(sizes, self.cut),
            sizes,
            read,
            tokens_in_text=before + round(all_pieces) + after,
            words_in_text=words_in_text,
        )

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json: without the second, `pad_token` is None on loading."""
        self.tokenizer.model_max_length = self.max_length
        self.tokenizer.save_pretrained(str(folder))


def without_mark(backend: Tokenizer) -> Tokenizer:
    """The same tokenizer, but that it puts no mark of a blank before what it is given; itself where it puts none."""
    from tokenizers import Tokenizer, models

    shell: dict[str, Any] = json.loads(Tokenizer(models.WordLevel({}, unk_token="")).to_str())
    parts = {"normalizer": backend.normalizer, "pre_tokenizer": backend.pre_tokenizer}
    as_it_is = {name: None if part is None else json.loads(part.__getstate__()) for name, part in parts.items()}
    bare = {name: _unmarked(state) for name, state in as_it_is.items()}
    if bare == as_it_is:
        return backend
    made = Tokenizer.from_str(json.dumps({**shell, **bare}))
    made.model = backend.model  # shared, however large its vocabulary
    return made


def _unmarked(state: Any) -> Any:
    """The state of a normalizer or pre-tokenizer, with every part that marks a beginning turned off."""
    if isinstance(state, list):
        return [_unmarked(part) for part in state if not (isinstance(part, dict) and part.get("type") == "Prepend")]
    if not isinstance(state, dict):
        return state
    if state.get("type") == "Prepend":
        return None
    name, value = {"Metaspace": ("prepend_scheme", "never"), "ByteLevel": ("add_prefix_space", False)}.get(
        state.get("type", ""), ("", None)
    )
    return {key: value if key == name else _unmarked(part) for key, part in state.items()}
