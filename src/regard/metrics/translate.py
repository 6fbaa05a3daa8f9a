"""Scores of texts made from texts (translations, summaries): BLEU, chrF, ROUGE, with intervals and by length. No torch.

BLEU and chrF are told from 0 to 100, as the field has them; all else is a share of 1. Intervals come from counts of
each text, drawn again a thousand times (Koehn 2004, section 3): no text is looked at twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from regard.errors import DataError
from regard.metrics import bleu as bleus
from regard.metrics import chrf as chrfs
from regard.metrics import rouge as rouges
from regard.metrics.bootstrap import RESAMPLES, Interval, intervals, wilson
from regard.records import Scores, TextPrediction

LENGTHS = (1, 6, 11, 16, 21, 31, 51, 101, 201, 401)
"""Where the groups begin that texts are sorted into by the words of their source."""

_BY_LENGTH = ("bleu", "chrf", "rouge_l", "length_ratio")
_BLEU, _CHRF, _ROUGE = slice(0, 10), slice(10, 28), slice(28, 31)
_EXACT, _UNFINISHED, _TEXTS = 31, 32, 33


def score_translations(
    predictions: Sequence[TextPrediction], *, part: str, seed: int, resamples: int = RESAMPLES
) -> Scores:
    """All scores of one part of the data, with percentile bootstrap intervals over its texts (95 %).

    `bleu` and `chrf` are sacrebleu's (0 to 100) over all texts; `rouge_1`, `rouge_2` and `rouge_l` means of each
    text's (0 to 1), left out where no reference has a word that ROUGE can read. `exact_match` is the share of outputs
    that are a reference, blanks aside, `length_ratio` BLEU's tokens of outputs to those of references, `unfinished` the
    share that the limit of length ended.

    `detail` has BLEU's `precisions`, `brevity_penalty`, tokens and `signature`, chrF's `signature`, and
    `by_source_length`: `support`, BLEU with its interval, chrF, ROUGE-L and length ratio of sources from `at_least`
    words up. Raises `DataError` where there is nothing to score or a reference is not given.
    """
    if not predictions:
        raise DataError("there is nothing to score: no text with a reference")
    references = [references_of(prediction) for prediction in predictions]
    rows = _rows(predictions, references)
    figures = _figures(with_rouge=rouges.readable(references))
    values, found = _told(rows, figures, seed=seed, resamples=resamples)
    return Scores(
        task="translate",
        part=part,
        n=len(predictions),
        labels=[],
        values=values,
        intervals=found,
        detail={
            "bleu": {**_bleu_detail(rows.sum(axis=0)[_BLEU]), "signature": bleus.signature(references)},
            "chrf": {"signature": chrfs.signature(references)},
            "by_source_length": list(_by_length(predictions, rows, figures, seed=seed, resamples=resamples)),
        },
    )


def tally_translation(prediction: TextPrediction) -> tuple[float, ...]:
    """What one text counts for BLEU: `metrics.bleu.bleu` of the sums is that of the texts. Raises `DataError` without a
    reference."""
    return tuple(bleus.bleu_counts([prediction.output], [references_of(prediction)])[0].astype(float).tolist())


def is_reference(output: str, references: Sequence[str]) -> bool:
    """Whether the output is one of the references, blanks aside."""
    said = output.split()
    return any(said == one.split() for one in references)


def figures_of(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """BLEU, chrF and ROUGE of outputs from anywhere, on the scales of `score_translations`: of the source handed back,
    or of its first sentence, which a model must beat to be worth anything."""
    counted = (bleus.bleu_counts(outputs, references), chrfs.chrf_counts(outputs, references))
    found = {"bleu": bleus.bleu(counted[0].sum(axis=0)), "chrf": chrfs.chrf(counted[1].sum(axis=0))}
    means = rouges.rouge(outputs, references).mean(axis=0) if rouges.readable(references) else ()
    found.update(zip(rouges.NAMES, means, strict=False))
    return {name: float(value) for name, value in found.items()}


def references_of(prediction: TextPrediction) -> tuple[str, ...]:
    """What the output is compared with; raises `DataError` where there is nothing."""
    if not prediction.gold:
        mend = "give a file with a column of references"
        raise DataError(f"the text {prediction.id!r} has no reference to compare with", mend=mend)
    return prediction.gold


def _rows(predictions: Sequence[TextPrediction], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Of each text what it counts for every figure, float [n 34]."""
    outputs = [prediction.output for prediction in predictions]
    exact = [is_reference(output, of) for output, of in zip(outputs, references, strict=True)]
    unfinished = [not prediction.finished for prediction in predictions]
    return np.hstack(
        [
            bleus.bleu_counts(outputs, references),
            chrfs.chrf_counts(outputs, references),
            rouges.rouge(outputs, references),
            np.stack([exact, unfinished, np.ones(len(outputs))], axis=1),
        ]
    )


def _figures(*, with_rouge: bool) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Every figure of sums of rows, [... 34] to [...] each."""

    def figures(sums: np.ndarray) -> dict[str, np.ndarray]:
        found = {"bleu": bleus.bleu(sums[..., _BLEU]), "chrf": chrfs.chrf(sums[..., _CHRF])}
        texts = sums[..., _TEXTS]
        if with_rouge:
            found.update(zip(rouges.NAMES, np.moveaxis(sums[..., _ROUGE] / texts[..., None], -1, 0), strict=True))
        found["exact_match"] = sums[..., _EXACT] / texts
        found["length_ratio"] = bleus.length_ratio(sums[..., _BLEU])
        found["unfinished"] = sums[..., _UNFINISHED] / texts
        return found

    return figures


def _told(
    rows: np.ndarray, figures: Callable[[np.ndarray], dict[str, np.ndarray]], *, seed: int, resamples: int
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Each figure that is a number, and its interval. A bootstrap of texts that are all alike never draws another
    figure and knows no interval; shares have Wilson's then."""
    values = {name: float(value) for name, value in figures(rows.sum(axis=0)).items() if np.isfinite(value)}
    ones = np.ones(len(rows), dtype=np.int64)
    drawn = intervals(ones, lambda counts: figures(counts @ rows), seed=seed, resamples=resamples)
    found = {name: (low, high) for name, (low, high) in drawn.items() if name in values and high - low > 1e-9}
    for name in ("exact_match", "unfinished"):
        if name not in found and values[name] in (0.0, 1.0):
            found[name] = wilson(round(values[name] * len(rows)), len(rows))
    return values, found


def _bleu_detail(sums: np.ndarray) -> dict[str, Any]:
    output, reference = sums[bleus.LENGTHS]
    return {
        "precisions": bleus.precisions(sums).tolist(),
        "brevity_penalty": float(bleus.brevity_penalty(sums)),
        "output_tokens": int(output),
        "reference_tokens": int(reference),
    }


def _by_length(
    predictions: Sequence[TextPrediction],
    rows: np.ndarray,
    figures: Callable[[np.ndarray], dict[str, np.ndarray]],
    *,
    seed: int,
    resamples: int,
) -> Iterator[dict[str, Any]]:
    words = [max(len(prediction.input.split()), 1) for prediction in predictions]
    group = np.searchsorted(np.array(LENGTHS), words, side="right") - 1
    for place, edge in enumerate(LENGTHS):
        own = rows[group == place]
        if len(own):
            values, found = _told(own, figures, seed=seed, resamples=resamples)
            between = list(found["bleu"]) if "bleu" in found else None
            kept = {name: value for name, value in values.items() if name in _BY_LENGTH}
            yield {"at_least": edge, "support": len(own), **kept, "bleu_interval": between}
