"""How an output is looked for. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SearchOptions:
    """`method` says which of the settings count: `beams`, `length_penalty`, `early_stopping` and `n_best` for beam,
    `temperature` to `seed` for sample, `repetition_penalty` for greedy and sample (see `nn.search`).

    `max_tokens` ends an output that does not end itself.
    """

    method: Literal["beam", "greedy", "sample"] = "beam"
    beams: int = 5
    length_penalty: float = 1.0
    early_stopping: bool = False
    n_best: int = 1
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 128
