"""What the linear baselines share: n-gram features, one weight for each, exact word weights, files without
pickle.

A text's decision score for target m is `features(text) @ weights[m] + biases[m]`. Two labels have one target,
the second label; its negative is the first label's score. More labels, or several at once, have a target
each.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np

from regard.baselines.ngrams import Ngrams
from regard.baselines.options import NgramOptions
from regard.errors import DataError, ModelError, UsageError
from regard.records import Label, write_atomically

OptionsT = TypeVar("OptionsT", bound=NgramOptions)

DESCRIPTION, WEIGHTS = "baseline.json", "model.safetensors"


class LinearBaseline(ABC, Generic[OptionsT]):
    """Fit, predict, explain, save and load. A subclass says what its features are and how it solves for
    weights."""

    name: ClassVar[str]
    options_class: ClassVar[type[Any]]

    def __init__(self, options: OptionsT) -> None:
        self.options = options
        self.ngrams = Ngrams(options.token_pattern, (options.ngram_min, options.ngram_max))
        self.label_names: list[str] = []
        self.multi_label = False
        self.tensors: dict[str, np.ndarray] = {}

    @abstractmethod
    def _learn_features(self, counts: Any) -> None:
        """Put what the features need of the training counts (sparse [n v]) into `tensors`."""

    @abstractmethod
    def _features(self, counts: Any) -> Any:
        """Sparse [n v], in the same places as `counts`: a row depends on nothing but its own counts."""

    @abstractmethod
    def _solve(self, features: Any, targets: np.ndarray, seed: int) -> None:
        """Put `weights` [m v], `biases` [m] and what probabilities need into `tensors`; `targets` is bool [n
        m]."""

    @abstractmethod
    def _to_probabilities(self, decisions: np.ndarray) -> np.ndarray:
        """Decision scores [n m] as probabilities of the targets [n m], or of the labels where rows sum to
        1."""

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[Label],
        label_names: Sequence[str],
        multi_label: bool,
        seed: int,
    ) -> Self:
        """Learn from normalised texts. Raises `DataError` where a label has no text or there is only one
        label."""
        self.label_names, self.multi_label = list(label_names), multi_label
        self._refuse_unlearnable(labels)
        counts = self.ngrams.fit(texts, min_df=self.options.min_df, max_features=self.options.max_features)
        self._learn_features(counts)
        self._solve(self._features(counts), self._targets(labels), seed)
        return self

    @property
    def weights(self) -> np.ndarray:
        """[m v]"""
        return self.tensors["weights"]

    @property
    def biases(self) -> np.ndarray:
        """[m]"""
        return self.tensors["biases"]

    @property
    def parameters(self) -> int:
        return sum(tensor.size for tensor in self.tensors.values())

    def decisions(self, texts: Sequence[str]) -> np.ndarray:
        """Decision scores, float64 [n m]."""
        return np.asarray(self._features(self.ngrams.counts(texts)) @ self.weights.T + self.biases)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """float64 [n k] in the order of `label_names`; rows sum to 1 unless a text may have several
        labels."""
        if not texts:
            return np.zeros((0, len(self.label_names)))
        probabilities = self._to_probabilities(self.decisions(texts))
        if self._has_one_target:
            return np.hstack([1 - probabilities, probabilities])
        return probabilities

    def word_weights(self, text: str, target: str) -> list[tuple[int, int, float]]:
        """(start, end, contribution) of each occurrence of a known n-gram in the (normalised) text, in order.

        Exact: the contributions and `bias(target)` add up to `decision(text, target)`. A term that occurs c
        times has one feature, shared equally by its c occurrences.
        """
        row, sign = self._target(target)
        features = self._features(self.ngrams.counts([text]))
        values = dict(zip(features.indices.tolist(), features.data.tolist(), strict=True))
        occurrences = list(self.ngrams.occurrences(text))
        repeats = Counter(column for _, _, column in occurrences)
        return [
            (start, end, float(sign * self.weights[row, column] * values[column] / repeats[column]))
            for start, end, column in occurrences
        ]

    def bias(self, target: str) -> float:
        """The decision score of a text without any known n-gram."""
        row, sign = self._target(target)
        return float(sign * self.biases[row])

    def decision(self, text: str, target: str) -> float:
        row, sign = self._target(target)
        return float(sign * self.decisions([text])[0, row])

    def save(self, folder: str | Path) -> None:
        """Write `baseline.json` (options, labels, terms) and `model.safetensors` (the numbers)."""
        from safetensors.numpy import save

        data = save({name: np.ascontiguousarray(tensor) for name, tensor in self.tensors.items()})
        description = {
            "baseline": self.name,
            "options": self.options.model_dump(),
            "labels": self.label_names,
            "multi_label": self.multi_label,
            "weights_sha256": hashlib.sha256(data).hexdigest(),
            "terms": self.ngrams.terms(),
        }
        write_atomically(Path(folder) / WEIGHTS, data)
        write_atomically(Path(folder) / DESCRIPTION, json.dumps(description, ensure_ascii=True))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """The baseline that `save` wrote. Raises `ModelError` where a file is missing, damaged or another
        model's."""
        from safetensors.numpy import load

        try:
            description = json.loads((Path(folder) / DESCRIPTION).read_text(encoding="utf-8"))
            data = (Path(folder) / WEIGHTS).read_bytes()
            if description["baseline"] != cls.name:
                raise ValueError(f"it holds the baseline {description['baseline']!r}, not {cls.name!r}")
            if hashlib.sha256(data).hexdigest() != description["weights_sha256"]:
                raise ValueError(f"the SHA-256 of {WEIGHTS} is not the one written in {DESCRIPTION}")
            baseline = cls(cls.options_class(**description["options"]))
            baseline.label_names, baseline.multi_label = description["labels"], description["multi_label"]
            baseline.ngrams.columns = {term: column for column, term in enumerate(description["terms"])}
            baseline.tensors = load(data)
            if baseline.weights.shape[1] != len(baseline.ngrams):
                raise ValueError(f"{len(baseline.ngrams)} terms, but weights for {baseline.weights.shape[1]}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{folder} is no whole baseline: {error}", mend="train again, or restore the folder"
            ) from None
        return baseline

    @property
    def _has_one_target(self) -> bool:
        return len(self.label_names) == 2 and not self.multi_label

    def _target(self, label: str) -> tuple[int, int]:
        """The row of a label's weights and the sign of its score there."""
        if label not in self.label_names:
            raise UsageError(f"{label!r} is none of the labels: {', '.join(self.label_names)}")
        position = self.label_names.index(label)
        return (0, 2 * position - 1) if self._has_one_target else (position, 1)

    def _targets(self, labels: Sequence[Label]) -> np.ndarray:
        """Which labels each text has, bool [n m]."""
        position = {name: column for column, name in enumerate(self.label_names)}
        targets = np.zeros((len(labels), len(self.label_names)), dtype=bool)
        for row, label in enumerate(labels):
            for name in (label,) if isinstance(label, str) else label:
                targets[row, position[name]] = True
        return targets[:, 1:] if self._has_one_target else targets

    def _refuse_unlearnable(self, labels: Sequence[Label]) -> None:
        if self.multi_label:
            return
        missing = sorted(set(self.label_names) - {str(label) for label in labels})
        if missing:
            raise DataError(f"no training text has the label {', '.join(map(repr, missing))}")
        if len(self.label_names) < 2:
            raise DataError(
                f"every training text has the same label: {', '.join(self.label_names)}",
                mend="give texts of at least two labels",
            )


def unit_rows(features: Any) -> Any:
    """Each row scaled to Euclidean length 1, in place; a row of zeros stays."""
    from sklearn.preprocessing import normalize

    return normalize(features, copy=False)


def constant_bias(targets: np.ndarray) -> np.ndarray:
    """The bias [1] of a label that all n training texts have, or none: the log odds of n + 1/2 against
    1/2."""
    odds = np.log((targets.sum() + 0.5) / ((~targets).sum() + 0.5))
    return np.array([odds])
