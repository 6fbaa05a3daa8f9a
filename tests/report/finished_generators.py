"""Finished run folders of language models, made without a training."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.report.finished_runs import log, record
from tests.report.finished_translations import lab_document

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


def language_lab_document(payloads: list[str] | None = None) -> dict[str, Any]:
    """What the decoding lab of a language model found, made up; a payload in every text."""
    evil = payloads or [""]
    shared = lab_document(payloads)
    kept = ("regard", "n", "run", "source", "part", "seed", "command", "machine", "exposure", "page")
    return {
        **{name: shared[name] for name in kept},
        "task": "generate",
        "model": f"lstm{evil[0]}",
        "take": "top-p 0.9",
        "options": {"top_p": 0.9, "seed": 1},
        "sentence": "Take top-p 0.9: on 40 passages no way comes closer to the true text by more than noise.",
        "methods": [
            _way("greedy", "greedy", 0.9, 0.6),
            _way("8 beams", "beams", 1.2, 0.7),
            _way("sampling", "sampling", -0.4, 0.0),
            _way("top-p 0.9", "sampling", 0.05, 0.0),
            _way("greedy, penalty 1.2", "repetition", 0.6, 0.01),
        ],
        "prompt_tokens": 50,
        "tokens": 200,
        "true": {"figures": _figures(-2.0, 0.0), "intervals": {"distinct_2": [0.7, 0.9]}},
        "examples": [_example(str(place), one) for place, one in enumerate(evil)],
    }


def _example(identity: str, evil: str) -> dict[str, Any]:
    written = [["greedy", "8 beams"], ["sampling"], ["top-p 0.9"], ["greedy, penalty 1.2"]]
    return {
        "id": identity,
        "prompt": f"Ada {evil}",
        "true": _said(f" went to  Rome\n{evil}"),
        "written": [{"methods": names, **_said(f" went {evil} {names[0]}")} for names in written],
    }


def _said(text: str) -> dict[str, Any]:
    return {
        "text": text,
        "spans": [[place, place + 1] for place in range(len(text))],
        "log_probabilities": [-0.1 * (place % 40) for place in range(len(text))],
    }


def _way(name: str, family: str, likelier: float, again: float) -> dict[str, Any]:
    return {
        "name": name,
        "family": family,
        "options": {},
        "figures": _figures(likelier - 2, again),
        "intervals": {"distinct_2": [0.7, 0.9], "zipf": [0.9, 1.1]},
        "seconds_per_token": 0.0004,
        "differences": {"log_probability": _difference(likelier), "repeated_4": _difference(again)},
    }


def _figures(nats: float, again: float) -> dict[str, float]:
    return {
        "log_probability": nats,
        "perplexity": 7.4,
        "repeated_3": again,
        "repeated_4": again,
        "distinct_2": 0.8,
        "zipf": 1.0,
    }


def _difference(value: float) -> dict[str, Any]:
    noise = abs(value) < 0.1
    return {
        "difference": value,
        "interval": [value - 0.1, value + 0.1],
        "p": 0.5 if noise else 0.01,
        "p_adjusted": 1.0 if noise else 0.02,
        "within_noise": noise,
    }
