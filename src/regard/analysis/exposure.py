"""Exposure bias: how much harder the true next token is to a decoder that has its own words before it than to one that
has the true ones, as in training (Bengio et al. 2015, section 2; Ranzato et al. 2016, section 2.2).

What is measured. A decoder writes along each reference, place by place. Before each place stands the true token with a
probability of 1 - share, else the likeliest token by what it had read until then (the input of scheduled sampling,
Bengio et al. 2015, section 2.4, with the likeliest in the place of a drawn one). The loss is that of the true token.
A share of 0 is teacher forcing, a share of 1 free running. The end is never fed: where the decoder would end before the
reference does, the next likeliest token stands there, so that both have the same places.

What it does not tell apart: a decoder that says the same in other words, or one word earlier, has other tokens before
the same place too. A small share keeps the text in its place, so that what it costs is due to the tokens themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.metrics.compare import Difference, paired_bootstrap
from regard.metrics.measure import ratio, shares

if TYPE_CHECKING:
    from torch import Tensor

    from regard.nn.search import Decoder

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of own tokens before a place: teacher forcing first, free running last."""
LEAST_TEXTS = 10
"""References that must have a place for its loss to be shown."""
GROUPS = (1, 6, 11, 21, 41, 81)
"""Where the groups of places begin in the table."""


@dataclass(frozen=True)
class Along:
    """Of the true tokens of each reference their loss in nats and whether each was the likeliest, `[n t]`, NaN behind
    the end, and the share of places whose token before is not the reference's."""

    share: float
    losses: np.ndarray
    right: np.ndarray
    replaced: float

    @property
    def loss(self) -> float:
        """Of a token."""
        return float(np.nanmean(self.losses))

    @property
    def accuracy(self) -> float:
        return float(np.nanmean(self.right))


@dataclass(frozen=True)
class Place:
    """Places `first` to `last` (from 1) of the references that reach them: how many tokens, losses and shares right,
    teacher-forced and free-running."""

    first: int
    last: int
    tokens: int
    forced: float
    free: float
    forced_right: float
    free_right: float

    def to_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "last": self.last,
            "tokens": self.tokens,
            "forced_loss": self.forced,
            "free_loss": self.free,
            "forced_accuracy": self.forced_right,
            "free_accuracy": self.free_right,
        }


@dataclass(frozen=True)
class Exposure:
    """`mixed` from teacher forcing to free running; `difference` of their losses, free minus forced, over the texts."""

    mixed: list[Along]
    difference: Difference

    @property
    def forced(self) -> Along:
        return self.mixed[0]

    @property
    def free(self) -> Along:
        return self.mixed[-1]

    @property
    def reference_loss(self) -> float:
        """Of a whole reference under teacher forcing, mean of the texts: its negative log-probability."""
        return float(np.nansum(self.forced.losses) / max(len(self.forced.losses), 1))

    def places(self) -> list[Place]:
        """Each place that enough references reach."""
        reached = (~np.isnan(self.forced.losses)).sum(axis=0)
        enough = min(LEAST_TEXTS, int(reached[0]))
        return [self._place(at, at + 1) for at in range(len(reached)) if reached[at] >= enough]

    def groups(self) -> list[Place]:
        """The same in groups of places, for a table."""
        longest = self.forced.losses.shape[1]
        edges = [edge - 1 for edge in GROUPS if edge <= longest] + [longest]
        return [self._place(start, end) for start, end in itertools.pairwise(edges) if end > start]

    def _place(self, start: int, end: int) -> Place:
        forced, free = ((one.losses[:, start:end], one.right[:, start:end]) for one in (self.forced, self.free))
        reached = int((~np.isnan(self.forced.losses[:, start:end])).any(axis=0).sum())
        means = [float(np.nanmean(part)) for part in (forced[0], free[0], forced[1], free[1])]
        return Place(start + 1, start + reached, int((~np.isnan(forced[0])).sum()), *means)

    def to_json(self) -> dict[str, Any]:
        return {
            "forced_loss": self.forced.loss,
            "free_loss": self.free.loss,
            "difference": self.difference.to_json(),
            "forced_accuracy": self.forced.accuracy,
            "free_accuracy": self.free.accuracy,
            "reference_loss": self.reference_loss,
            "shares": [
                {"share": one.share, "loss": one.loss, "accuracy": one.accuracy, "replaced": one.replaced}
                for one in self.mixed
            ],
            "places": [place.to_json() for place in self.places()],
            "groups": [place.to_json() for place in self.groups()],
        }


def exposure(passes: Sequence[Along], *, seed: int, consecutive: bool = False) -> Exposure:
    """From what `along` found with each share of the same references, in order: a share of 0 first, of 1 last.
    `consecutive`: they stand one behind the other in a text."""
    tallies = [
        shares(np.nansum(one.losses, axis=1), (~np.isnan(one.losses)).sum(axis=1).astype(float))
        for one in (passes[-1], passes[0])
    ]
    return Exposure(list(passes), paired_bootstrap(*tallies, seed=seed, figure=ratio, consecutive=consecutive))


def along(
    decoder: Decoder,
    state: Any,
    first: Tensor,
    targets: Sequence[Sequence[int]],
    *,
    share: float,
    never: Sequence[int],
    seed: int,
) -> Along:
    """Walk along each target `[b]` from a state that was started on its source; `never` are tokens that are not fed,
    the end among them. Raises nothing of its own."""
    import torch

    lengths = [len(target) for target in targets]
    losses, right = (np.full((len(targets), max(lengths, default=0)), np.nan) for _ in range(2))
    generator = torch.Generator().manual_seed(seed)
    read, replaced = first, 0
    with torch.inference_mode():
        for step in range(losses.shape[1]):
            there = [row for row, length in enumerate(lengths) if length > step]
            logits, state = decoder.step(read, state)
            logs = logits.double().log_softmax(-1)
            true = torch.tensor([target[min(step, len(target) - 1)] for target in targets], device=logits.device)
            own = logs.gather(1, true[:, None])[:, 0]
            losses[there, step] = -own.cpu().numpy()[there]
            right[there, step] = (logs.argmax(-1) == true).cpu().numpy()[there]
            likeliest = _without(logs, never).argmax(-1)
            mine = (torch.rand(len(targets), generator=generator) < share).to(true.device)
            read = torch.where(mine, likeliest, true)
            on = [row for row in there if lengths[row] > step + 1]
            replaced += int((read != true).cpu().numpy()[on].sum())
    return Along(share, losses, right, replaced / max(sum(max(length - 1, 0) for length in lengths), 1))


def _without(logs: Tensor, never: Sequence[int]) -> Tensor:
    import torch

    return logs.index_fill(1, torch.tensor(sorted(set(never)), device=logs.device), -torch.inf)


def joined(parts: Sequence[Along]) -> Along:
    """Batches of the same share as one."""
    longest = max(part.losses.shape[1] for part in parts)

    def stacked(arrays: list[np.ndarray]) -> np.ndarray:
        padding = [((0, 0), (0, longest - array.shape[1])) for array in arrays]
        return np.concatenate([np.pad(a, p, constant_values=np.nan) for a, p in zip(arrays, padding, strict=True)])

    places = [np.isfinite(part.losses[:, 1:]).sum() for part in parts]
    replaced = sum(part.replaced * count for part, count in zip(parts, places, strict=True)) / max(sum(places), 1)
    losses, right = stacked([part.losses for part in parts]), stacked([part.right for part in parts])
    return Along(parts[0].share, losses, right, float(replaced))
