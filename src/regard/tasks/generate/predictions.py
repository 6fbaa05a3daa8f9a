"""Predictions of a language model: stretches of texts with the probability of each token, and their parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from regard.records import Corpus, StretchPrediction, without_surrogates
from regard.tasks.arrow import read_table, write_table
from regard.tasks.generate.encoder import EncodedText
from regard.tasks.generate.stretches import stretches


def as_predictions(
    corpus: Corpus, encoded: Sequence[EncodedText], log_probabilities: Sequence[np.ndarray]
) -> list[StretchPrediction]:
    """The stretches of all texts in order, from the log-probability of each token (`[n]` a text)."""
    return [
        prediction
        for (identity, text, _), item, own in zip(corpus, encoded, log_probabilities, strict=True)
        for prediction in _of_text(identity, text, item, own)
    ]


def _of_text(identity: str, text: str, item: EncodedText, log_probabilities: np.ndarray) -> Iterator[StretchPrediction]:
    """A token belongs where it begins; one that reaches over the end of its stretch is shown up to there."""
    if not (own := list(stretches(text))):
        return
    borders = np.searchsorted(item.offsets[:, 0], [start for start, _ in own[1:]])
    for number, ((start, end), spans, values) in enumerate(
        zip(own, np.split(item.offsets, borders), np.split(log_probabilities, borders), strict=True), start=1
    ):
        places = np.minimum(spans, end) - start
        yield StretchPrediction(
            id=f"{identity}:{number}",
            input=text[start:end],
            spans=tuple((first, last) for first, last in places.tolist()),
            log_probabilities=tuple(values.tolist()),
        )


def write_predictions(path: Path, found: Sequence[StretchPrediction]) -> None:
    """id, input, confidence, starts, ends, log_probabilities; the last three one a token."""
    import pyarrow as pa

    schema = pa.schema(
        [
            ("id", pa.string()),
            ("input", pa.string()),
            ("confidence", pa.float64()),
            ("starts", pa.list_(pa.int64())),
            ("ends", pa.list_(pa.int64())),
            ("log_probabilities", pa.list_(pa.float64())),
        ]
    )
    rows = [
        {
            "id": item.id,
            "input": without_surrogates(item.input),
            "confidence": item.confidence,
            "starts": [start for start, _ in item.spans],
            "ends": [end for _, end in item.spans],
            "log_probabilities": list(item.log_probabilities),
        }
        for item in found
    ]
    write_table(path, rows, schema)


def read_predictions(path: Path) -> list[StretchPrediction]:
    """What `write_predictions` wrote. Raises `ModelError` where the file is missing or damaged."""
    return [
        StretchPrediction(
            row["id"],
            row["input"],
            tuple(zip(row["starts"], row["ends"], strict=True)),
            tuple(row["log_probabilities"]),
        )
        for row in read_table(path, ("id", "input", "starts", "ends", "log_probabilities"))
    ]
