"""predictions.parquet: every text with what a model said of it, for later steps and for other tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regard.errors import ModelError
from regard.records import Label, Prediction, without_surrogates
from regard.tasks.arrow import write_table


def write_predictions(path: Path, found: Sequence[Prediction], labels: Sequence[str], multi_label: bool) -> None:
    """predictions.parquet: id, input, output, gold, confidence, probabilities; the labels in the schema's metadata."""
    import pyarrow as pa

    label_type = pa.list_(pa.string()) if multi_label else pa.string()
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("input", pa.string()),
            ("output", label_type),
            ("gold", label_type),
            ("confidence", pa.float64()),
            ("probabilities", pa.list_(pa.float64())),
        ],
        metadata={"labels": json.dumps(list(labels))},
    )
    rows = [
        {
            "id": item.id,
            "input": without_surrogates(item.input),
            "output": item.output if isinstance(item.output, str) else list(item.output),
            "gold": item.gold if item.gold is None or isinstance(item.gold, str) else list(item.gold),
            "confidence": item.confidence,
            "probabilities": list(item.probabilities.values()),
        }
        for item in found
    ]
    write_table(path, rows, schema)


def read_predictions(path: Path) -> list[Prediction]:
    """What `write_predictions` wrote. Raises `ModelError` where the file is missing or damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        labels = json.loads(table.schema.metadata[b"labels"])
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise ModelError(f"{path} can't be read: {error}", mend="train or evaluate again") from None

    def label(value: Any) -> Label:
        return value if isinstance(value, str) else tuple(value)

    return [
        Prediction(
            row["id"],
            row["input"],
            label(row["output"]),
            None if row["gold"] is None else label(row["gold"]),
            row["confidence"],
            dict(zip(labels, row["probabilities"], strict=True)),
        )
        for row in table.to_pylist()
    ]
