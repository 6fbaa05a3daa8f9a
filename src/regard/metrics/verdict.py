"""Which differences between models are within noise, and which model to take: said in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from regard.metrics.compare import Difference, holm, mcnemar, paired_bootstrap

SIGNIFICANCE = 0.05
CHEAPER = 2
"""How many times as fast or as small a model must be for its cost to outweigh a lead that may be noise."""


@dataclass(frozen=True)
class Contender:
    """One model on the texts that all contenders were scored on: `correct` is bool [seeds n], or [n] for one
    seed.

    `latency_ms` is for one text, `size` is in bytes; where they differ clearly they decide among models that are
    within noise of each other.
    """

    name: str
    correct: np.ndarray = field(repr=False)
    latency_ms: float
    size: int

    @property
    def by_seed(self) -> np.ndarray:
        return np.atleast_2d(self.correct).astype(bool)

    @property
    def accuracy(self) -> float:
        """The mean over texts and seeds."""
        return float(self.by_seed.mean())


@dataclass(frozen=True)
class Pair:
    """`first` is the better one. `p` is raw, `p_adjusted` Holm's over all pairs and what `within_noise` goes
    by."""

    first: str
    second: str
    difference: float
    interval: tuple[float, float]
    test: str
    p: float
    p_adjusted: float

    @property
    def within_noise(self) -> bool:
        return self.p_adjusted > SIGNIFICANCE

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "interval": list(self.interval), "within_noise": self.within_noise}


@dataclass(frozen=True)
class Verdict:
    """`ranking` from the best; `tied` are within noise of the best; `take` is the best, or one of these that is
    clearly cheaper."""

    ranking: list[str]
    tied: list[str]
    take: str
    pairs: list[Pair]
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return {
            "take": self.take,
            "sentence": self.sentence,
            "ranking": self.ranking,
            "tied_with_best": self.tied,
            "pairs": [pair.to_json() for pair in self.pairs],
        }


def verdict(contenders: Sequence[Contender], *, seed: int) -> Verdict:
    """Compare every pair by accuracy and say which model to take.

    With one seed each, a pair is tested by McNemar's mid-p; with more, by a bootstrap over texts and seeds.
    The interval of the difference comes from the bootstrap either way.
    """
    ranked = sorted(contenders, key=lambda c: (-c.accuracy, *_cost(c)))
    if not ranked:
        raise ValueError("there is nothing to compare")
    pairs = _pairs(ranked, seed=seed)
    best = ranked[0]
    level = {pair.second for pair in pairs if pair.first == best.name and pair.within_noise}
    tied = [contender for contender in ranked if contender.name in level]
    take = _choose(best, tied)
    return Verdict(
        ranking=[contender.name for contender in ranked],
        tied=[contender.name for contender in tied],
        take=take.name,
        pairs=pairs,
        sentence=" ".join(_sentences(ranked, tied, take, pairs)),
    )


def _cost(contender: Contender) -> tuple[float, int, str]:
    return contender.latency_ms, contender.size, contender.name


def _choose(best: Contender, tied: list[Contender]) -> Contender:
    """The most accurate, unless some are clearly cheaper; of these by the same rule. `tied` is in order of accuracy."""
    cheaper = [contender for contender in tied if _clearly_cheaper(contender, best)]
    return _choose(cheaper[0], cheaper[1:]) if cheaper else best


def _clearly_cheaper(one: Contender, other: Contender) -> bool:
    """`CHEAPER` times as fast; or as small, where it is not clearly slower."""
    return _faster(one, other) or (0 < CHEAPER * one.size <= other.size and not _faster(other, one))


def _faster(one: Contender, other: Contender) -> bool:
    return 0 < CHEAPER * one.latency_ms <= other.latency_ms


def _pairs(ranked: list[Contender], *, seed: int) -> list[Pair]:
    tested = [(a, b, *_test(a, b, seed=seed)) for a, b in combinations(ranked, 2)]
    adjusted = holm([difference.p for _, _, _, difference in tested])
    return [
        Pair(a.name, b.name, found.difference, found.interval, test, found.p, p)
        for (a, b, test, found), p in zip(tested, adjusted, strict=True)
    ]


def _test(a: Contender, b: Contender, *, seed: int) -> tuple[str, Difference]:
    found = paired_bootstrap(a.by_seed, b.by_seed, seed=seed)
    if len(a.by_seed) > 1 or len(b.by_seed) > 1:
        return "paired bootstrap over texts and seeds", found
    p = mcnemar(a.by_seed[0], b.by_seed[0])
    return "McNemar, mid-p", Difference(found.difference, found.interval, p)


def _sentences(ranked: list[Contender], tied: list[Contender], take: Contender, pairs: list[Pair]) -> list[str]:
    best, n = ranked[0], ranked[0].by_seed.shape[1]
    equal = [contender for contender in ranked if contender.accuracy == best.accuracy]
    if len(equal) > 1:
        names = _enumerate([contender.name for contender in equal])
        said = [f"{names} are right equally often: {_percent(best.accuracy)} of {n:,} texts."]
        tied = [contender for contender in tied if contender not in equal]
    else:
        said = [f"{best.name} is right most often: {_percent(best.accuracy)} of {n:,} texts."]
    if len(equal) == 1 and len(ranked) > 1 and not tied:
        behind = pairs[0]
        said.append(f"Its lead over {behind.second}, {_points(behind.difference)}, is more than noise.")
    elif tied:
        names = _enumerate([f"{c.name} ({_percent(c.accuracy)})" for c in tied])
        verb, of = "is" if len(tied) == 1 else "are", "it" if len(equal) == 1 else "them"
        said.append(f"{names} {verb} within noise of {of}.")
    others = [pair for pair in pairs if pair.within_noise and pair.first != best.name]
    if others:
        names = "; ".join(f"{pair.first} and {pair.second}" for pair in others)
        said.append(f"Also within noise of each other: {names}.")
    if take is not best:
        said.append(f"Take {take.name}, which these texts can't tell from {best.name} and which {_saving(take, best)}.")
    elif tied or len(equal) > 1:
        cheaper = f"{CHEAPER} times as fast, or {CHEAPER} times as small at about the same speed"
        said.append(f"Take {take.name}: none within noise of it is clearly cheaper to run ({cheaper}).")
    else:
        said.append(f"Take {take.name}.")
    return said


def _saving(take: Contender, best: Contender) -> str:
    """What made the cheaper one the better choice."""
    if _faster(take, best):
        return f"is faster: {take.latency_ms:.3g} ms a text against {best.latency_ms:.3g} ms"
    return f"is smaller: {_mebibytes(take)} on disk against {_mebibytes(best)}"


def _mebibytes(contender: Contender) -> str:
    return f"{contender.size / 2**20:.3g} MiB"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(difference: float) -> str:
    return f"{100 * difference:.1f} points"


def _enumerate(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
