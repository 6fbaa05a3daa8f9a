"""Which way of going on writes most like the true text, and what is said of it. No torch.

Close in what is counted is not the same as good: it rules out what repeats itself and what is far too likely or too
unlikely, and leaves the rest to a reader.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.analysis.continuing import GREEDY, LIKELIHOOD, REPETITION, Continuation, Outcome, tally
from regard.analysis.ways import SIGNIFICANCE
from regard.metrics.compare import paired_bootstrap
from regard.metrics.measure import ratio


def best(outcomes: Sequence[Outcome], truth: Sequence[Continuation], *, seed: int) -> Outcome:
    """The one to take. Of the ways that don't repeat more than true text by more than noise (of all where none is left)
    the one whose log-probability is closest to the true text's; of those within noise of it the one with the fewest
    beams, and of these the first."""
    fine = _without_loops(outcomes)
    closest = _closest(fine)
    level = [item for item in fine if item is closest or _apart(item, closest, truth, seed=seed) > SIGNIFICANCE]
    return min(level, key=lambda item: item.method.options.get("beams", 1))


def _without_loops(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those that repeat themselves no more than true text; all where none does."""
    return [item for item in outcomes if not item.repeats_more] or list(outcomes)


def _closest(outcomes: Sequence[Outcome]) -> Outcome:
    return min(outcomes, key=lambda item: abs(item.differences[LIKELIHOOD].difference))


def sentence(outcomes: Sequence[Outcome], take: Outcome, truth: dict[str, float]) -> str:
    """Which way to take, how far it is from the true text, and how far greedy is; `truth` are that one's figures."""
    n = len(take.continuations)
    found = take.differences[LIKELIHOOD]
    fine = _without_loops(outcomes)
    closest, alike = _closest(fine), "" if len(fine) == len(outcomes) else " that repeats itself no more than it"
    name, distance = closest.method.name, closest.differences[LIKELIHOOD].difference
    beside = "" if closest is take else f" ({name}: {_nats(distance, '+')})"
    difference, low, high = (_nats(one, "+") for one in (found.difference, *found.interval))
    said = (
        f"Take {take.method.name}: on {n:,} {'passage' if n == 1 else 'passages'} no way{alike} comes closer to the "
        f"true text by more than noise{beside}. It has {_nats(take.figures[LIKELIHOOD])} nats a token, "
        f"the true text {_nats(truth[LIKELIHOOD])} (difference {difference}, 95\u00a0% interval: {low} to {high}), and "
        f"{_share(take.figures[REPETITION])} of its stretches of 4 words come again, of the true text's "
        f"{_share(truth[REPETITION])}"
    )
    if take.repeats_more:
        said += "; every way repeats itself more than the true text"
    greedy = next((item for item in outcomes if item.method.name == GREEDY.name), take)
    if greedy is take:
        return f"{said}."
    return f"{said}. Greedy has {_nats(greedy.figures[LIKELIHOOD])} and {_share(greedy.figures[REPETITION])}."


def _nats(value: float, sign: str = "") -> str:
    shown = f"{value:{sign}.2f}"
    return shown.lstrip("+-") if float(shown) == 0 else shown.replace("-", "−")


def _share(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"


def _apart(one: Outcome, other: Outcome, truth: Sequence[Continuation], *, seed: int) -> float:
    """The p-value that two ways are equally far from the true text in log-probability."""
    true = tally(truth, LIKELIHOOD)

    def tallies(outcome: Outcome) -> np.ndarray:
        return np.concatenate([tally(outcome.continuations, LIKELIHOOD), true], axis=1)

    return paired_bootstrap(tallies(one), tallies(other), seed=seed, figure=_distance, consecutive=True).p


def _distance(sums: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(ratio(sums[..., :2]) - ratio(sums[..., 2:])))
