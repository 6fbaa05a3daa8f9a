"""Word vectors: loaded, trained, searched, scored; a network starts from them by `model.vectors`."""

from __future__ import annotations

from regard.text.vectors.evaluation import evaluate
from regard.text.vectors.files import load, save
from regard.text.vectors.neighbours import analogy, nearest
from regard.text.vectors.reduction import plane
from regard.text.vectors.sentences import Sentences, read_sentences
from regard.text.vectors.training import Trained, train
from regard.text.vectors.word_vectors import WordVectors

__all__ = [
    "Sentences",
    "Trained",
    "WordVectors",
    "analogy",
    "evaluate",
    "load",
    "nearest",
    "plane",
    "read_sentences",
    "save",
    "train",
]
