"""What a linear baseline added up for a text: exact, nothing estimated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from regard.analysis.words import Piece

if TYPE_CHECKING:
    from regard.tasks.classify import BaselineClassifier


def weights(classifier: BaselineClassifier, text: str, target: str) -> tuple[list[Piece], dict[str, Any]]:
    """One signed score for each word of the text as given, and the whole sum.

    The contribution of an n-gram is shared equally among its words. All scores and `bias` add up to `total`, the
    decision score of `target`.
    """
    normalised = classifier.normaliser(text)
    model = classifier.model
    token = re.compile(model.options.token_pattern)
    # Words that are in no known n-gram were read too: they count nothing.
    scores = {match.span(): 0.0 for match in token.finditer(normalised.text)}
    for start, end, contribution in model.word_weights(normalised.text, target):
        inside = [match.span() for match in token.finditer(normalised.text, start, end)]
        for span in inside:
            scores[span] += contribution / len(inside)
    pieces = [(*normalised.span(*span), score) for span, score in scores.items()]
    detail = {
        "unit": "points of the decision score",
        "bias": model.bias(target),
        "total": model.decision(normalised.text, target),
    }
    return pieces, detail
