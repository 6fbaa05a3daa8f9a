"""What passes between rooms: texts with labels, predictions, scores, explanations, the run folder. No torch."""

from __future__ import annotations

from regard.records.corpus import Corpus, Label, QuestionCorpus, Span, TaggedCorpus, without_surrogates
from regard.records.explanation import Explanation, Highlight
from regard.records.prediction import AnswerPrediction, Entity, Prediction, TagPrediction
from regard.records.run_folder import RunFolder, write_atomically
from regard.records.scores import Scores

__all__ = [
    "AnswerPrediction",
    "Corpus",
    "Entity",
    "Explanation",
    "Highlight",
    "Label",
    "Prediction",
    "QuestionCorpus",
    "RunFolder",
    "Scores",
    "Span",
    "TagPrediction",
    "TaggedCorpus",
    "without_surrogates",
    "write_atomically",
]
