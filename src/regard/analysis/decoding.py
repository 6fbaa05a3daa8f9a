"""One model, several ways of writing: which is better, by how much, and at what price. No torch.

A way is compared with greedy on the same texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from regard.analysis.variety import REPEATED, repeated
from regard.analysis.ways import SIGNIFICANCE, Method, silent, timed
from regard.metrics.bleu import bleu, bleu_counts, length_ratio
from regard.metrics.chrf import chrf, chrf_counts
from regard.metrics.compare import Difference, holm, paired_bootstrap
from regard.records import TextPrediction

GREEDY = Method("greedy", "greedy", {"method": "greedy"})
BEAMS = (2, 4, 5, 8, 16)
PENALTIES = (0.0, 0.5, 1.0, 1.5, 2.0)
PENALISED = 5
"""The number of beams that length penalties are tried with."""
SAMPLERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sampling", {}),
    ("temperature 0.7", {"temperature": 0.7}),
    ("top-k 10", {"top_k": 10}),
    ("top-p 0.9", {"top_p": 0.9}),
    ("min-p 0.1", {"min_p": 0.1}),
)


def methods(*, length_penalty: float = 1.0, seed: int = 0) -> list[Method]:
    """All ways, greedy first; `length_penalty` is that of the beams where none is tried. Options are those of
    `tasks.translate.SearchOptions`."""
    common = {"method": "beam", "n_best": 1}
    beams = [
        Method(f"{count} beams", "beams", {**common, "beams": count, "length_penalty": length_penalty})
        for count in BEAMS
    ]
    penalties = [
        Method(
            f"{PENALISED} beams, penalty {power:g}", "penalty", {**common, "beams": PENALISED, "length_penalty": power}
        )
        for power in PENALTIES
        if power != length_penalty
    ]
    samplers = [Method(name, "sampling", {"method": "sample", "seed": seed, **options}) for name, options in SAMPLERS]
    return [GREEDY, *beams, *penalties, *samplers]


@dataclass(frozen=True)
class Outcome:
    """What a way of writing came to. `figures`: bleu, chrf, length_ratio, repeated_3 and repeated_4 (shares),
    log_probability (of a whole output, the model's own, mean of the texts), token_log_probability, unfinished (share),
    same (share of outputs that are greedy's). `difference` is that of BLEU to greedy, `p` Holm's over all ways.
    """

    method: Method
    predictions: list[TextPrediction] = field(repr=False)
    figures: dict[str, float]
    seconds: float
    """For a text."""
    difference: Difference | None = None
    p: float | None = None

    @property
    def outputs(self) -> list[str]:
        return [item.output for item in self.predictions]

    @property
    def beyond_noise(self) -> bool:
        """Whether it differs from greedy by more than chance explains."""
        return self.p is not None and self.p <= SIGNIFICANCE

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.method.name,
            "family": self.method.family,
            "options": dict(self.method.options),
            "figures": self.figures,
            "seconds_per_text": self.seconds,
            "difference": None if self.difference is None else self.difference.to_json(),
            "p_adjusted": self.p,
            "within_noise": not self.beyond_noise,
        }


Writer = Callable[[Method, int | None], list[TextPrediction]]
"""Writes by a method what belongs to the first so many texts, or to all; predictions hold the references."""


def compare(
    tried: Sequence[Method], write: Writer, *, seed: int, told: Callable[[Method], None] = silent
) -> list[Outcome]:
    """Write by each method, the first of them greedy, and compare. `told` hears of each method before it writes."""
    found: list[Outcome] = []
    for method, predictions, seconds in timed(tried, write, told):
        same = found[0].outputs if found else [item.output for item in predictions]
        found.append(Outcome(method, predictions, _figures(predictions, same), seconds))
    return _judged(found, seed=seed)


def best(outcomes: Sequence[Outcome], *, seed: int) -> Outcome:
    """The one to take: greedy, unless one is better by more than noise; of those the fastest that is within noise of
    the best of them."""
    greedy, *others = outcomes
    better = [item for item in others if item.beyond_noise and item.figures["bleu"] > greedy.figures["bleu"]]
    if not better:
        return greedy
    top = max(better, key=lambda item: item.figures["bleu"])
    level = [
        item
        for item in better
        if item is top or paired_bootstrap(_counts(top), _counts(item), seed=seed, figure=bleu).p > SIGNIFICANCE
    ]
    return min(level, key=lambda item: item.seconds)


def sentence(outcomes: Sequence[Outcome], take: Outcome) -> str:
    """Which way to take, by how much it is better and what it costs."""
    greedy, *others = outcomes
    n, figure = len(take.predictions), take.figures["bleu"]
    if take is not greedy:
        assert take.difference is not None, "all but greedy are compared with it"
        low, high = take.difference.interval
        return (
            f"Take {take.method.name}: BLEU {figure:.1f} on {n:,} {'text' if n == 1 else 'texts'}, "
            f"{take.difference.difference:.1f} above greedy (95 % interval: {low:.1f} to {high:.1f}), "
            f"for {_times(take.seconds, greedy.seconds)} its time."
        )
    top = max(others, key=lambda item: item.figures["bleu"], default=None)
    texts = f"{n:,} {'text' if n == 1 else 'texts'}"
    said = f"Take greedy: BLEU {figure:.1f} on {texts}, and no other way beats it by more than noise"
    if top is None or top.difference is None:
        return f"{said}."
    low, high = top.difference.interval
    by, lowest, highest = (f"{one:+.1f}".replace("-", "−") for one in (top.difference.difference, low, high))
    return (
        f"{said} (the best, {top.method.name}: {by}, 95 % interval: {lowest} to {highest}; "
        f"{_times(top.seconds, greedy.seconds)} the time)."
    )


def examples(outcomes: Sequence[Outcome], most: int = 8) -> list[dict[str, Any]]:
    """The texts whose outputs differ most in chrF, each with its different outputs and the methods that wrote them."""
    figures = np.array([_chrf_of_each(outcome) for outcome in outcomes])
    order = np.argsort(-figures.std(axis=0), kind="stable")[:most]
    return [_example(outcomes, figures[:, row], row) for row in order.tolist() if figures[:, row].std() > 0]


def _example(outcomes: Sequence[Outcome], figures: np.ndarray, row: int) -> dict[str, Any]:
    item = outcomes[0].predictions[row]
    outputs: dict[str, dict[str, Any]] = {}
    for outcome, figure in zip(outcomes, figures.tolist(), strict=True):
        said = outcome.predictions[row]
        found = outputs.setdefault(
            said.output, {"output": said.output, "methods": [], "chrf": figure, "log_probability": said.log_probability}
        )
        found["methods"].append(outcome.method.name)
    return {"id": item.id, "source": item.input, "references": list(item.gold or ()), "outputs": list(outputs.values())}


def _chrf_of_each(outcome: Outcome) -> np.ndarray:
    return chrf(chrf_counts(outcome.outputs, [item.gold or ("",) for item in outcome.predictions]))


def _times(one: float, other: float) -> str:
    return f"{one / other:.1f} times" if other > 0 else "about"


def _figures(predictions: Sequence[TextPrediction], greedy: Sequence[str]) -> dict[str, float]:
    outputs, references = [item.output for item in predictions], [item.gold or ("",) for item in predictions]
    counts = bleu_counts(outputs, references).sum(axis=0)
    tokens = max(sum(item.tokens for item in predictions), 1)
    whole = sum(item.log_probability for item in predictions)
    ratio = float(length_ratio(counts))
    return {
        "bleu": float(bleu(counts)),
        "chrf": float(chrf(chrf_counts(outputs, references).sum(axis=0))),
        **({"length_ratio": ratio} if np.isfinite(ratio) else {}),
        **{f"repeated_{n}": repeated(outputs, n) for n in REPEATED},
        "log_probability": whole / max(len(predictions), 1),
        "token_log_probability": whole / tokens,
        "unfinished": float(np.mean([not item.finished for item in predictions])),
        "same": float(np.mean([one == other for one, other in zip(outputs, greedy, strict=True)])),
    }


def _counts(outcome: Outcome) -> np.ndarray:
    return bleu_counts(outcome.outputs, [item.gold or ("",) for item in outcome.predictions])


def _judged(outcomes: Sequence[Outcome], *, seed: int) -> list[Outcome]:
    """With the difference of each to the first one."""
    greedy, *others = outcomes
    first = _counts(greedy)
    differences = [paired_bootstrap(_counts(item), first, seed=seed, figure=bleu) for item in others]
    adjusted = holm([item.p for item in differences])
    judged = [
        Outcome(item.method, item.predictions, item.figures, item.seconds, difference, p)
        for item, difference, p in zip(others, differences, adjusted, strict=True)
    ]
    return [greedy, *judged]
