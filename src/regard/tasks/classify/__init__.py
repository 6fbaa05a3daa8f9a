"""`classify`: one label for a text, or several. Targets, the network with its head, loss, and what a prediction is."""

from __future__ import annotations

from regard.tasks.classify.building import build_network, text_encoder
from regard.tasks.classify.classifiers import (
    BaselineClassifier,
    Classifier,
    NetworkClassifier,
    as_predictions,
    batch_of,
    decode,
    loss_function,
    mean_loss,
    pooled,
    probabilities_of,
    targets,
)
from regard.tasks.classify.task import Classify

__all__ = [
    "BaselineClassifier",
    "Classifier",
    "Classify",
    "NetworkClassifier",
    "as_predictions",
    "batch_of",
    "build_network",
    "decode",
    "loss_function",
    "mean_loss",
    "pooled",
    "probabilities_of",
    "targets",
    "text_encoder",
]
