"""Trained classifiers, a baseline or a network: probabilities, targets, loss, and what a prediction is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from regard.errors import DataError
from regard.recipe import TrainingOptions
from regard.records import Corpus, Label, Prediction
from regard.tasks.task import Predictor
from regard.text.batch import TokenBudget, pad
from regard.text.normalise import Normaliser
from regard.text.tokenise import Encoded, TextEncoder

if TYPE_CHECKING:
    from torch import Tensor, nn

THRESHOLD = 0.5  # multi-label: a label is given when its probability is above this


class Classifier(Predictor, Protocol):
    """A trained model, whatever its kind: probabilities of `labels` for texts as given."""

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """`[n k]`, float64. Rows sum to 1; multi-label: each in [0, 1]."""
        ...


@dataclass
class BaselineClassifier:
    """A baseline with the preprocessing that it was trained on."""

    model: Any
    normaliser: Normaliser
    labels: list[str]
    multi_label: bool
    architecture: str
    kind: str = "baseline"

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        if not len(texts):
            return np.zeros((0, len(self.labels)))
        return self.model.probabilities([self.normaliser(text).text for text in texts])

    def predictions(self, corpus: Corpus) -> list[Prediction]:
        return as_predictions(self.probabilities(corpus.texts), corpus, self.labels, self.multi_label)

    def save(self, folder: Path) -> None:
        self.model.save(folder)


@dataclass
class NetworkClassifier:
    """A network or checkpoint with its tokenizer. `batch_tokens` bounds the memory of one batch.

    A text in windows (`tokens.strategy`) has the logits of its windows, pooled by `window_pooling`.
    """

    model: Any
    encoder: TextEncoder
    labels: list[str]
    multi_label: bool
    architecture: str
    kind: str = "network"
    batch_tokens: int = 8192
    window_pooling: str = "mean"

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self.encoded_probabilities(self.encoder.encode(texts, offsets=False))

    def encoded_probabilities(self, encoded: Sequence[Encoded]) -> np.ndarray:
        return probabilities_of(self.logits(encoded), self.multi_label)

    @property
    def reach(self) -> int:
        return self.encoder.reach

    def targets(self, corpus: Corpus, encoded: Sequence[Encoded]) -> np.ndarray:
        return targets(corpus, self.labels, self.multi_label)

    def batch(self, encoded: Sequence[Encoded], targets: Sequence[Any]) -> dict[str, Tensor]:
        import torch

        return {**batch_of(encoded, self.encoder.pad_id), "labels": torch.from_numpy(np.asarray(targets))}

    def loss(self, options: TrainingOptions) -> Any:
        return loss_function(self.multi_label, options.label_smoothing, self.window_pooling)

    def validate(self, encoded: Sequence[Encoded], targets: Any, corpus: Corpus) -> dict[str, float]:
        """Loss, accuracy and macro-F1."""
        from sklearn.metrics import f1_score

        probabilities, target = self.encoded_probabilities(encoded), np.asarray(targets)
        said = probabilities > THRESHOLD if self.multi_label else probabilities.argmax(1)
        right = (said == target).all(1) if self.multi_label else said == target
        return {
            "loss": mean_loss(probabilities, target, self.multi_label),
            "accuracy": float(right.mean()),
            "macro_f1": float(f1_score(target, said, average="macro", zero_division=0)),
        }

    def predictions(self, corpus: Corpus) -> list[Prediction]:
        return self.encoded_predictions(self.encoder.encode(corpus.texts, offsets=False), corpus)

    def settle(self, encoded: Sequence[Encoded], corpus: Corpus) -> None:
        """Nothing is chosen but the weights."""

    def encoded_predictions(self, encoded: Sequence[Encoded], corpus: Corpus) -> list[Prediction]:
        return as_predictions(self.encoded_probabilities(encoded), corpus, self.labels, self.multi_label)

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self.encoder.save(folder)

    def logits(self, encoded: Sequence[Encoded]) -> np.ndarray:
        """`[n k]`, float64, in the order given. Evaluation mode for the call, the mode of before after it.

        A batch may hold some of a text's windows: however many a text has, memory is that of a batch.
        """
        import torch

        training = self.model.training
        self.model.eval()
        windows = [window for item in encoded for window in item.windows]
        rows = np.zeros((len(windows), len(self.labels)))
        budget = TokenBudget([len(item.ids) for item in windows], self.batch_tokens, max_examples=256)
        try:
            with torch.no_grad():
                for batch in budget.longest_first():
                    inputs = _padded([windows[row] for row in batch], self.encoder.pad_id)
                    inputs = {key: value.to(self.model.device) for key, value in inputs.items()}
                    rows[batch] = self.model(**inputs).logits.double().cpu().numpy()
        finally:
            self.model.train(training)
        return pooled(torch.from_numpy(rows), [len(item.windows) for item in encoded], self.window_pooling).numpy()


def batch_of(encoded: Sequence[Encoded], pad_id: int) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask` `[w t]` of all windows of these texts, padded on the right to the longest.

    Where a text has several, `windows` `[b]` counts each text's; else w = b.
    """
    import torch

    windows = [window for item in encoded for window in item.windows]
    inputs = _padded(windows, pad_id)
    if len(windows) > len(encoded):
        inputs["windows"] = torch.tensor([len(item.windows) for item in encoded])
    return inputs


def _padded(windows: Sequence[Encoded], pad_id: int) -> dict[str, Tensor]:
    import torch

    ids, keep = pad([window.ids for window in windows], pad_id)
    return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(keep).long()}


def pooled(logits: Tensor, windows: Sequence[int], pooling: str) -> Tensor:
    """`[b k]`, the logits of texts, from `[w k]`, those of all their windows in order; text i has `windows[i]`.

    `pooling` is `mean` or `max`, of each label by itself. A text of one window keeps its logits bit for bit.
    """
    import torch

    if len(logits) == len(windows):
        return logits
    texts = logits.split(list(windows))
    return torch.stack([text.amax(0) if pooling == "max" else text.mean(0) for text in texts])


def probabilities_of(logits: np.ndarray, multi_label: bool) -> np.ndarray:
    """Softmax over the labels, or (multi-label) a sigmoid for each."""
    if multi_label:
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -700, 700)))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True)) if len(logits) else logits
    return shifted / shifted.sum(axis=1, keepdims=True) if len(logits) else shifted


def targets(corpus: Corpus, labels: Sequence[str], multi_label: bool) -> np.ndarray:
    """`[n]` label numbers, or (multi-label) `[n k]` of 0 and 1. Raises `DataError` for a label not in `labels`."""
    place = {label: index for index, label in enumerate(labels)}
    if corpus.labels is None:
        raise DataError("no labels in it", file=corpus.source, mend="name the column with --label-column")
    rows = np.zeros((len(corpus), len(labels)), dtype=np.int64)
    for row, label in enumerate(corpus.labels):
        for word in [label] if isinstance(label, str) else label:
            if word not in place:
                raise DataError(
                    f"label {word!r} does not occur in the training data ({', '.join(labels[:20])})",
                    file=corpus.source,
                    line=None if corpus.lines is None else corpus.lines[row],
                    mend="correct the label, or add examples of it to the training data",
                )
            rows[row, place[word]] = 1
    return rows if multi_label else rows.argmax(1)


def loss_function(multi_label: bool, label_smoothing: float, window_pooling: str = "mean") -> Any:
    """`loss(model, batch) -> (sum over the batch, examples)`: a sum, so that accumulation is exact.

    The loss of a text in windows is that of its pooled logits.
    """
    from regard.tasks.classify.networks import classification_loss

    def loss(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.float()
        if "windows" in batch:
            logits = pooled(logits, batch["windows"].tolist(), window_pooling)
        total = classification_loss(
            logits,
            batch["labels"],
            multi_label=multi_label,
            label_smoothing=label_smoothing,
            reduction="sum",
        )
        return total, len(logits)

    return loss


def mean_loss(probabilities: np.ndarray, target: np.ndarray, multi_label: bool) -> float:
    """The loss of `loss_function` without smoothing, from probabilities, averaged over the texts."""
    clipped = np.clip(probabilities, 1e-12, 1 - 1e-12)
    if multi_label:
        return float(-(target * np.log(clipped) + (1 - target) * np.log(1 - clipped)).mean())
    return float(-np.log(clipped[np.arange(len(target)), target]).mean())


def decode(row: np.ndarray, labels: Sequence[str], multi_label: bool) -> tuple[Label, float]:
    """The output for one row of probabilities `[k]`, and the probability of that output as a whole."""
    if multi_label:
        given = row > THRESHOLD
        chosen = tuple(sorted(label for label, yes in zip(labels, given, strict=True) if yes))
        return chosen, float(np.where(given, row, 1 - row).prod())
    best = int(row.argmax())
    return labels[best], float(row[best])


def as_predictions(
    probabilities: np.ndarray, corpus: Corpus, labels: Sequence[str], multi_label: bool
) -> list[Prediction]:
    """One `Prediction` a text, from rows of probabilities `[n k]`."""
    found = []
    for row, (identity, text, gold) in zip(probabilities, corpus, strict=True):
        output, confidence = decode(row, labels, multi_label)
        named = dict(zip(labels, map(float, row), strict=True))
        found.append(Prediction(identity, text, output, gold, confidence, named))
    return found
