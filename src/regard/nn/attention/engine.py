"""One way in: `prepare` once for a batch, `attend` in each layer. Which engine runs is decided here, nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from regard.errors import UsageError
from regard.nn.attention.engines import band, dense, flex, grid
from regard.nn.attention.engines.bias import Counter
from regard.nn.attention.engines.kernel import Piece, attend_pieces, fuses
from regard.nn.attention.engines.sorted import attend_sorted
from regard.nn.attention.look import note
from regard.nn.attention.pattern import Band, Grid, Layout, Pattern, Plan, Sorted
from regard.nn.attention.patterns.causal import Causal
from regard.nn.attention.scores.scaled import Scaled
from regard.nn.attention.scores.score import penalty_in
from regard.nn.fused_attention import fused_attention

ENGINES = ("auto", "dense", "blocked", "flex")


@dataclass
class Prepared:
    """What all layers of one pass share. Made by `prepare`."""

    pattern: Pattern
    plan: Plan
    keep: Tensor | None
    engine: str
    layout: Layout | None = None
    triangle: bool = False  # each query meets all up to its own place, which torch's fused attention does by itself
    kept: dict[Any, Any] = field(default_factory=dict)  # biases and pieces, by number format


def prepare(
    pattern: Pattern,
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    keep: Bool[Tensor, "b s"] | None = None,
    *,
    plan: Plan | None = None,
    engine: str = "auto",
    dropout: float = 0.0,
    score: Any = None,
) -> Prepared:
    """The plan of a batch and the engine for it. Only a pattern that hashes looks at the numbers in `key`.

    Raises `UsageError` for an engine that is unknown or can't run this.
    """
    if engine not in ENGINES:
        raise UsageError(f"unknown attention engine {engine!r}", mend=f"one of {', '.join(ENGINES)}")
    if keep is not None and bool(keep.all()):
        keep = None
    if plan is None:
        plan = pattern.plan(
            query.shape[2], key.shape[2], heads=query.shape[1], keep=keep, vectors=key, device=query.device
        )
    layout = pattern.layout(plan) if plan.queries == plan.keys else None
    triangle = _triangle(pattern, plan, keep)
    chosen = _choose(engine, layout, plan, query, dropout, score, triangle)
    return Prepared(pattern, plan, keep, chosen, layout, triangle)


def attend(
    query: Float[Tensor, "b h t d"],
    key: Float[Tensor, "b h s d"],
    value: Float[Tensor, "b h s v"],
    prepared: Prepared,
    *,
    score: Any = None,
    dropout: float = 0.0,
) -> Float[Tensor, "b h t v"]:
    """softmax(score + log(count)) value, over the kept keys. What a padded query gets means nothing.

    `score`: scaled inner products where none is given.
    """
    score = score or Scaled()
    if not query.shape[2]:
        return value.new_zeros(*query.shape[:3], value.shape[-1])
    note(query, key, prepared.pattern, prepared.plan, prepared.keep, score)
    if not score.folds:
        return dense.attend_open(query, key, value, *_dense_bias(prepared, query), score, dropout)
    query, key, scale = score.fold(query, key)
    if prepared.engine == "flex":
        mask = _once(prepared, "mask", lambda: flex.block_mask(prepared.pattern, prepared.plan, prepared.keep, query))
        return flex.attend_flex(
            query, key, value, prepared.pattern, prepared.plan, prepared.keep, mask, scale, score.self_penalty
        )
    if prepared.engine == "blocked":
        return _blocked(query, key, value, prepared, scale, score.self_penalty, dropout)
    if prepared.triangle and score.self_penalty is None and not dropout:
        return fused_attention(query, key, value, causal=True, scale=scale)
    bias, blind = _dense_bias(prepared, query)
    if score.self_penalty is not None:
        bias = _penalised(bias, prepared.plan, score.self_penalty, query)
    return dense.attend_dense(query, key, value, bias, blind, scale, dropout)


def _choose(
    engine: str, layout: Layout | None, plan: Plan, query: Tensor, dropout: float, score: Any, triangle: bool
) -> str:
    folds = score is None or score.folds
    # Only sorted pieces know where a token meets itself.
    in_blocks = layout is not None and (isinstance(layout, Sorted) or getattr(score, "self_penalty", None) is None)
    can = {"blocked": in_blocks and folds, "flex": folds and not dropout, "dense": True}
    if engine != "auto":
        if not can[engine]:
            raise UsageError(
                f"the {engine} engine can't run this: "
                + (
                    "FlexAttention has no dropout"
                    if engine == "flex" and folds
                    else "it needs a sparse pattern and a score that is an inner product"
                ),
                mend="engine='auto' takes one that can",
            )
        return engine
    if triangle and not dropout:
        return "dense"  # half of the pairs, no mask of all of them
    if can["flex"] and flex.able(query) and layout is not None:
        return "flex"
    if not can["blocked"]:
        return "dense"
    return "blocked" if _blocked_cost(layout, plan.keys) < plan.queries * plan.keys else "dense"


def _blocked_cost(layout: Layout | None, length: int) -> float:
    """In pairs of the dense engine."""
    if isinstance(layout, Band):
        return band.cost(layout, length)
    if isinstance(layout, Grid):
        return grid.cost(layout, length)
    return 0.0  # to count all pairs of a hashed text takes longer than to sort it


def pairs_of(layout: Layout, length: int) -> int:
    """How many pairs of a text and head the blocked engine computes."""
    if isinstance(layout, Band):
        return band.pairs(layout, length)
    if isinstance(layout, Grid):
        return grid.pairs(layout, length)
    return layout.order.shape[2] * length * layout.chunk * (1 + layout.before + layout.after)


def _blocked(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    prepared: Prepared,
    scale: float,
    self_penalty: float | None,
    dropout: float,
) -> Tensor:
    layout = prepared.layout
    if isinstance(layout, Sorted):
        return attend_sorted(query, key, value, layout, prepared.keep, scale, dropout, self_penalty)
    if self_penalty is not None:
        raise ValueError("prepared for another score: name the score in prepare() too")
    length = query.shape[2]
    if isinstance(layout, Grid) and length % layout.block:
        padding = (0, 0, 0, -length % layout.block)
        query, key, value = (F.pad(tensor, padding) for tensor in (query, key, value))
    block = band.FINE if isinstance(layout, Band) and fuses(query, dropout) else band.BLOCK

    def pieces(block: int) -> list[Piece]:
        found: list[Piece] = _once(prepared, ("pieces", query.dtype, block), lambda: _pieces(prepared, query, block))
        return found

    return attend_pieces(query, key, value, pieces(block), scale, dropout, lambda: pieces(band.BLOCK))[:, :, :length]


def _pieces(prepared: Prepared, query: Tensor, block: int) -> list[Piece]:
    plan = prepared.plan
    found: list[Piece] = []
    like = query.new_empty(0)
    for text in range(query.shape[0]):
        layout = prepared.pattern.layout(plan, text)
        keep = None if prepared.keep is None else prepared.keep[text]
        counter = Counter(prepared.pattern, plan, text, query.shape[1], like, keep)
        if isinstance(layout, Grid):
            if query.shape[2] > plan.keys:
                kept = torch.ones(plan.keys, dtype=torch.bool, device=query.device) if keep is None else keep
                counter = Counter(
                    counter.pattern, plan, text, query.shape[1], like, F.pad(kept, (0, -plan.keys % layout.block))
                )
            found += grid.pieces(layout, counter, query.shape[2] // layout.block)
        else:
            assert isinstance(layout, Band)
            first, last, whole = _span(keep, plan.keys)
            if whole:
                counter = Counter(counter.pattern, plan, text, query.shape[1], like, None)
            found += band.pieces(layout, counter, first, last, block)
    return found


def _span(keep: Tensor | None, length: int) -> tuple[int, int, bool]:
    """The first kept token, one past the last, and whether there is no gap between them."""
    if keep is None:
        return 0, length, True
    places = keep.nonzero()[:, 0]
    if not len(places):
        return 0, 0, True
    first, last = int(places[0]), int(places[-1]) + 1
    return first, last, last - first == len(places)


def _triangle(pattern: Pattern, plan: Plan, keep: Tensor | None) -> bool:
    """Whether the pattern is causality and no more. Padding behind a text is met by padding only."""
    if not isinstance(pattern, Causal) or plan.queries != plan.keys:
        return False
    return keep is None or bool((keep[:, 1:] <= keep[:, :-1]).all())


def _dense_bias(prepared: Prepared, query: Tensor) -> tuple[Tensor | None, Tensor | None]:
    return _once(
        prepared,
        ("bias", query.dtype),
        lambda: dense.bias_of(
            prepared.pattern, prepared.plan, prepared.keep, query.shape[0], query.shape[1], query.new_empty(0)
        ),
    )


def _penalised(bias: Tensor | None, plan: Plan, penalty: float, query: Tensor) -> Tensor:
    own = torch.eye(plan.keys, dtype=torch.bool, device=query.device)[plan.offset :]
    added = torch.zeros(own.shape, dtype=query.dtype, device=query.device).masked_fill_(
        own, penalty_in(query.dtype, penalty)
    )
    return added[None, None] if bias is None else bias + added


def _once(prepared: Prepared, name: Any, make: Any) -> Any:
    """Kept for the other layers; made outside inference mode, where a tensor could not be trained with later."""
    if name not in prepared.kept:
        with torch.inference_mode(False), torch.no_grad():
            prepared.kept[name] = make()
    return prepared.kept[name]
