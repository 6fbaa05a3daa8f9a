"""What models are compared by: a figure of sums over texts, which way it is better, and how its values are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Figure = Callable[[np.ndarray], np.ndarray]
"""From sums over texts of what each counts, [... s], to the figure of these texts, [...]."""


def ratio(sums: np.ndarray) -> np.ndarray:
    """The first of what is summed to the second, as accuracy and F1 are; 0 where there is nothing to be right of."""
    above, below = np.moveaxis(sums[..., :2], -1, 0)
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


def shares(right: np.ndarray, of: np.ndarray | None = None) -> np.ndarray:
    """What each text counts for a `ratio`, float [... n 2]: how much of it is right, and of how much (1 by default)."""
    right = np.asarray(right, dtype=float)
    return np.stack([right, np.ones_like(right) if of is None else np.broadcast_to(of, right.shape)], axis=-1)


@dataclass(frozen=True)
class Unit:
    """How values are written: times `scale`, with so many `digits`, `sign` behind; `step` is what they differ by."""

    scale: float = 1.0
    digits: int = 3
    sign: str = ""
    step: str = ""

    def value(self, value: float, digits: int | None = None) -> str:
        return f"{self.bare(value, digits)}{self.sign}"

    def bare(self, value: float, digits: int | None = None) -> str:
        """Without its sign."""
        return f"{self.scale * value:.{self.digits if digits is None else digits}f}"

    def difference(self, value: float) -> str:
        return f"{self.bare(value)} {self.step}".rstrip()


PERCENT = Unit(100, 1, " %", "points")
_OF_A_HUNDRED, _BITS, _NATS = Unit(1, 1, "", "points"), Unit(1, 3, "", "bits"), Unit(1, 3, "", "nats")

UNITS = {
    "bleu": _OF_A_HUNDRED,
    "chrf": _OF_A_HUNDRED,
    "bits_per_character": _BITS,
    "loss": _NATS,
    "loss_per_character": _NATS,
    "perplexity": Unit(1, 2),
    "perplexity_per_word": Unit(1, 1),
    "pseudo_perplexity": Unit(1, 2),
    "length_ratio": Unit(1, 2),
}
"""Of figures that are no shares of 1."""

NAMES = {
    "f1": "F1",
    "macro_f1": "macro F1",
    "bleu": "BLEU",
    "chrf": "chrF",
    "rouge_1": "ROUGE-1",
    "rouge_2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "pseudo_perplexity": "pseudo-perplexity",
}
"""Of figures whose names are no plain words."""


def unit_of(figure: str) -> Unit:
    """How values of a figure are written, by its key in `Scores.values`."""
    return UNITS.get(figure, PERCENT)


def name_of(figure: str) -> str:
    """What a figure is called within a sentence."""
    return NAMES.get(figure, figure.replace("_", " "))


@dataclass(frozen=True)
class Measure:
    """The figure that models are compared by. `headline` is its key in `Scores.values`.

    `consecutive` says that the texts stand one behind the other, so that neighbours resemble each other: a bootstrap
    draws runs of them.
    """

    headline: str = "accuracy"
    figure: Figure = ratio
    lower_is_better: bool = False
    consecutive: bool = False

    @property
    def name(self) -> str:
        return name_of(self.headline)

    @property
    def unit(self) -> Unit:
        return unit_of(self.headline)

    @property
    def best(self) -> str:
        """What the best model's figure is among all."""
        if not self.lower_is_better:
            return "highest"
        return "fewest" if self.name.startswith("bits") else "lowest"


ACCURACY = Measure()
"""The share of texts that are right."""
