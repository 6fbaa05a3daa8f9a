"""What passes between rooms: texts with labels, predictions, scores, explanations, the run folder. No torch."""

from __future__ import annotations

from regard.records.alignment import Alignment
from regard.records.corpus import Corpus, Label, QuestionCorpus, Span, TaggedCorpus, TextPairCorpus, without_surrogates
from regard.records.explanation import Explanation, Highlight
from regard.records.prediction import (
    Alternative,
    AnswerPrediction,
    Entity,
    MaskedPrediction,
    Prediction,
    StretchPrediction,
    TagPrediction,
    TextPrediction,
)
from regard.records.run_folder import RunFolder, write_atomically
from regard.records.scores import Scores

__all__ = [
    "Alignment",
    "Alternative",
    "AnswerPrediction",
    "Corpus",
    "Entity",
    "Explanation",
    "Highlight",
    "Label",
    "MaskedPrediction",
    "Prediction",
    "QuestionCorpus",
    "RunFolder",
    "Scores",
    "Span",
    "StretchPrediction",
    "TagPrediction",
    "TaggedCorpus",
    "TextPairCorpus",
    "TextPrediction",
    "without_surrogates",
    "write_atomically",
]
