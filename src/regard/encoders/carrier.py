"""A pattern as transformers' attention function: what the attention modules of a checkpoint call.

Notable: the keep mask goes through as it is, `[b t]`, so nothing as large as all pairs is made; what a pass needs is
prepared in its first layer and shared by the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from regard.errors import ModelError, UsageError
from regard.nn.attention import Pattern, attend, prepare, weights
from regard.nn.attention.engine import Prepared
from regard.nn.attention.patterns.causal import Causal
from regard.nn.attention.patterns.full import Full
from regard.nn.attention.patterns.window import Window
from regard.nn.attention.scores.scaled import Scaled

NAME = "regard"  # of the attention function, in `config._attn_implementation`
ROLE = "regard_carrier"  # where an attention module keeps its `Carrier`
PASSES = 2  # masks and shapes kept at once: ModernBERT has two of them in a pass; more would only hold memory
# What an attention may add to its scores; a pattern says nothing about it.
ADDED = ("position_bias", "softcap", "s_aux")

OTHERS = "take a model of another family: BERT, RoBERTa, DistilBERT, ModernBERT, GPT-2, BART …"

_heard: ContextVar[list[tuple[Any, int, int]] | None] = ContextVar("_heard", default=None)


class Carrier:
    """The pattern of a model's attention modules, shared by them; with what was prepared for the last passes."""

    def __init__(self, pattern: Pattern, *, cross: bool = False) -> None:
        self.pattern, self.cross = pattern, cross
        self.shows_weights = False
        self._passes: list[tuple[Any, Tensor | None, Prepared]] = []

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_passes": []}

    def prepared(
        self, query: Tensor, key: Tensor, keep: Tensor | None, causal: bool, window: int | None, dropout: float
    ) -> Prepared:
        """What all layers with this mask and these shapes share. Masks are told apart by identity: each pass has its
        own, and one that is held here can't come back as another."""
        shape = (query.shape, key.shape[2], query.dtype, query.device, causal, window, bool(dropout))
        for known, mask, found in self._passes:
            if known == shape and mask is keep:
                return found
        pattern = self.pattern if self.cross else intersected(self.pattern, causal, window)
        made = prepare(pattern, query, key, None if keep is None else keep[:, : key.shape[2]], dropout=dropout)
        self._passes = [*self._passes[1 - PASSES :], (shape, keep, made)]
        return made


def intersected(pattern: Pattern, causal: bool, window: int | None) -> Pattern:
    """The pattern with the model's own restrictions. `window` is transformers' `sliding_window`: the token itself and
    what is before it (and after it, in a model that reads both ways), `window` tokens with itself."""
    if causal:
        pattern = pattern & Causal()
    if window is not None:
        pattern = pattern & Window(left=window - 1, right=0 if causal else window - 1)
    return pattern


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    sliding_window: int | None = None,
    **keywords: Any,
) -> tuple[Tensor, Tensor | None]:
    """transformers' signature: queries `[b h t d]` to `([b t h d], weights)`; weights only inside `showing_weights`.

    Raises `UsageError` for what no pattern can be joined with, `ModelError` for a module that was given none.
    """
    _refuse(module, attention_mask, sliding_window, keywords)
    carrier = _carrier(module, query, key)
    if query.shape[2] < key.shape[2] and not carrier.cross and not carrier.pattern.extends:
        raise unfit_for_writing(carrier.pattern)
    groups = getattr(module, "num_key_value_groups", 1)
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    score = Scaled(scale=scaling)
    prepared = carrier.prepared(query, key, attention_mask, bool(causal) and not carrier.cross, sliding_window, dropout)
    if carrier.shows_weights:
        shown = weights(query, key, prepared.pattern, prepared.plan, prepared.keep, score)
        return (shown @ value).transpose(1, 2), shown
    return attend(query, key, value, prepared, score=score, dropout=dropout).transpose(1, 2), None


def unfit_for_writing(pattern: Pattern) -> UsageError:
    """For a pattern whose pairs change as a text grows, where what was read is to be kept."""
    return UsageError(
        f"{pattern!r}: who meets whom changes as a text grows, so nothing read can be kept while one is written",
        mend="take window, causal, segment, or chunk with wrap=false; or generate with use_cache=False",
    )


def _refuse(module: Any, mask: Tensor | None, sliding_window: int | None, keywords: dict[str, Any]) -> None:
    name = type(module).__name__
    for what in ADDED:
        if keywords.get(what) is not None:
            raise UsageError(
                f"{name} can't carry an attention pattern: it adds a {what} of its own to the scores", mend=OTHERS
            )
    if mask is not None and (mask.dim() != 2 or mask.dtype != torch.bool):
        raise UsageError(
            f"{name} was handed a mask {list(mask.shape)} of pairs; with an attention pattern it is one of tokens",
            mend="give attention_mask [b t], 1 for a real token",
        )
    if getattr(mask, "slides", False) and sliding_window is None:
        raise UsageError(f"{name} can't carry an attention pattern: it has a sliding window and does not say how wide")


def _carrier(module: Any, query: Tensor, key: Tensor) -> Carrier:
    heard = _heard.get()
    if heard is not None:
        heard.append((module, query.shape[2], key.shape[2]))
        return Carrier(Full(), cross=query.shape[2] != key.shape[2])
    carrier: Carrier | None = getattr(module, ROLE, None)
    if carrier is None:
        raise ModelError(
            f"{type(module).__name__} has lost its attention pattern, and is not run with full attention instead",
            mend="load the folder through regard, or transformers' Auto classes after `import regard.auto`",
        )
    return carrier


@contextmanager
def hearing() -> Iterator[list[tuple[Any, int, int]]]:
    """While entered, attention is full, and every module that calls it is noted with its numbers of queries, keys."""
    heard: list[tuple[Any, int, int]] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def carriers(model: Any) -> list[Carrier]:
    """The different carriers of a model: its pattern's, and one for cross-attention; none in a model without pattern"""
    found = (getattr(module, ROLE, None) for module in model.modules())
    return list({id(carrier): carrier for carrier in found if carrier is not None}.values())


@contextmanager
def showing_weights(model: Any) -> Iterator[None]:
    """While entered, a patterned model returns the weights `[b h t t]` that it is asked for: all pairs, as defined."""
    found = carriers(model)
    for carrier in found:
        carrier.shows_weights = True
    try:
        yield
    finally:
        for carrier in found:
            carrier.shows_weights = False


def keep_mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: Any = 0,
    kv_offset: int = 0,
    mask_function: Any = None,
    attention_mask: Tensor | None = None,
    device: Any = "cpu",
    **keywords: Any,
) -> Tensor | None:
    """transformers' mask function: the keep mask `[b t]` as it is, True = a real token; None: all are.

    Raises `UsageError` where the model asks for more than causality, a sliding window and padding.
    """
    parts = list(_parts(mask_function))
    if unknown := [part for part in parts if part not in PLAIN and part not in SLIDING]:
        raise UsageError(
            f"with an attention pattern no other mask is possible, found {unknown[0].split('.')[0]}",
            mend="give each text a row of its own, with attention_mask [b t]",
        )
    ends = int(q_offset) + q_length == kv_length
    if kv_offset or (not ends and (int(q_offset) or any(part.startswith("causal") for part in parts))):
        raise UsageError(
            "this cache keeps other keys than all that were read so far; places in the pattern would be off",
            mend="generate with the dynamic cache (cache_implementation=None)",
        )
    slides = any(part in SLIDING for part in parts)
    if attention_mask is None and not slides:
        return None
    if attention_mask is None:
        attention_mask = torch.ones(batch_size, kv_length, dtype=torch.bool, device=device)
    keep = attention_mask.clone()  # a pass is known by its mask, and the caller may change his own
    keep.slides = slides  # type: ignore[attr-defined]
    return keep


PLAIN = ("causal_mask_function", "bidirectional_mask_function")
SLIDING = ("sliding_window_overlay.<locals>.inner_mask", "sliding_window_bidirectional_overlay.<locals>.inner_mask")


def _parts(function: Any) -> Iterator[str]:
    """The names of the functions that a mask is the intersection of."""
    name = function.__qualname__
    if name != "and_masks.<locals>.and_mask":
        yield name
        return
    for cell in function.__closure__:
        for part in cell.cell_contents:
            yield from _parts(part)


def register() -> None:
    """Make both functions known to transformers; again is harmless."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, keep_mask)
