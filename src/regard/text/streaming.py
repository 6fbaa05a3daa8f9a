"""Text out of tokens while they come: what a token adds is given as soon as it can no longer change.

Notable: a token may be a part of a character (bytes of an emoji, of Chinese), and what it looks like may hang on those
before it (blanks). So a few tokens are decoded together, and what ends within a character is held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

UNFINISHED = "\ufffd"
"""What a decoder puts where bytes are no whole character."""
CONTEXT = 8
"""Tokens before the first one that it is decoded after."""


class Stream:
    """The text of tokens that follow `after`, the tokens of a prompt. All pieces and the end together are what decoding
    all tokens at once gives behind the prompt. (Of a run of bytes of which one makes no character, a SentencePiece
    tokenizer decodes none when it has them at once; here the whole characters of it were told by then.)"""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, after: Sequence[int] = (), *, skip_special_tokens: bool = True
    ) -> None:
        self.tokenizer = tokenizer
        self.skip = skip_special_tokens
        self.before = list(after[-CONTEXT:])
        self.new: list[int] = []

    def push(self, token: int) -> str:
        """What `token` adds, with what was held back before it; nothing yet where it ends within a character."""
        self.new.append(token)
        return "" if (text := self._added()).endswith(UNFINISHED) else self._given(text)

    def end(self) -> str:
        """What is still held back: signs for bytes that became no character."""
        return self._given(self._added())

    def _added(self) -> str:
        return self._decoded(self.before + self.new)[len(self._decoded(self.before)) :]

    def _given(self, text: str) -> str:
        if text:
            self.before, self.new = self.new, []
        return text

    def _decoded(self, tokens: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(tokens), skip_special_tokens=self.skip)
        return text
