"""predictions.parquet of a model that answers: every question with its answer, for later steps and for other tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from regard.records import AnswerPrediction, Entity, without_surrogates
from regard.tasks.arrow import read_table, write_table


def write_predictions(path: Path, found: Sequence[AnswerPrediction]) -> None:
    """id, input (the context), question, output, start, end, gold, confidence, no_answer, alternatives."""
    import pyarrow as pa

    stretch = pa.struct(
        [("start", pa.int64()), ("end", pa.int64()), ("label", pa.string()), ("confidence", pa.float64())]
    )
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("input", pa.string()),
            ("question", pa.string()),
            ("output", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            ("gold", pa.list_(pa.string())),
            ("confidence", pa.float64()),
            ("no_answer", pa.float64()),
            ("alternatives", pa.list_(stretch)),
        ]
    )
    write_table(path, [_row(item) for item in found], schema)


def _row(item: AnswerPrediction) -> dict[str, Any]:
    texts = {name: without_surrogates(getattr(item, name)) for name in ("input", "question", "output")}
    gold = None if item.gold is None else [without_surrogates(one) for one in item.gold]
    return {**asdict(item), **texts, "gold": gold}


def read_predictions(path: Path) -> list[AnswerPrediction]:
    """What `write_predictions` wrote. Raises `ModelError` where the file is missing or damaged."""
    columns = ("id", "input", "question", "output", "start", "end", "gold", "confidence", "no_answer", "alternatives")
    return [
        AnswerPrediction(
            **{
                **{name: row[name] for name in columns},
                "gold": None if row["gold"] is None else tuple(row["gold"]),
                "alternatives": tuple(Entity(**one) for one in row["alternatives"]),
            }
        )
        for row in read_table(path, columns)
    ]
