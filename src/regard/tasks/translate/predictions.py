"""predictions.parquet of a translator: every text with what was made of it, for later steps and for other tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from regard.records import Alternative, TextPrediction, without_surrogates
from regard.tasks.arrow import read_table, write_table

COLUMNS = ("id", "input", "output", "gold", "confidence", "log_probability", "tokens", "finished", "alternatives")


def write_predictions(path: Path, found: Sequence[TextPrediction]) -> None:
    """id, input, output, gold, confidence, log_probability, tokens, finished, alternatives."""
    import pyarrow as pa

    schema = pa.schema(
        [
            ("id", pa.string()),
            ("input", pa.string()),
            ("output", pa.string()),
            ("gold", pa.list_(pa.string())),
            ("confidence", pa.float64()),
            ("log_probability", pa.float64()),
            ("tokens", pa.int64()),
            ("finished", pa.bool_()),
            ("alternatives", pa.list_(pa.struct([("text", pa.string()), ("score", pa.float64())]))),
        ]
    )
    write_table(path, [_row(item) for item in found], schema)


def _row(item: TextPrediction) -> dict[str, Any]:
    gold = None if item.gold is None else [without_surrogates(text) for text in item.gold]
    texts = {name: without_surrogates(getattr(item, name)) for name in ("input", "output")}
    return {**asdict(item), **texts, "gold": gold, "confidence": item.confidence}


def read_predictions(path: Path) -> list[TextPrediction]:
    """What `write_predictions` wrote. Raises `ModelError` where the file is missing or damaged."""
    return [
        TextPrediction(
            **{
                **{name: row[name] for name in COLUMNS if name != "confidence"},
                "gold": None if row["gold"] is None else tuple(row["gold"]),
                "alternatives": tuple(Alternative(**one) for one in row["alternatives"]),
            }
        )
        for row in read_table(path, COLUMNS)
    ]
