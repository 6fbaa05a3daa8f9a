"""Prompts from texts with what truly follows them, and what a model writes in its place: many at once, equally long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regard.errors import UsageError
from regard.tasks.generate.encoder import EncodedText
from regard.tasks.generate.writing import Writing

if TYPE_CHECKING:
    from torch import Tensor

    from regard.nn.search import Hypothesis
    from regard.tasks.generate.language_models import LanguageModels

PROMPT_TOKENS, TOKENS = 50, 200
"""Of a prompt and of what follows it, where nobody says otherwise and the model has room for them."""
PROMPT_SHARE = 5
"""In less room a prompt is this part of it."""
ROWS = 64
"""Texts that are written together; of several beams each counts."""
SPREAD = 1_000_003
"""Between the seeds of one passage and another draw of it: no two passages share a stream."""


@dataclass(frozen=True)
class Passage:
    """Consecutive tokens of one text: a `prompt`, and the `truth` that follows it. `id` is the text's, and which of
    its tokens the prompt begins with (from 1)."""

    id: str
    prompt: list[int]
    truth: list[int]


def passages(
    ids: Sequence[str], encoded: Sequence[EncodedText], *, prompt_tokens: int, tokens: int, most: int
) -> list[Passage]:
    """At most `most` passages, none over another, spread evenly over all texts; none where no text is long enough."""
    length = prompt_tokens + tokens
    places = [
        (row, start) for row, item in enumerate(encoded) for start in range(0, len(item.ids) - length + 1, length)
    ]
    count = min(most, len(places))
    chosen = [places[(2 * number + 1) * len(places) // (2 * count)] for number in range(count)]
    return [
        Passage(
            f"{ids[row]}:{start + 1}",
            encoded[row].ids[start : start + prompt_tokens].tolist(),
            encoded[row].ids[start + prompt_tokens : start + length].tolist(),
        )
        for row, start in chosen
    ]


def lengths(model: LanguageModels, prompt_tokens: int | None, tokens: int | None) -> tuple[int, int]:
    """Tokens of a prompt and of what follows it: as given, else `PROMPT_TOKENS` and `TOKENS`, less where the model
    reads fewer at a time. Raises `UsageError` where they make no sense or the model has no room for them."""
    for name, given in (("--prompt-tokens", prompt_tokens), ("--tokens", tokens)):
        if given is not None and given < 1:
            raise UsageError(f"{name} is {given}", mend="give 1 or more")
    before = len(model.encoder.opening(empty=False))
    learned = None if model.carries_on else model.encoder.max_length
    room = model.positions or learned
    most = PROMPT_TOKENS + TOKENS if room is None else room - before
    prompt = prompt_tokens or min(PROMPT_TOKENS, max(1, most // PROMPT_SHARE))
    after = tokens or (min(TOKENS, most - prompt) if most > prompt else TOKENS)
    if model.positions is not None and before + prompt + after > model.positions:
        raise UsageError(
            f"a prompt of {prompt:,} tokens and {after:,} after it: the model reads {model.positions:,}"
            + (f", {before:,} of them special" if before else ""),
            mend="lower --prompt-tokens or --tokens",
        )
    return prompt, after


def begun(model: LanguageModels, some: Sequence[Passage]) -> tuple[Any, Tensor]:
    """The writer's state behind all but the last token of each prompt, and that token `[b]`, which is read next."""
    import torch

    read = torch.tensor(_read(model, some), device=model.model.device)
    decoder = model.writer()
    with torch.inference_mode():
        state = decoder.start(rows=len(some))
        if read.shape[1] > 1:
            _, state = decoder.extend(read[:, :-1], state)
    return state, read[:, -1]


def unwritten(model: LanguageModels) -> list[int]:
    """The tokens that are no part of a text: special ones, and the end, so that all are equally long."""
    return [*model.encoder.never, model.encoder.end_id]


def continued(model: LanguageModels, some: Sequence[Passage], writing: Writing) -> list[Hypothesis]:
    """What the model writes behind each prompt: `writing.tokens` tokens, never an end. What is drawn hangs on the
    number of the passage and `writing.seed`, not on what else is written."""
    found: list[Hypothesis] = []
    size = max(ROWS // writing.beams, 1)
    for start in range(0, len(some), size):
        found += _together(model, some[start : start + size], writing, first=start)
    return found


def text_of(model: LanguageModels, passage: Passage, ids: Sequence[int]) -> str:
    """The text of tokens that follow a passage's prompt."""
    decode = model.encoder.decode
    return decode([*passage.prompt, *ids])[len(decode(passage.prompt)) :]


def _read(model: LanguageModels, some: Sequence[Passage]) -> list[list[int]]:
    """What is read before anything is written: at least one token, equally many of each passage."""
    before = model.encoder.opening(empty=False)
    return [before + passage.prompt for passage in some]


def _together(model: LanguageModels, some: Sequence[Passage], writing: Writing, *, first: int) -> list[Hypothesis]:
    """Of one batch; `first` is the number of its first passage."""
    from regard.nn import search

    state, last = begun(model, some)
    rules: dict[str, Any] = {"end": None, "max_tokens": writing.tokens, "banned": unwritten(model)}
    if writing.beams > 1:
        return [own[0] for own in search.beam(model.writer(), state, last, beams=writing.beams, **rules)]
    return search.sample(
        model.writer(),
        state,
        last,
        seed=[writing.seed * SPREAD + first + row for row in range(len(some))],
        temperature=0.0 if writing.greedy else writing.temperature,
        top_k=writing.top_k,
        top_p=writing.top_p,
        min_p=writing.min_p,
        repetition_penalty=writing.repetition_penalty,
        prompts=_read(model, some),
        **rules,
    )
