"""What is written, as token ids and back; and both sides of a text pair, each with its tokenizer or one for the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import ModelError
from regard.text.normalise import Normaliser
from regard.text.tokenise import Encoded, TextEncoder, special_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TARGET_FILE = "target_tokenizer.json"


@dataclass
class TargetEncoder:
    """Targets as a decoder learns them: their tokens and the end, at most `max_length` of them all told.

    `begin_id` is what a decoder reads first. A checkpoint's own special tokens (`as_is`) stay where its tokenizer puts
    them; ours would put a beginning there that `begin_id` stands for already.
    """

    tokenizer: PreTrainedTokenizerFast
    normaliser: Normaliser
    begin_id: int
    end_id: int
    max_length: int
    as_is: bool = False

    def __post_init__(self) -> None:
        if self.max_length < 2:
            raise ModelError("head.max_output_tokens leaves no room for a token and the end", mend="raise it")
        self.backend: Any = self.tokenizer.backend_tokenizer

    @property
    def vocabulary_size(self) -> int:
        return max(self.tokenizer.get_vocab().values()) + 1

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def never(self) -> list[int]:
        """Tokens that are no part of any output: padding, masks and what begins a text."""
        tokenizer = self.tokenizer
        ids = (tokenizer.pad_token_id, tokenizer.mask_token_id, self.begin_id, tokenizer.unk_token_id)
        return sorted({int(token) for token in ids if token is not None and token != self.end_id})

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each target, the end last; a longer target is cut, and has no end then."""
        around = special_tokens(self.backend) if self.as_is else ([], [])
        found = []
        for item in self.backend.encode_batch([self.normaliser(text).text for text in texts], add_special_tokens=False):
            ids = [*around[0], *item.ids, *around[1]]
            ids = ids if ids and ids[-1] == self.end_id else [*ids, self.end_id]
            found.append(ids[: self.max_length])
        return found

    def decode(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


class TranslationEncoder:
    """Sources as `TextEncoder` reads them, and targets. With one tokenizer for both, tokens are the same ones."""

    def __init__(self, source: TextEncoder, target: TargetEncoder) -> None:
        self.source, self.target = source, target
        self.max_length, self.reach = source.max_length, source.reach

    @property
    def shared(self) -> bool:
        return self.source.tokenizer is self.target.tokenizer

    @property
    def pad_id(self) -> int:
        return self.source.pad_id

    @property
    def vocabulary(self) -> dict[str, int]:
        return self.source.vocabulary

    def encode(self, texts: Sequence[str], *, offsets: bool = False) -> list[Encoded]:
        return self.source.encode(texts, offsets=offsets)

    def save(self, folder: Path) -> None:
        self.source.save(folder)
        if not self.shared:
            self.target.backend.save(str(folder / TARGET_FILE))


def load_target_tokenizer(folder: Path, source: Any) -> Any:
    """The tokenizer of the targets in a model's folder: its own where there is one, else that of the sources."""
    from transformers import PreTrainedTokenizerFast

    from regard.text.tokenise import SPECIAL_TOKENS

    path = folder / TARGET_FILE
    return PreTrainedTokenizerFast(tokenizer_file=str(path), **SPECIAL_TOKENS) if path.is_file() else source
