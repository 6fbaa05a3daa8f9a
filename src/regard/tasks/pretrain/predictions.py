"""predictions.parquet of a masked language model: every text with what was hidden, for later steps and other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regard.records import MaskedPrediction, without_surrogates
from regard.tasks.arrow import read_table, write_table

COLUMNS = (
    "id",
    "input",
    "places",
    "output",
    "gold",
    "confidence",
    "confidences",
    "log_probabilities",
    "follows_probability",
    "follows",
)


def write_predictions(path: Path, found: Sequence[MaskedPrediction]) -> None:
    """id, input, places (start, end), output, gold, confidence, confidences, log_probabilities; of two halves the
    probability that the second follows the first, and whether it does."""
    import pyarrow as pa

    span = pa.struct([("start", pa.int64()), ("end", pa.int64())])
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("input", pa.string()),
            ("places", pa.list_(span)),
            ("output", pa.list_(pa.string())),
            ("gold", pa.list_(pa.string())),
            ("confidence", pa.float64()),
            ("confidences", pa.list_(pa.float64())),
            ("log_probabilities", pa.list_(pa.float64())),
            ("follows_probability", pa.float64()),
            ("follows", pa.bool_()),
        ]
    )
    write_table(path, [_row(item) for item in found], schema)


def _row(item: MaskedPrediction) -> dict[str, Any]:
    probability, does = item.follows or (None, None)
    return {
        "id": item.id,
        "input": without_surrogates(item.input),
        "places": [{"start": start, "end": end} for start, end in item.places],
        "output": list(item.output),
        "gold": None if item.gold is None else list(item.gold),
        "confidence": item.confidence,
        "confidences": list(item.confidences),
        "log_probabilities": list(item.log_probabilities),
        "follows_probability": probability,
        "follows": does,
    }


def read_predictions(path: Path) -> list[MaskedPrediction]:
    """What `write_predictions` wrote. Raises `ModelError` where the file is missing or damaged."""
    return [
        MaskedPrediction(
            row["id"],
            row["input"],
            tuple((place["start"], place["end"]) for place in row["places"]),
            tuple(row["output"]),
            None if row["gold"] is None else tuple(row["gold"]),
            tuple(row["confidences"]),
            tuple(row["log_probabilities"]),
            None if row["follows"] is None else (row["follows_probability"], row["follows"]),
        )
        for row in read_table(path, COLUMNS)
    ]
