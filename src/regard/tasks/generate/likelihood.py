"""How likely a language model holds each token of texts of any length.

Two ways. `in_windows`: a window of tokens at a time, each scored once and with what stands before it in its window, of
which there are at least `window - stride` tokens (but at the beginning of a text). `carried`: the text is read once, on
from the state behind what was read: exact for recurrent networks, with its memory for `transformer-xl`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from regard.decoders.base import Decoder

AT_ONCE = 2**25
"""Scores (tokens times vocabulary) that are computed at a time: 128 MiB."""


@dataclass(frozen=True)
class _Window:
    """Tokens `start` to `end` of one text, of which those from `first` on are scored."""

    text: int
    start: int
    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def in_windows(
    model: Any, texts: Sequence[np.ndarray], *, begin: int, window: int, stride: int, vocabulary: int, device: Any
) -> list[np.ndarray]:
    """The log-probability (natural) of each token of each text, float64 `[n]` a text; `begin` stands before the first.

    `model(input_ids=[b t])` gives `logits` `[b t v]`. Windows of about one length are read together.
    """
    found = [np.zeros(len(text)) for text in texts]
    windows = [own for number, text in enumerate(texts) for own in _windows(number, len(text), window, stride)]
    windows.sort(key=lambda own: (-len(own), own.text, own.start))
    for batch in _batches(windows, AT_ONCE // vocabulary):
        longest = len(batch[0])
        read, asked = (np.zeros((len(batch), longest), dtype=np.int64) for _ in range(2))
        for row, own in enumerate(batch):
            text = texts[own.text]
            asked[row, : len(own)] = text[own.start : own.end]
            read[row, 1 : len(own)] = text[own.start : own.end - 1]
            read[row, 0] = text[own.start - 1] if own.start else begin
        logits = model(input_ids=torch.from_numpy(read).to(device)).logits
        scored = _of_tokens(logits, torch.from_numpy(asked).to(device))
        for row, own in enumerate(batch):
            found[own.text][own.first : own.end] = scored[row, own.first - own.start : len(own)]
    return found


def _windows(text: int, length: int, window: int, stride: int) -> Iterator[_Window]:
    """Windows of `window` tokens that move on by `stride`; the last ends with the text, and begins earlier for it."""
    done = 0
    while done < length:
        end = min(length, done + stride if done else window)
        yield _Window(text, max(0, end - window), done, end)
        done = end


def _batches(windows: Sequence[_Window], tokens: int) -> Iterator[Sequence[_Window]]:
    start = 0
    while start < len(windows):
        size = max(1, tokens // len(windows[start]))
        yield windows[start : start + size]
        start += size


def carried(
    decoder: Decoder, texts: Sequence[np.ndarray], *, begin: int, chunk: int, vocabulary: int, device: Any
) -> list[np.ndarray]:
    """As `in_windows`, of a decoder that reads on: texts side by side, `chunk` tokens of each at a time."""
    found = [np.zeros(len(text)) for text in texts]
    order = sorted((row for row, text in enumerate(texts) if len(text)), key=lambda row: -len(texts[row]))
    size = max(1, AT_ONCE // (vocabulary * chunk))
    for start in range(0, len(order), size):
        _read_on(decoder, texts, order[start : start + size], found, begin, chunk, device)
    return found


def _read_on(
    decoder: Decoder,
    texts: Sequence[np.ndarray],
    rows: Sequence[int],
    found: Sequence[np.ndarray],
    begin: int,
    chunk: int,
    device: Any,
) -> None:
    """The texts of `rows`, the longest first: those that end leave."""
    state: Any = decoder.start(rows=len(rows))
    before = np.full(len(rows), begin, dtype=np.int64)
    for place in range(0, len(texts[rows[0]]), chunk):
        going = sum(len(texts[row]) > place for row in rows)
        if going < len(rows):
            rows, before = rows[:going], before[:going]
            state = decoder.reorder(state, torch.arange(going, device=device))
        own = [texts[row][place : place + chunk] for row in rows]
        asked = np.zeros((going, len(own[0])), dtype=np.int64)
        for row, tokens in enumerate(own):
            asked[row, : len(tokens)] = tokens
        read = np.concatenate([before[:, None], asked[:, :-1]], axis=1)
        logits, state = decoder.extend(torch.from_numpy(read).to(device), state)
        scored = _of_tokens(logits, torch.from_numpy(asked).to(device))
        for line, (row, tokens) in enumerate(zip(rows, own, strict=True)):
            found[row][place : place + len(tokens)] = scored[line, : len(tokens)]
        before = asked[:, -1]


def _of_tokens(logits: Float[Tensor, "b t v"], asked: Int[Tensor, "b t"]) -> np.ndarray:
    """The log-probabilities of these tokens, float64 `[b t]`."""
    loss = F.cross_entropy(logits.flatten(0, 1).float(), asked.flatten(), reduction="none")
    found: np.ndarray = -loss.view(asked.shape).double().cpu().numpy()
    return found
