"""ROUGE-1, ROUGE-2 and ROUGE-L of summaries, by rouge-score (Lin 2004): F1 of shared words, pairs and subsequences.

Words are English as ROUGE's authors have them: small letters, a to z and digits alone, stems of Porter. A word of
other letters falls apart or away, so in other languages the figures compare models on the same texts and nothing else.
The scale is 0 to 1, as of every F1 here; the field often writes it times 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

NAMES = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}
"""Our names and rouge-score's, in the order of the columns."""


def rouge(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Of each text its three F1, float [n 3]: the best over its references for each, as SciTLDR counts (Cachola et al.
    2020, section 4)."""
    return np.array([_best(output, of) for output, of in zip(outputs, references, strict=True)]).reshape(-1, len(NAMES))


def readable(references: Sequence[Sequence[str]]) -> bool:
    """Whether ROUGE sees a word in any reference: without one its figures would be 0 whatever was given."""
    tokenize = _scorer()._tokenizer.tokenize
    return any(tokenize(one) for of in references for one in of)


def _best(output: str, references: Sequence[str]) -> list[float]:
    found = _scorer().score_multi(references, output)
    return [found[name].fmeasure for name in NAMES.values()]


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(NAMES.values()), use_stemmer=True)
