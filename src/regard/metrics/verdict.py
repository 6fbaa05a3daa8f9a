"""Which differences between models are within noise, and which model to take: said in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from regard.metrics.compare import Difference, bootstrap_interval, holm, mcnemar, mean_figure, paired_bootstrap
from regard.metrics.measure import ACCURACY, Measure

SIGNIFICANCE = 0.05
CHEAPER = 2
"""How many times as fast or as small a model must be for its cost to outweigh a lead that may be noise."""


@dataclass(frozen=True)
class Contender:
    """One model on the texts that all contenders were scored on. `tallies` is what each text counts, [n s] or, with a
    row of them for each seed, [seeds n s]; `measure` makes the model's figure of their sums.

    `latency_ms` is for one text, `size` is in bytes; where they differ clearly they decide among models that are
    within noise of each other.
    """

    name: str
    tallies: np.ndarray = field(repr=False)
    latency_ms: float
    size: int
    measure: Measure = ACCURACY

    @property
    def by_seed(self) -> np.ndarray:
        return self.tallies if self.tallies.ndim == 3 else self.tallies[None]

    @property
    def texts(self) -> int:
        return self.by_seed.shape[1]

    @property
    def figure(self) -> float:
        """Of all texts, the mean over seeds."""
        return mean_figure(self.tallies, self.measure.figure)

    @property
    def badness(self) -> float:
        """What the best has least of."""
        return self.figure if self.measure.lower_is_better else -self.figure

    @property
    def right_or_wrong(self) -> bool:
        """Whether a text is either right or wrong, as McNemar's test asks."""
        if self.tallies.shape[-1] != 2:
            return False
        right, of = np.moveaxis(self.tallies, -1, 0)
        return bool((of == 1).all() and np.isin(right, (0, 1)).all())

    def interval(self, *, seed: int) -> tuple[float, float]:
        """The 95 % interval of `figure` over texts and seeds."""
        how = self.measure
        return bootstrap_interval(self.tallies, figure=how.figure, consecutive=how.consecutive, seed=seed)


@dataclass(frozen=True)
class Pair:
    """`first` is the better one, by `difference` (of a figure of which less is better, so much less). `p` is raw,
    `p_adjusted` Holm's over all pairs and what `within_noise` goes by."""

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


def verdict(contenders: Sequence[Contender], *, seed: int, noun: str = "text") -> Verdict:
    """Compare every pair by its figure, of one `measure` for all, and say which model to take. `noun` is what is
    counted.

    With one seed each, a pair of models whose texts are right or wrong is tested by McNemar's mid-p; else by a
    bootstrap over texts and seeds. The interval of the difference comes from the bootstrap either way.
    """
    ranked = sorted(contenders, key=lambda c: (c.badness, *_cost(c)))
    if not ranked:
        raise ValueError("there is nothing to compare")
    if any(contender.measure != ranked[0].measure for contender in ranked):
        raise ValueError("models are compared by one measure")
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
        sentence=" ".join(_sentences(ranked, tied, take, pairs, noun)),
    )


def _cost(contender: Contender) -> tuple[float, int, str]:
    return contender.latency_ms, contender.size, contender.name


def _choose(best: Contender, tied: list[Contender]) -> Contender:
    """The best, unless some are clearly cheaper; of these by the same rule. `tied` is in order, the best first."""
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
    how = a.measure
    found = paired_bootstrap(a.tallies, b.tallies, figure=how.figure, consecutive=how.consecutive, seed=seed)
    if how.lower_is_better:
        found = Difference(-found.difference, (-found.interval[1], -found.interval[0]), found.p)
    drawn = "runs of texts" if how.consecutive else "texts"
    if len(a.by_seed) > 1 or len(b.by_seed) > 1:
        return f"paired bootstrap over {drawn} and seeds", found
    if how.consecutive or not (a.right_or_wrong and b.right_or_wrong):
        return f"paired bootstrap over {drawn}", found
    right_a, right_b = (contender.by_seed[0, :, 0].astype(bool) for contender in (a, b))
    return "McNemar, mid-p", Difference(found.difference, found.interval, mcnemar(right_a, right_b))


def _sentences(
    ranked: list[Contender], tied: list[Contender], take: Contender, pairs: list[Pair], noun: str
) -> list[str]:
    best, n, measure = ranked[0], ranked[0].texts, ranked[0].measure
    equal = [contender for contender in ranked if contender.figure == best.figure]
    value, of_texts = measure.unit.value(best.figure), measure.headline == "accuracy" and best.right_or_wrong
    if len(equal) > 1:
        names = _enumerate([contender.name for contender in equal])
        tied = [contender for contender in tied if contender not in equal]
        how = f"are right equally often: {value} of" if of_texts else f"have the same {measure.name}, {value}, on"
        said = [f"{names} {how} {n:,} {noun}s."]
    else:
        how = f"is right most often: {value} of" if of_texts else f"has the {measure.best} {measure.name}: {value} on"
        said = [f"{best.name} {how} {n:,} {noun}s."]
    if len(equal) == 1 and len(ranked) > 1 and not tied:
        behind = pairs[0]
        said.append(f"Its lead over {behind.second}, {measure.unit.difference(behind.difference)}, is more than noise.")
    elif tied:
        names = _enumerate([f"{c.name} ({measure.unit.value(c.figure)})" for c in tied])
        verb, of = "is" if len(tied) == 1 else "are", "it" if len(equal) == 1 else "them"
        said.append(f"{names} {verb} within noise of {of}.")
    others = [pair for pair in pairs if pair.within_noise and pair.first != best.name]
    if others:
        names = "; ".join(f"{pair.first} and {pair.second}" for pair in others)
        said.append(f"Also within noise of each other: {names}.")
    if take is not best:
        alike = f"which these {noun}s can't tell from {best.name}"
        said.append(f"Take {take.name}, {alike} and which {_saving(take, best)}.")
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


def _enumerate(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
