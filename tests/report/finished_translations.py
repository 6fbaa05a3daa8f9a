"""Finished run folders of translators, made without a training."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tests.report.finished_runs import log, record

from regard.metrics.translate import score_translations
from regard.recipe import build
from regard.records import Highlight, RunFolder, TextPairCorpus, TextPrediction
from regard.records.alignment import METHOD, Alignment, View
from regard.tasks.translate.predictions import write_predictions
from regard.text.doctor_pairs import examine_pairs

PAIRS = [
    ("A man sleeps .", "Ein Mann schläft ."),
    ("Two dogs run in the snow .", "Zwei Hunde laufen im Schnee ."),
    ("A girl 👧 in a red dress reads a book .", "Ein Mädchen 👧 in einem roten Kleid liest ein Buch ."),
    (
        "The boy , who is tall , plays football with his friends .",
        "Der große Junge spielt mit Freunden Fußball .",
    ),
]


def make_translator(
    folder: Path,
    n: int = 60,
    part: str = "test",
    attention: str = "additive",
    payloads: list[str] | None = None,
    right: float = 0.6,
    repeated: int = 1,
    references: int = 1,
    layers: int = 2,
) -> RunFolder:
    """A finished run of a translator below `folder`; `right` is the share of words that it has from the reference."""
    draw = random.Random(1)
    run = RunFolder(folder / f"translator-{attention}-{part}")
    run.path.mkdir(parents=True, exist_ok=True)
    rows = [_translated(i, draw, right, payloads, repeated, references) for i in range(n)]
    corpus = TextPairCorpus(
        "pairs.tsv", [row.id for row in rows], [row.input for row in rows], [row.gold or () for row in rows]
    )
    scores = score_translations(rows, part=part, seed=1, resamples=50)
    write_predictions(run.predictions, rows)
    run.write_json(run.doctor, examine_pairs({"train": corpus}).to_json())
    explained = [] if attention == "none" else [_explained(row, layers) for row in rows[:4]]
    run.write_json(run.explanations, explained)
    document = scores.to_json()
    parts: dict[str, Any] = {"train": corpus, "validation": corpus.take(range(min(n, 10)))}
    if part == "test":
        document["validation"] = scores.to_json()
        parts["test"] = corpus
    run.write_json(run.scores, document)
    made = record(parts, (), "network", part, False, payloads)
    made["training"]["counted"] = "tokens"
    named = [{**line, "bleu": 30 * line["accuracy"], "chrf": 50.0} if "accuracy" in line else line for line in log()]
    run.log.write_text("".join(json.dumps(line) + "\n" for line in named), encoding="utf-8")
    run.write_json(run.run_json, {**made, "task": "translate"})
    recipe = build({"task": "translate", "model": {"name": "lstm"}, "head": {"attention": attention}})
    run.recipe.write_text(recipe.to_toml(), encoding="utf-8")
    return run


def _translated(
    place: int, draw: random.Random, right: float, payloads: list[str] | None, repeated: int, references: int
) -> TextPrediction:
    source, target = PAIRS[place % len(PAIRS)]
    evil = f"{payloads[place % len(payloads)]} " if payloads else ""
    words = (f"{target} " * repeated).split()
    others = ["Haus", "grün", "und", "über", "einer", "Straße"]
    output = " ".join(word if draw.random() < right else draw.choice(others) for word in words)
    golds = tuple(f"{evil}{(target + ' ') * repeated}{'!' * number}".strip() for number in range(references))
    source = f"{evil}{(source + ' ') * repeated}".strip()
    return TextPrediction(
        str(place), source, evil + output, golds, -0.4 * len(words), len(words), finished=place % 9 != 0
    )


def _explained(row: TextPrediction, layers: int) -> dict[str, Any]:
    made = alignment(row.input, row.output, layers=layers)
    return {"kind": "mistake", "id": row.id, "gold": list(row.gold or ()), "explanation": made.to_json()}


def alignment(source: str, output: str, layers: int = 2) -> Alignment:
    """Every word of the output looks at the word of its own place most, a tenth of it at no word."""
    across, down = _words(source), _words(output)
    weights = tuple(_row(place, len(across)) for place in range(len(down)))
    total = sum(map(sum, weights)) or 1.0
    shares = [sum(row[place] for row in weights) / total for place in range(len(across))]
    return Alignment(
        text=source,
        output=output,
        target=output,
        confidence=0.61,
        method=METHOD,
        signed=False,
        highlights=[Highlight(start, end, share) for (start, end), share in zip(across, shares, strict=True)],
        seen=[(0, len(source))],
        detail={"view": "mean of the heads of the last layer"},
        written=tuple(down),
        weights=weights,
        views=tuple(View(f"layer {layer + 1}", weights) for layer in range(layers)) if layers > 1 else (),
    )


def _row(place: int, columns: int) -> tuple[float, ...]:
    at = min(place, columns - 1)
    return tuple(0.6 if column == at else 0.3 / max(columns - 1, 1) for column in range(columns))


def _words(text: str) -> list[tuple[int, int]]:
    spans, position = [], 0
    for word in text.split():
        start = text.index(word, position)
        position = start + len(word)
        spans.append((start, position))
    return spans


def lab_document(payloads: list[str] | None = None) -> dict[str, Any]:
    """What the decoding lab found, made up; a payload in every text."""
    evil = payloads or [""]
    texts = [f"{one} {source}" for one in evil for source, _ in PAIRS[:1]]
    places = [_place(at) for at in range(1, 9)]
    shares = [{"share": share, "loss": 1 + share, "accuracy": 0.6, "replaced": share / 2} for share in (0.0, 0.25, 1.0)]
    difference = {"difference": 1.0, "interval": [0.5, 1.5], "p": 0.01}
    return {
        "regard": "0.1.0",
        "task": "translate",
        "n": 40,
        "run": f"runs/{evil[0]}translator",
        "model": f"lstm{evil[0]}",
        "source": f"data/{evil[0]}pairs.tsv",
        "part": "validation",
        "seed": 1,
        "command": f"regard lab runs/translator {evil[0]}",
        "machine": {"cores": 2, "processor": "Some Processor", "memory_gib": 7.8, "device": "cpu"},
        "take": "5 beams",
        "options": {"method": "beam", "beams": 5, "length_penalty": 1.0},
        "sentence": "Take 5 beams: BLEU 30.1 on 40 texts, 1.2 above greedy.",
        "methods": [_way("greedy", "greedy", None), _way("5 beams", "beams", 1.2), _way("sampling", "sampling", -8.0)],
        "references": {"repeated_3": 0.01, "repeated_4": 0.0},
        "exposure": {
            "forced_loss": 1.0,
            "free_loss": 2.0,
            "difference": difference,
            "forced_accuracy": 0.7,
            "free_accuracy": 0.4,
            "reference_loss": 20.0,
            "shares": shares,
            "places": places,
            "groups": places[:2],
        },
        "coverage": {
            "texts": 40,
            "words": 400,
            "mean": 0.9,
            "hardly_looked_at": 0.1,
            "looked_at_too_much": 0.02,
            "bins": [{"from": 0.0, "to": 0.2, "words": 40}, *({"from": 1.0, "to": 1.5, "words": 72} for _ in range(5))],
            "worst": [{"id": "7", "alignment": alignment(text, "Ein Mann schläft").to_json()} for text in texts[:9]],
        },
        "examples": [
            {
                "id": str(place),
                "source": text,
                "references": [text],
                "outputs": [
                    {"output": text, "methods": ["greedy", "5 beams"], "chrf": 100.0, "log_probability": -3.0},
                    {"output": "", "methods": ["sampling"], "chrf": 0.0, "log_probability": -30.0},
                ],
            }
            for place, text in enumerate(texts)
        ],
        "page": "lab.html",
    }


def _place(at: int) -> dict[str, Any]:
    return {
        "first": at,
        "last": at,
        "tokens": 40,
        "forced_loss": 1.0,
        "free_loss": 1.0 + at / 8,
        "forced_accuracy": 0.7,
        "free_accuracy": 0.7 - at / 20,
    }


def _way(name: str, family: str, difference: float | None) -> dict[str, Any]:
    figures = {"bleu": 28.9 + (difference or 0), "chrf": 50.0, "length_ratio": 0.98, "repeated_3": 0.01}
    figures |= {
        "repeated_4": 0.0,
        "log_probability": -6.1,
        "token_log_probability": -0.4,
        "unfinished": 0.0,
        "same": 0.5,
    }
    found = None
    if difference is not None:
        found = {"difference": difference, "interval": [difference - 0.9, difference + 0.9], "p": 0.01}
    return {
        "name": name,
        "family": family,
        "options": {},
        "figures": figures,
        "seconds_per_text": 0.004,
        "difference": found,
        "p_adjusted": None if found is None else 0.02,
        "within_noise": found is None,
    }
