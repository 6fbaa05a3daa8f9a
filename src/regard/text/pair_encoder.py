"""A question and its context as the model reads them: one sequence, or several where the context is long.

Notable: the special tokens around and between the two, and the segment each token is of, come from the tokenizer's own
template. A long context is read in windows that overlap (as the code of Devlin et al. 2019 does for SQuAD), each with
the whole question; every token keeps the characters of the context *as given* that it stands for. A context is
tokenised once, however many questions it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regard.errors import ModelError
from regard.text.batch import pad
from regard.text.cut import Cut
from regard.text.normalise import Normalised, Normaliser

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class EncodedPair:
    """A window on one context with its question. `ids` and `type_ids` are of all its tokens; those of the context are
    `ids[context[0] : context[1]]`, and `offsets` `[c 2]` their characters of the context as given.

    `start` says which of the context's own tokens the window begins with, `no_answer` the place of the first special
    token ([CLS]), which stands for no answer. `tokens_in_text` counts all tokens, special ones included, before
    question and context were cut (estimated for a very long context), `question_tokens` and `context_tokens` those of
    each alone. This is the first window of a long context, and `further` are the others.
    """

    ids: list[int]
    type_ids: list[int]
    context: tuple[int, int]
    offsets: np.ndarray
    no_answer: int
    tokens_in_text: int
    question_tokens: int
    context_tokens: int
    start: int = 0
    further: tuple[EncodedPair, ...] = ()

    @property
    def windows(self) -> list[EncodedPair]:
        """All that is read of the context, in order."""
        return [self, *self.further]

    @property
    def shift(self) -> int:
        """From the place of a token among the context's own to its place in `ids`."""
        return self.context[0] - self.start

    @property
    def is_cut(self) -> bool:
        """Whether the end of the context is not read."""
        last = self.windows[-1]
        return last.start + len(last.offsets) < self.context_tokens


class _Context(NamedTuple):
    """A tokenised context: ids `[c]`, characters `[c 2]`, and how many tokens it has before any cut."""

    ids: list[int]
    offsets: np.ndarray
    tokens: int


class _Template(NamedTuple):
    """The special tokens before, between and after two texts, the segments of those and of both texts; and the place
    of [CLS], counted from the end where it stands there (-1 is the last)."""

    ids: list[list[int]]
    segments: list[list[int]]
    of_question: int
    of_context: int
    no_answer: int


class PairEncoder:
    """Questions and contexts as given to token ids: normalise, tokenise, cut, put together.

    `max_length` are the tokens of a window with all that is in it. A window begins every `stride` tokens of the context
    (0: half a window), as `tokens.window_stride` in a recipe, or sooner where a long question would leave some unread;
    the last one ends with the context. There are `max_windows` at most: what lies behind the last one is not read. Of a
    question `max_question_tokens` are read, and half a window at most. Raises `ModelError` for a tokenizer whose
    template can't be followed or leaves no room.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        normaliser: Normaliser,
        max_length: int,
        stride: int = 0,
        max_windows: int = 16,
        max_question_tokens: int = 64,
    ) -> None:
        self.tokenizer = tokenizer
        self.normaliser = normaliser
        self.max_length = max_length
        self.backend: Tokenizer = tokenizer.backend_tokenizer
        self.backend.no_truncation()
        self.backend.no_padding()
        self._template = self._find_template()
        self._room = max_length - sum(map(len, self._template.ids))
        if self._room < 2:
            raise ModelError(
                f"tokens.max_length is {max_length}, which leaves no room for a question and a context",
                mend="raise tokens.max_length",
            )
        self.question_limit = min(max_question_tokens, self._room // 2)
        # Beside the longest question there is the least room; a step that fits there fits beside every question.
        self.step = min(stride or (self._room + 1) // 2, self._room - self.question_limit)
        self.max_windows = max_windows
        self.reach = max_length + (max_windows - 1) * self.step
        """The most tokens that are read, those of a question and special ones counted once."""

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self.tokenizer.get_vocab())

    def encode(self, questions: Sequence[str], contexts: Sequence[str]) -> list[EncodedPair]:
        """Each question with the context at the same place."""
        known = self._contexts(list(dict.fromkeys(contexts)))
        pairs = zip(self._questions(questions), contexts, strict=True)
        return [self._assemble(question, known[context]) for question, context in pairs]

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json: without the second, `pad_token` is None on loading."""
        self.tokenizer.model_max_length = self.max_length
        self.tokenizer.save_pretrained(str(folder))

    def _questions(self, questions: Sequence[str]) -> list[list[int]]:
        normalised = [self.normaliser(question).text for question in questions]
        return [piece.ids for piece in self._tokenised(normalised)]

    def _contexts(self, contexts: Sequence[str]) -> dict[str, _Context]:
        cut = Cut(self._room, "windows", self.step, self.max_windows)
        found = {}
        for begin in range(0, len(contexts), _AT_ONCE):
            given = contexts[begin : begin + _AT_ONCE]
            normalised = [self.normaliser(text) for text in given]
            stretches = [cut.stretches(item.text) for item in normalised]
            pieces = self._tokenised([own.parts[0][0] for own in stretches])
            for text, item, own, piece in zip(given, normalised, stretches, pieces, strict=True):
                spans = np.array([_span(item, *span) for span in piece.offsets], dtype=np.int64).reshape(-1, 2)
                found[text] = _Context(piece.ids, spans, round(len(piece.ids) * own.share))
        return found

    def _tokenised(self, texts: list[str]) -> list[Any]:
        return [
            piece
            for begin in range(0, len(texts), _AT_ONCE)
            for piece in self.backend.encode_batch(texts[begin : begin + _AT_ONCE], add_special_tokens=False)
        ]

    def _assemble(self, question: list[int], context: _Context) -> EncodedPair:
        read = question[: self.question_limit]
        (before, between, after), (seg_before, seg_between, seg_after) = self._template.ids, self._template.segments
        if not (before or between or after or read or context.ids):
            # No model reads nothing at all: what has no token is one token of padding.
            before, seg_before = [self.pad_id], [0]
        head = [*before, *read, *between]
        head_segments = [*seg_before, *[self._template.of_question] * len(read), *seg_between]
        tokens_in_text = len(question) + sum(map(len, self._template.ids)) + context.tokens

        def window(kept: Sequence[int]) -> EncodedPair:
            start = kept[0] if kept else 0
            own = context.ids[start : start + len(kept)]
            ids = [*head, *own, *after]
            return EncodedPair(
                ids=ids,
                type_ids=[*head_segments, *[self._template.of_context] * len(own), *seg_after],
                context=(len(head), len(head) + len(own)),
                offsets=context.offsets[start : start + len(kept)],
                no_answer=self._template.no_answer % len(ids),
                tokens_in_text=tokens_in_text,
                question_tokens=len(question),
                context_tokens=context.tokens,
                start=start,
            )

        cut = Cut(self._room - len(read), "windows", self.step, self.max_windows)
        first, *further = map(window, cut.windows(len(context.ids)))
        return replace(first, further=tuple(further)) if further else first

    def _find_template(self) -> _Template:
        """What a pair of texts gets around it, whatever template the tokenizer has."""
        bare = self.backend.encode("a", add_special_tokens=False).ids
        full = self.backend.encode("a", "a", add_special_tokens=True)
        first, second = ([i for i, own in enumerate(full.sequence_ids) if own == text] for text in (0, 1))
        if not bare or any([full.ids[i] for i in places] != bare for places in (first, second)):
            raise ModelError("this tokenizer changes a text's tokens when it puts two texts together")
        borders = (0, first[0]), (first[-1] + 1, second[0]), (second[-1] + 1, len(full.ids))
        parts = [range(*border) for border in borders]
        before, between, after = ([full.ids[place] for place in part] for part in parts)
        token = self.tokenizer.cls_token_id
        return _Template(
            ids=[before, between, after],
            segments=[[full.type_ids[place] for place in part] for part in parts],
            of_question=full.type_ids[first[0]],
            of_context=full.type_ids[second[0]],
            # Of a tokenizer without [CLS] the first token stands for no answer, whatever it is.
            no_answer=before.index(token)
            if token in before
            else after.index(token) - len(after)
            if token in after
            else 0,
        )


def answer_positions(encoded: EncodedPair, start: int, end: int) -> list[tuple[int, int]]:
    """Of each window the first and last token of the answer `context[start:end]`, as places in its `ids`; twice the
    place of [CLS] where the answer is not wholly in the window (Devlin et al. 2019, section 4.3)."""
    windows = encoded.windows
    found = [np.flatnonzero((own.offsets[:, 1] > start) & (own.offsets[:, 0] < end)) + own.start for own in windows]
    places = np.concatenate(found)
    if not len(places) or (encoded.is_cut and end > windows[-1].offsets[-1, 1]):
        return [(own.no_answer, own.no_answer) for own in windows]
    first, last = int(places.min()), int(places.max())
    return [
        (first + own.shift, last + own.shift)
        if own.start <= first and last < own.start + len(own.offsets)
        else (own.no_answer, own.no_answer)
        for own in windows
    ]


def padded(windows: Sequence[EncodedPair], pad_id: int) -> dict[str, np.ndarray]:
    """`input_ids`, `attention_mask` and `token_type_ids`, int64 `[w t]`, padded on the right to the longest window."""
    ids, keep = pad([window.ids for window in windows], pad_id)
    segments, _ = pad([window.type_ids for window in windows], 0)
    return {"input_ids": ids, "attention_mask": keep.astype(np.int64), "token_type_ids": segments}


def _span(item: Normalised, start: int, end: int) -> tuple[int, int]:
    """A token's characters in the text as given, without the blanks that some tokenizers put into it."""
    while start < end and item.text[start].isspace():
        start += 1
    return item.span(start, end)
