"""Finished run folders of language models, made without a training."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.report.finished_runs import log, record

from regard.metrics.language import score_language
from regard.recipe import build
from regard.records import Corpus, RunFolder, StretchPrediction
from regard.tasks.generate.predictions import write_predictions

LINE = "Ada  went to Rome,\n  and “Max” 👩\u200d👧 stayed. "


def make_generator(
    folder: Path, n: int = 60, part: str = "test", kind: str = "network", payload: str = "", samples: int = 3
) -> RunFolder:
    """A finished run of a language model of characters; each passage ends with `payload`."""
    draw = random.Random(1)
    run = RunFolder(folder / f"generator-{kind}-{part}-{n}")
    run.path.mkdir(parents=True)
    rows = [_stretch(number, draw, payload) for number in range(1, n + 1)]
    scores = score_language(rows, part=part, seed=1, resamples=100)
    write_predictions(run.predictions, rows)
    document = scores.to_json()
    if part == "test":
        document["validation"] = scores.to_json()
    run.write_json(run.scores, document)
    written = [
        {"kind": "sample", "id": row.id, "how": "drawn, seed 1", "prompt": "Ada", "text": row.input, **_of(row)}
        for row in rows[:samples]
    ]
    run.write_json(run.explanations, written)
    corpus = Corpus("trips.txt", ["trips"], ["".join(row.input for row in rows)])
    parts = {"train": corpus, "validation": corpus, **({"test": corpus} if part == "test" else {})}
    made = record(parts, (), kind, part, False, None)
    made["training"]["counted"] = "tokens"
    named = [{**line, "bits_per_character": 3 - line["accuracy"]} if "accuracy" in line else line for line in log()]
    run.log.write_text("".join(json.dumps(line) + "\n" for line in named), encoding="utf-8")
    run.write_json(run.run_json, {**made, "task": "generate"})
    run.recipe.write_text(build({"task": "generate", "model": {"name": "lstm"}}).to_toml(), encoding="utf-8")
    return run


def _stretch(number: int, draw: random.Random, payload: str) -> StretchPrediction:
    text = LINE * 4 + payload
    logs = tuple(-draw.expovariate(0.8) for _ in text)
    return StretchPrediction(f"trips:{number}", text, tuple((place, place + 1) for place in range(len(text))), logs)


def _of(row: StretchPrediction) -> dict[str, list[object]]:
    return {"spans": [list(span) for span in row.spans], "log_probabilities": list(row.log_probabilities)}
