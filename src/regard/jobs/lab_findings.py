"""What a decoding lab finds of any task, and how a decoder is walked along texts that are true."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from regard.jobs import facts
from regard.jobs.load import Model

if TYPE_CHECKING:
    from torch import Tensor

    from regard.analysis.exposure import Exposure
    from regard.analysis.ways import Method
    from regard.nn.search import Decoder

logger = logging.getLogger("regard")
AT_ONCE = 64
"""Texts that are walked along together."""


class Outcome(Protocol):
    """What a way of writing came to, of any task."""

    @property
    def method(self) -> Method: ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Lab(ABC):
    """What the lab found. `outcomes` begin with greedy, `take` is the one to use."""

    model: Model
    source: str
    part: str
    seed: int
    outcomes: Sequence[Outcome] = field(repr=False)
    take: Outcome
    exposure: Exposure = field(repr=False)
    page: Path

    @property
    @abstractmethod
    def n(self) -> int:
        """How many texts were looked at."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """Which way of writing to take."""

    @abstractmethod
    def findings(self) -> dict[str, Any]:
        """What only the lab of this task finds, and exposure among it."""

    def to_json(self) -> dict[str, Any]:
        """All that the page shows."""
        return {
            "regard": self.model.record["regard"],
            "task": self.model.recipe.task,
            "n": self.n,
            "run": str(self.model.run.path),
            "model": self.model.record["model"],
            "source": self.source,
            "part": self.part,
            "seed": self.seed,
            "command": facts.command("lab"),
            "machine": facts.machine(),
            "take": self.take.method.name,
            "options": dict(self.take.method.options),
            "sentence": self.sentence,
            "methods": [outcome.to_json() for outcome in self.outcomes],
            **self.findings(),
            "page": str(self.page),
        }


def teller(tried: Sequence[Method], texts: int) -> Callable[[Method], None]:
    """Says which way is next, and how many there are."""

    def told(method: Method) -> None:
        logger.info("writing %d texts, way %d of %d: %s", texts, tried.index(method) + 1, len(tried), method.name)

    return told


def walked(
    network: Any,
    decoder: Decoder,
    begin: Callable[[Sequence[int]], tuple[Any, Tensor]],
    targets: Sequence[Sequence[int]],
    *,
    never: Sequence[int],
    seed: int,
    consecutive: bool = False,
) -> Exposure:
    """Walk along all targets with true and with own tokens before each place, in batches of about one length. `begin`
    starts the texts with these numbers: a state, and what is read first; `never` are tokens that are not fed. Equally
    long ones stay in order. Evaluation mode for the call."""
    from regard.analysis.exposure import SHARES, along, exposure, joined

    order = sorted(range(len(targets)), key=lambda row: len(targets[row]))
    batches = [order[start : start + AT_ONCE] for start in range(0, len(order), AT_ONCE)]
    training = network.training
    network.eval()
    try:
        passes = [
            joined(
                [
                    along(
                        decoder,
                        *begin(rows),
                        [targets[row] for row in rows],
                        share=share,
                        never=never,
                        seed=seed + place,
                    )
                    for place, rows in enumerate(batches)
                ]
            )
            for share in SHARES
        ]
    finally:
        network.train(training)
    return exposure(passes, seed=seed, consecutive=consecutive)
