"""Finished run folders as a training leaves them, made without a training."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from regard.metrics.classify import score
from regard.recipe import build
from regard.records import Corpus, Explanation, Highlight, Prediction, RunFolder
from regard.tasks.classify.predictions import write_predictions
from regard.text.doctor import examine

REVIEW = (
    "A wonderful, moving film 👩‍👧: I loved every minute of it.<br /><br />The plot is a little slow\n"
    "at first — and then it isn't. (The end is terrible!)  Still: wonderful. "
)
PAYLOADS = [
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    "</script><script>window.ran = 1</script>",
    "</title><script>window.ran = 1</script>",
    "</style><script>window.ran = 1</script>",
    '" onmouseover="window.ran = 1" x="',
    "' onfocus='window.ran = 1' autofocus='",
    "<svg><desc><script>window.ran = 1</script></desc></svg>",
    "javascript:window.ran=1",
    "{{ 7 * 191 }}{% for x in y %}",
    '<a href="javascript:window.ran=1">x</a>',
    "<style>@import url(http://127.0.0.1:9/x.css)</style>",
    "<iframe src=http://127.0.0.1:9/></iframe>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "`${window.ran=1}`",
    "\u202eright to left\u202c \u0000 \ufffd",
]


def explanation(text: str, output: Any, *, target: str | None = None, signed: bool = True) -> Explanation:
    """Every word scored, as far as the "model" reads: 60 words."""
    words, position = [], 0
    for word in text.split()[:60]:
        start = text.index(word, position)
        position = start + len(word)
        weight = random.Random(word).uniform(-1, 1)
        words.append(Highlight(start, position, weight if signed else abs(weight) / 30))
    return Explanation(
        text=text,
        output=output,
        target=target or (output if isinstance(output, str) else output[0]),
        confidence=0.93,
        method="integrated_gradients" if signed else "attention",
        signed=signed,
        highlights=words,
        seen=[(0, position)] if words else [],
        detail={"unit": "log-odds", "completeness_error": 0.01, "steps": 24} if signed else {},
    )


def make_run(
    folder: Path,
    labels: tuple[str, ...] = ("negative", "positive"),
    n: int = 400,
    kind: str = "network",
    part: str = "test",
    multi_label: bool = False,
    payloads: list[str] | None = None,
    right: float = 0.9,
) -> RunFolder:
    """A finished run folder below `folder`."""
    draw = random.Random(1)
    run = RunFolder(folder / f"imdb-{kind}-{part}-{len(labels)}")
    rows = [_prediction(i, labels, multi_label, draw, right, payloads) for i in range(n)]
    corpus = Corpus(
        "reviews.csv",
        [p.id for p in rows],
        [p.input for p in rows],
        [p.gold for p in rows],
        multi_label=multi_label,
    )
    parts = {"train": corpus, "validation": corpus.take(range(min(n, 40)))}
    if part == "test":
        parts["test"] = corpus
    scores = score(rows, list(labels), part=part, multi_label=multi_label, seed=1, resamples=100)
    document = scores.to_json()
    if part == "test":
        document["validation"] = scores.to_json()
    run.write_json(run.scores, document)
    write_predictions(run.predictions, rows, labels, multi_label)
    run.write_json(run.doctor, examine({"train": corpus}).to_json())
    run.write_json(run.explanations, _explained(rows))
    if kind != "baseline":
        run.log.write_text("".join(json.dumps(line) + "\n" for line in log()), encoding="utf-8")
    run.write_json(run.run_json, record(parts, labels, kind, part, multi_label, payloads))
    recipe = build({"model": {"name": "tfidf" if kind == "baseline" else "lstm"}})
    run.recipe.write_text(recipe.to_toml(), encoding="utf-8")
    return run


def _prediction(
    place: int,
    labels: tuple[str, ...],
    multi_label: bool,
    draw: random.Random,
    right: float,
    payloads: list[str] | None,
) -> Prediction:
    confidence = draw.uniform(0.5, 1.0)
    correct = draw.random() < right * (0.8 + 0.2 * confidence)
    gold: Any = draw.choice(labels)
    other = labels[(labels.index(gold) + 1) % len(labels)]
    output: Any = gold if correct else other
    share = (1 - confidence) / max(len(labels) - 1, 1)
    probabilities = {label: confidence if label == output else share for label in labels}
    if multi_label:
        gold = tuple(sorted({gold, other})) if draw.random() < 0.5 else (gold,)
        output = gold if correct else tuple(sorted({output}))
    text = REVIEW * draw.randint(1, 6)
    if payloads is not None:
        text = f"{payloads[place % len(payloads)]} {text}"
    return Prediction(str(place), text, output, gold, confidence, probabilities)


def _explained(rows: list[Prediction]) -> list[dict[str, Any]]:
    wrong = sorted((r for r in rows if r.gold != r.output), key=lambda r: -r.confidence)[:3]
    good = [r for r in rows if r.gold == r.output][:2]
    chosen = [("mistake", r, True) for r in wrong] + [("example", r, i == 0) for i, r in enumerate(good)]
    return [
        {
            "kind": kind,
            "id": row.id,
            "gold": row.gold,
            "explanation": explanation(row.input, row.output, signed=signed).to_json(),
        }
        for kind, row, signed in chosen
    ]


def log() -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for step in range(10, 801, 10):
        lines.append(
            {
                "event": "step",
                "step": step,
                "epoch": step / 200,
                "loss": 0.7 * 0.998**step,
                "learning_rate": 1e-3,
                "grad_norm": 1.0,
                "examples_per_second": 80.0,
            }
        )
        if step % 200 == 0:
            lines.append(
                {
                    "event": "evaluation",
                    "step": step,
                    "epoch": step / 200,
                    "loss": 0.4 * 0.999**step + 0.1,
                    "accuracy": 0.7 + step / 4000,
                    "macro_f1": 0.7 + step / 4000,
                    "best": True,
                }
            )
    return lines


def record(
    parts: dict[str, Corpus],
    labels: tuple[str, ...],
    kind: str,
    part: str,
    multi_label: bool,
    payloads: list[str] | None,
) -> dict[str, Any]:
    evil = payloads[0] if payloads else ""
    data: dict[str, Any] = {
        name: {
            "source": f"data/{evil}reviews.csv",
            "n": len(corpus),
            "sha256": corpus.sha256(),
            "columns": {"text": "review", "label": "sentiment"},
        }
        for name, corpus in parts.items()
    }
    data["validation"]["cut_from_train"] = True
    data.setdefault("test", None)
    data["split_note"] = None
    network = kind != "baseline"
    return {
        "regard": "0.1.0",
        "task": "classify",
        "model": ("lstm" if network else "tfidf") + evil,
        "architecture": "lstm" if network else "tfidf",
        "kind": kind,
        "labels": list(labels),
        "multi_label": multi_label,
        "seed": 1,
        "command": f"regard train reviews.csv --model lstm --out runs/reviews-lstm{evil}",
        "versions": {"python": "3.11.8", "regard": "0.1.0", "torch": "2.13.0"},
        "machine": {"cores": 2, "processor": "Some Processor", "memory_gib": 7.8, "device": "cpu"},
        "data": data,
        "timings": {"prepare": 2.1, "train": 312.4, "evaluate": 9.0, "total": 323.5},
        "training": {
            "steps": 800,
            "epochs": 4,
            "best_step": 800,
            "best_metrics": {"accuracy": 0.9},
            "stopped": "finished",
            "examples_per_second": 80.2,
        }
        if network
        else {},
        "size": {"parameters": 3_214_002, "bytes": 12_900_000},
        "latency_ms": {"median": 3.2, "n": 20},
        "scored": part,
        "truncated": {"train": 0.31, "validation": 0.3, part: 0.29} if network else {},
        "reading": {
            "strategy": "head",
            "max_length": 256,
            "max_windows": 1,
            "longer": {"train": 0.31, "validation": 0.3, part: 0.29},
            "unread": {"train": 0.12, "validation": 0.11, part: 0.1},
        }
        if network
        else None,
        "peak_memory_mib": 902.3,
    }
