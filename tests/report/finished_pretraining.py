"""Finished run folders of masked language models, made without a training."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from tests.report.finished_runs import log, record

from regard.metrics.pretrain import score_masked
from regard.recipe import build
from regard.records import Corpus, MaskedPrediction, RunFolder
from regard.tasks.pretrain.predictions import write_predictions
from regard.text.doctor import examine

WORDS = ["Anna", "##bel", "saw", "2", "dogs", "in", "the", "snow", "."]
TEXT = "Annabel saw 2 dogs in the snow ."
SPANS = [(0, 4), (4, 7), (8, 11), (12, 13), (14, 18), (19, 21), (22, 25), (26, 30), (31, 32)]


def make_pretrained(
    folder: Path,
    n: int = 60,
    part: str = "validation",
    halves: bool = False,
    payloads: list[str] | None = None,
    right: float = 0.5,
) -> RunFolder:
    """A finished run of a pretraining below `folder`; `right` is the share of hidden tokens that it finds."""
    draw = random.Random(1)
    run = RunFolder(folder / f"pretrained-{part}-{halves}")
    run.path.mkdir(parents=True, exist_ok=True)
    rows = [_guessed(place, draw, right, halves, payloads) for place in range(n)]
    corpus = Corpus("texts.csv", [row.id for row in rows], [row.input for row in rows])
    scores = score_masked(rows, part=part, seed=1, resamples=50)
    write_predictions(run.predictions, rows)
    run.write_json(run.doctor, examine({"train": corpus}).to_json())
    run.write_json(run.explanations, [])
    run.write_json(run.scores, scores.to_json())
    parts: dict[str, Any] = {"train": corpus, "validation": corpus.take(range(min(n, 10)))}
    if part == "test":
        parts["test"] = corpus
    made = record(parts, (), "network", part, False, payloads)
    made["training"]["counted"] = "hidden tokens"
    run.log.write_text("".join(json.dumps(line) + "\n" for line in log()), encoding="utf-8")
    run.write_json(run.run_json, {**made, "task": "pretrain"})
    recipe = build({"task": "pretrain", "model": {"name": "lstm"}, "head": {"next_sentence": halves}})
    run.recipe.write_text(recipe.to_toml(), encoding="utf-8")
    return run


def _guessed(
    place: int, draw: random.Random, right: float, halves: bool, payloads: list[str] | None
) -> MaskedPrediction:
    evil = f"{payloads[place % len(payloads)]} " if payloads else ""
    text = f"{evil}{TEXT}\nThen they left, number {place}."
    hidden = sorted(draw.sample(range(len(WORDS)), 3))
    gold = tuple(WORDS[at] for at in hidden)
    output = tuple(word if draw.random() < right else f"{evil}cat" for word in gold)
    sure = tuple(draw.uniform(0.3, 0.9) for _ in hidden)
    known = zip(output, gold, sure, strict=True)
    logs = tuple(math.log(own if said == stood else 1 - own) for said, stood, own in known)
    places = tuple((SPANS[at][0] + len(evil), SPANS[at][1] + len(evil)) for at in hidden)
    follows = (draw.random(), place % 2 == 0) if halves else None
    return MaskedPrediction(str(place), text, places, output, gold, sure, logs, follows)
