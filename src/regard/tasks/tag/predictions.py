"""predictions.parquet of a tagger: every text with its words and their tags, for later steps and for other tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regard.records import Entity, TagPrediction, without_surrogates
from regard.tasks.arrow import read_table, write_table


def write_predictions(path: Path, found: Sequence[TagPrediction], labels: Sequence[str]) -> None:
    """id, input, starts, ends, output, gold, confidence, confidences, entities; the tags in the schema's metadata."""
    import pyarrow as pa

    entity = pa.struct(
        [("start", pa.int64()), ("end", pa.int64()), ("label", pa.string()), ("confidence", pa.float64())]
    )
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("input", pa.string()),
            ("starts", pa.list_(pa.int64())),
            ("ends", pa.list_(pa.int64())),
            ("output", pa.list_(pa.string())),
            ("gold", pa.list_(pa.string())),
            ("confidence", pa.float64()),
            ("confidences", pa.list_(pa.float64())),
            ("entities", pa.list_(entity)),
        ],
        metadata={"labels": json.dumps(list(labels))},
    )
    write_table(path, [_row(item) for item in found], schema)


def _row(item: TagPrediction) -> dict[str, Any]:
    return {
        "id": item.id,
        "input": without_surrogates(item.input),
        "starts": [start for start, _ in item.words],
        "ends": [end for _, end in item.words],
        "output": list(item.output),
        "gold": None if item.gold is None else list(item.gold),
        "confidence": item.confidence,
        "confidences": list(item.confidences),
        "entities": [
            {"start": one.start, "end": one.end, "label": one.label, "confidence": one.confidence}
            for one in item.entities
        ],
    }


def read_predictions(path: Path) -> list[TagPrediction]:
    """What `write_predictions` wrote. Raises `ModelError` where the file is missing or damaged."""
    return [
        TagPrediction(
            row["id"],
            row["input"],
            tuple(zip(row["starts"], row["ends"], strict=True)),
            tuple(row["output"]),
            None if row["gold"] is None else tuple(row["gold"]),
            tuple(row["confidences"]),
            tuple(Entity(**one) for one in row["entities"]),
        )
        for row in read_table(path, ("id", "input", "starts", "ends", "output", "gold", "confidences", "entities"))
    ]
