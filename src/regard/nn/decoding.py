"""What every search shares: what it asks of a decoder, what it gives back, and when a text is at its end.

Notable: all that is known of a decoder is that it reads one token of every row, and that rows can be put in another
order. So a search runs on a network of ours, on a checkpoint, and on a table of probabilities in a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from regard.errors import ModelError, UsageError


@runtime_checkable
class Decoder(Protocol):
    """What writes. The state is the decoder's own affair; the caller makes the first one and hands it to the search."""

    def step(self, ids: Int[Tensor, " b"], state: Any) -> tuple[Float[Tensor, "b v"], Any]:
        """Read one token of every row: the scores of the next, and the state behind it."""
        ...

    def reorder(self, state: Any, rows: Int[Tensor, " n"]) -> Any:
        """A state whose row i is row `rows[i]` of this one. n may be smaller or larger than b."""
        ...


@dataclass(frozen=True)
class Hypothesis:
    """One text that was written.

    `log_probabilities`: natural logarithms of what the model itself gave each token, whatever a temperature, a filter,
    a ban or a penalty did to its chances; that of the end token is the last where there is one. `score`: of a beam
    search what it ranks by, their sum over length**length_penalty; else their mean, the same with a penalty of 1."""

    ids: list[int]
    """Without the end token."""
    log_probabilities: list[float]
    score: float
    finished: bool
    """Ended by an end token, not by the limit."""

    @classmethod
    def of(
        cls, ids: list[int], log_probabilities: list[float], end: Sequence[int], score: float | None = None
    ) -> Hypothesis:
        """From all that was written, a last end token included."""
        finished = ids[-1] in end
        score = sum(log_probabilities) / len(log_probabilities) if score is None else score
        return cls(ids[:-1] if finished else ids, log_probabilities, score, finished)


@dataclass(frozen=True)
class Rules:
    """When a text is at its end and what may not stand in it: the same for every search."""

    end: tuple[int, ...]
    limits: tuple[int, ...]
    """Of each row: how many tokens at most, the end token counted."""
    min_tokens: int
    banned: tuple[int, ...]

    @classmethod
    def of(
        cls,
        rows: int,
        end: int | Iterable[int] | None,
        max_tokens: int | Sequence[int],
        min_tokens: int,
        banned: Iterable[int],
    ) -> Rules:
        """`end` None: a text never ends by itself. Raises `UsageError` for what makes no sense."""
        ends = () if end is None else (end,) if isinstance(end, int) else tuple(end)
        limits = (max_tokens,) * rows if isinstance(max_tokens, int) else tuple(max_tokens)
        if len(limits) != rows:
            raise UsageError(f"max_tokens has {len(limits)} numbers, but there are {rows} rows")
        check(min(limits, default=1) >= 1, "max_tokens", min(limits, default=1), "at least 1")
        check(min_tokens >= 0, "min_tokens", min_tokens, "at least 0")
        return cls(ends, limits, min_tokens, tuple(banned))

    def obeyed(self, scores: Float[Tensor, "b v"], step: int) -> Float[Tensor, "b v"]:
        """-inf for what may not be written as token number `step` (the first is 0)."""
        forbidden = (*self.banned, *self.end) if step < self.min_tokens else self.banned
        if not forbidden:
            return scores
        self._check_ids(scores.shape[1])
        return scores.index_fill(1, torch.tensor(forbidden, device=scores.device), -torch.inf)

    def _check_ids(self, vocabulary: int) -> None:
        for name, ids in (("banned", self.banned), ("end", self.end)):
            for number in ids:
                check(0 <= number < vocabulary, name, number, f"a number of a token, from 0 to {vocabulary - 1}")


def check(fine: bool, name: str, found: object, wanted: str) -> None:
    """Raises `UsageError` where an option is out of its range."""
    if not fine:
        raise UsageError(f"{name} is {found!r}", mend=f"{name}: {wanted}")


def no_token(row: int, step: int) -> ModelError:
    """What is raised where nothing can follow: all is banned, or the scores are not numbers."""
    return ModelError(
        f"row {row}: no token can be number {step + 1} of the text; each is banned, impossible (-inf) or not a number",
        mend="ban fewer tokens, lower min_tokens, or see whether the model's weights are numbers",
    )
