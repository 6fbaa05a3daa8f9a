"""One language model, several ways of going on: how far what each writes is from the text that truly follows. No torch.

There is no reference to be right by: a prompt may go on in many ways. So what is written is compared with true text in
what can be counted (Holtzman et al. 2020, sections 4 and 5): the model's own log-probability of it, which search for
likely text drives far above that of true text, its repetition, how many different words and pairs there are, and how
steeply words get rarer. All have the same prompts and as many tokens as the true text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from regard.analysis import variety
from regard.analysis.ways import SIGNIFICANCE, Method, silent, timed
from regard.metrics.bootstrap import Interval
from regard.metrics.compare import Difference, bootstrap_interval, holm, paired_bootstrap
from regard.metrics.measure import ratio, shares

LIKELIHOOD, REPETITION = "log_probability", "repeated_4"
COMPARED = (LIKELIHOOD, REPETITION)
"""Figures whose difference to the true text decides."""
TALLIED = (LIKELIHOOD, "repeated_3", REPETITION)
"""Figures that are ratios of what each text counts."""
GREEDY = Method("greedy", "greedy", {"greedy": True})
BEAMS = (2, 4, 8)
SAMPLERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sampling", {}),
    ("temperature 0.9", {"temperature": 0.9}),
    ("temperature 0.7", {"temperature": 0.7}),
    ("top-k 40", {"top_k": 40}),
    ("top-k 10", {"top_k": 10}),
    ("top-p 0.95", {"top_p": 0.95}),
    ("top-p 0.9", {"top_p": 0.9}),
    ("min-p 0.05", {"min_p": 0.05}),
    ("min-p 0.1", {"min_p": 0.1}),
)
PENALTY = 1.2
"""The repetition penalty that is tried (Keskar et al. 2019, section 4.1)."""


def methods(*, seed: int = 0) -> list[Method]:
    """All ways, greedy first, with options of `tasks.generate.writing.Writing`."""
    beams = [Method(f"{count} beams", "beams", {"beams": count}) for count in BEAMS]
    samplers = [Method(name, "sampling", {**options, "seed": seed}) for name, options in SAMPLERS]
    penalised = {"repetition_penalty": PENALTY}
    penalties = [
        Method(f"greedy, penalty {PENALTY:g}", "repetition", {"greedy": True, **penalised}),
        Method(f"sampling, penalty {PENALTY:g}", "repetition", {**penalised, "seed": seed}),
    ]
    return [GREEDY, *beams, *samplers, *penalties]


@dataclass(frozen=True)
class Continuation:
    """What stands behind one prompt: its tokens, the natural log-probability that the model itself gave each, and their
    text."""

    ids: list[int]
    log_probabilities: list[float]
    text: str


@dataclass(frozen=True)
class Outcome:
    """What a way of writing came to. `figures`: log_probability (natural, of a token), perplexity, repeated_3 and
    repeated_4 (shares), distinct_2 (share) and zipf; `intervals` those of them that have one. `differences` to the true
    text are of `COMPARED`, `p` Holm's over all ways.
    """

    method: Method
    continuations: list[Continuation] = field(repr=False)
    figures: dict[str, float]
    intervals: dict[str, Interval]
    seconds: float
    """For a token."""
    differences: dict[str, Difference]
    p: dict[str, float]

    def beyond_noise(self, figure: str) -> bool:
        """Whether a figure differs from the true text's by more than chance explains."""
        return self.p[figure] <= SIGNIFICANCE

    @property
    def repeats_more(self) -> bool:
        """Than the true text, by more than noise."""
        return self.beyond_noise(REPETITION) and self.differences[REPETITION].difference > 0

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.method.name,
            "family": self.method.family,
            "options": dict(self.method.options),
            "figures": self.figures,
            "intervals": {name: list(between) for name, between in self.intervals.items()},
            "seconds_per_token": self.seconds,
            "differences": {
                name: {
                    **found.to_json(),
                    "p_adjusted": self.p[name],
                    "within_noise": not self.beyond_noise(name),
                }
                for name, found in self.differences.items()
            },
        }


Writer = Callable[[Method, int | None], list[Continuation]]
"""Writes by a method what follows the first so many prompts, or all."""


def compare(
    tried: Sequence[Method],
    write: Writer,
    truth: Sequence[Continuation],
    *,
    seed: int,
    told: Callable[[Method], None] = silent,
) -> list[Outcome]:
    """Write by each method, and compare with what truly follows the same prompts."""
    written = list(timed(tried, write, told))
    tokens = max(sum(len(item.ids) for item in truth) / max(len(truth), 1), 1)
    true, counted = _tallies(truth), [_tallies(texts) for _, texts, _ in written]
    differences = [{name: _compared(own[name], true[name], seed=seed) for name in COMPARED} for own in counted]
    adjusted = {name: holm([found[name].p for found in differences]) for name in COMPARED}
    return [
        Outcome(
            method,
            texts,
            *_described(texts, counted[place], seed=seed),
            seconds / tokens,
            differences[place],
            {name: adjusted[name][place] for name in COMPARED},
        )
        for place, (method, texts, seconds) in enumerate(written)
    ]


def described(texts: Sequence[Continuation], *, seed: int) -> tuple[dict[str, float], dict[str, Interval]]:
    """The figures of texts, true ones or others, and their intervals."""
    return _described(texts, _tallies(texts), seed=seed)


def _described(
    texts: Sequence[Continuation], counted: dict[str, np.ndarray], *, seed: int
) -> tuple[dict[str, float], dict[str, Interval]]:
    said = [item.text for item in texts]
    figures = {name: float(ratio(own.sum(axis=0))) for name, own in counted.items()}
    figures["perplexity"] = math.exp(min(-figures[LIKELIHOOD], 700.0))
    found = {name: bootstrap_interval(own, seed=seed, consecutive=True) for name, own in counted.items()}
    measured = {"distinct_2": variety.distinct(said, 2, seed=seed), "zipf": variety.zipf(said, seed=seed)}
    figures |= {name: one.value for name, one in measured.items() if math.isfinite(one.value)}
    found |= {name: one.interval for name, one in measured.items() if one.interval is not None}
    return figures, found


def _tallies(texts: Sequence[Continuation]) -> dict[str, np.ndarray]:
    return {name: tally(texts, name) for name in TALLIED}


def tally(texts: Sequence[Continuation], figure: str) -> np.ndarray:
    """What each text counts for a figure, [n 2]."""
    if figure == LIKELIHOOD:
        return shares(
            np.array([math.fsum(item.log_probabilities) for item in texts]),
            np.array([len(item.ids) for item in texts], dtype=float),
        )
    n = int(figure.removeprefix("repeated_"))
    again, of = np.array([variety.repetition(item.text, n) for item in texts]).reshape(-1, 2).T
    return shares(again, of.astype(float))


def _compared(own: np.ndarray, true: np.ndarray, *, seed: int) -> Difference:
    """Passages stand one behind the other in their texts, so that neighbours are drawn in runs."""
    return paired_bootstrap(own, true, seed=seed, consecutive=True)
