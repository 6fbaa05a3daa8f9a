"""Finished run folders of taggers and of models that answer, made without a training."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.report.finished_runs import explanation, log, record

from regard.metrics.answer import exact_match, score_answers
from regard.metrics.tag import score_tags
from regard.recipe import build
from regard.records import (
    AnswerPrediction,
    Corpus,
    Entity,
    QuestionCorpus,
    RunFolder,
    Scores,
    TaggedCorpus,
    TagPrediction,
)
from regard.records.tags import Scheme, Stretch, spelled
from regard.tasks.answer.predictions import write_predictions as write_answers
from regard.tasks.tag.predictions import write_predictions as write_tags
from regard.tasks.tag.taggers import found
from regard.text.doctor_questions import examine_questions
from regard.text.doctor_tags import examine_tags

WORDS = ["Then", "we", "saw", "Anna", "Smith", "👩\u200d👧", "in", "New", "York", "City"]
WORDS += ["with", "Bob", ",", "and", "left", "."]
NAMES = [(3, 5), (7, 10), (11, 12)]
"""Words of the names in `WORDS`."""
CONTEXT = "The tower was built in 1887 by Anna Smith.\nIt stands in Paris , near the river — and is 300 metres high. "
ANSWERS = ["in 1887", "1887", "Anna Smith", "Paris", "300 metres"]
QUESTIONS = ["When was it built?", "Who built it?", "Where does it stand?", "How high is it?"]


def make_tagger(
    folder: Path,
    types: tuple[str, ...] = ("person", "place"),
    scheme: Scheme | None = "bio",
    n: int = 80,
    part: str = "test",
    kind: str = "network",
    payloads: list[str] | None = None,
    right: float = 0.6,
    repeated: int = 1,
) -> RunFolder:
    """A finished run of a tagger below `folder`; without `scheme` each word has one of `types` as its tag. A text is
    `repeated` times as long."""
    draw = random.Random(1)
    run = RunFolder(folder / f"tagger-{kind}-{part}-{len(types)}")
    rows = [_tagged(i, types, scheme, draw, right, payloads, repeated) for i in range(n)]
    if kind == "baseline":
        rows = [replace(row, confidences=(1.0,) * len(row.words)) for row in rows]
    prefixes = "BIES" if scheme == "bioes" else "BI"
    labels = list(types) if scheme is None else ["O", *(f"{prefix}-{one}" for one in types for prefix in prefixes)]
    corpus = TaggedCorpus(
        "names.conll",
        [row.id for row in rows],
        [row.input for row in rows],
        [row.gold or () for row in rows],
        words=[list(row.words) for row in rows],
    )
    scores = score_tags(rows, labels, part=part, seed=1, resamples=100)
    write_tags(run_ready(run), rows, labels)
    run.write_json(run.doctor, examine_tags({"train": corpus}).to_json())
    if kind != "baseline":
        run.write_json(run.explanations, [_explained(row) for row in _worth_explaining(rows)])
    facts = {"task": "tag", "counted": "words"}
    return _finish(run, scores, corpus, labels, kind, part, payloads, facts)


def make_answerer(
    folder: Path,
    n: int = 80,
    part: str = "test",
    kind: str = "network",
    payloads: list[str] | None = None,
    right: float = 0.6,
    without: float = 0.2,
    repeated: int = 1,
) -> RunFolder:
    """A finished run of a model that answers, below `folder`; the share `without` of its questions have no answer."""
    draw = random.Random(1)
    run = RunFolder(folder / f"answerer-{kind}-{part}")
    rows = [_answered(i, draw, right, without, payloads, repeated) for i in range(n)]
    corpus = QuestionCorpus(
        "questions.jsonl",
        [row.id for row in rows],
        [row.input for row in rows],
        [row.gold or () for row in rows],
        questions=[row.question for row in rows],
    )
    scores = score_answers(rows, part=part, seed=1, resamples=100)
    write_answers(run_ready(run), rows)
    run.write_json(run.doctor, examine_questions({"train": corpus}).to_json())
    wrong = [row for row in rows if exact_match(row.output, row.gold or ()) < 1][:2]
    good = [row for row in rows if exact_match(row.output, row.gold or ()) == 1][:1]
    documents = [("mistake", row) for row in wrong] + [("example", row) for row in good]
    run.write_json(run.explanations, [_reason(kind, row) for kind, row in documents])
    facts = {"task": "answer", "counted": "windows"}
    return _finish(run, scores, corpus, [], kind, part, payloads, facts)


def run_ready(run: RunFolder) -> Path:
    run.path.mkdir(parents=True, exist_ok=True)
    return run.predictions


def _finish(
    run: RunFolder,
    scores: Scores,
    corpus: Corpus,
    labels: list[str],
    kind: str,
    part: str,
    payloads: list[str] | None,
    facts: dict[str, str],
) -> RunFolder:
    document = scores.to_json()
    if part == "test":
        document["validation"] = scores.to_json()
    run.write_json(run.scores, document)
    parts = {"train": corpus, "validation": corpus.take(range(min(len(corpus), 10)))}
    if part == "test":
        parts["test"] = corpus
    made = record(parts, tuple(labels), kind, part, False, payloads)
    if made["training"]:
        made["training"]["counted"] = facts["counted"]
        named = [{**line, "f1": line["accuracy"], "exact_match": 0.5} if "accuracy" in line else line for line in log()]
        run.log.write_text("".join(json.dumps(line) + "\n" for line in named), encoding="utf-8")
    run.write_json(run.run_json, {**made, "task": facts["task"]})
    recipe = build({"task": facts["task"], "model": {"name": "spacy" if kind == "baseline" else "lstm"}})
    run.recipe.write_text(recipe.to_toml(), encoding="utf-8")
    return run


def _tagged(
    place: int,
    types: tuple[str, ...],
    scheme: Scheme | None,
    draw: random.Random,
    right: float,
    payloads: list[str] | None,
    repeated: int,
) -> TagPrediction:
    words = WORDS * repeated
    if payloads is not None:
        words = [*words[:3], payloads[place % len(payloads)] or "-", *words[4:]]
    text, spans = " ".join(words), []
    for word in words:
        start = spans[-1][1] + 1 if spans else 0
        spans.append((start, start + len(word)))
    if scheme is None:
        gold = [types[len(word) % len(types)] for word in words]
        output = [one if draw.random() < right else draw.choice(types) for one in gold]
    else:
        names = [
            (start + len(WORDS) * turn, end + len(WORDS) * turn, draw.choice(types))
            for turn in range(repeated)
            for start, end in NAMES
        ]
        gold = spelled(names, len(words), scheme)
        output = spelled(_spoilt(names, types, draw, right), len(words), scheme)
    sure = tuple(draw.uniform(0.3, 1.0) for _ in words)
    return TagPrediction(
        f"{place}", text, tuple(spans), tuple(output), tuple(gold), sure, found(spans, tuple(output), sure)
    )


def _spoilt(names: list[Stretch], types: tuple[str, ...], draw: random.Random, right: float) -> list[Stretch]:
    """Names as a tagger gives them: some with another type, another boundary, or both, some missed, some invented."""
    given = []
    for start, end, kind in names:
        other = types[(types.index(kind) + 1) % len(types)]
        how = "exact" if draw.random() < right else draw.choice(["type", "boundary", "both", "missed"])
        if how != "missed":
            shorter = end - 1 if how in ("boundary", "both") and end - start > 1 else end
            given.append((start, shorter, other if how in ("type", "both") else kind))
    if draw.random() > right:
        given.append((names[-1][1] + 2, names[-1][1] + 3, types[0]))
    return given


def _worth_explaining(rows: list[TagPrediction]) -> list[tuple[str, TagPrediction, int]]:
    """Two wrong words and a right one, with the numbers of their words."""
    wrong = [("mistake", row, _first_wrong(row)) for row in rows if row.gold != row.output]
    good = [("example", row, 3) for row in rows if row.gold == row.output]
    return [*wrong[:2], *good[:1]]


def _first_wrong(row: TagPrediction) -> int:
    return next(word for word, tags in enumerate(zip(row.gold or (), row.output, strict=True)) if tags[0] != tags[1])


def _explained(chosen: tuple[str, TagPrediction, int]) -> dict[str, Any]:
    kind, row, word = chosen
    start, end = row.words[word]
    made = explanation(row.input, row.output[word], target=f"{row.output[word]} for “{row.input[start:end]}”")
    made.detail["word"] = [start, end]
    return {"kind": kind, "id": row.id, "gold": list(row.gold or ()), "explanation": made.to_json()}


def _answered(
    place: int, draw: random.Random, right: float, without: float, payloads: list[str] | None, repeated: int
) -> AnswerPrediction:
    evil = payloads[place % len(payloads)] if payloads else ""
    context = f"{evil} {CONTEXT * repeated}"
    number = place % len(QUESTIONS)
    # The right answer and a wrong one that shares a word with it, or none.
    options = [("1887", "in 1887 by"), ("Anna Smith", "Anna"), ("Paris", "the river"), ("300 metres", evil or "high")]
    answer, other = options[number]
    output = answer if draw.random() < right else other
    gold: tuple[str, ...] = () if draw.random() < without else (answer, f"{answer}{evil}" if evil else answer)
    if draw.random() > right:
        output = ""
    start = context.index(output) if output else 0
    others = tuple(_at(context, one, 0.05 * (5 - place)) for place, one in enumerate(ANSWERS[1:]))
    return AnswerPrediction(
        f"{place}",
        context,
        f"{QUESTIONS[number]}{evil}",
        output,
        start,
        start + len(output),
        gold,
        confidence=draw.uniform(0.2, 1.0),
        no_answer=0.0 if output else 0.6,
        alternatives=others,
    )


def _at(context: str, answer: str, probability: float) -> Entity:
    start = context.index(answer)
    return Entity(start, start + len(answer), "answer", probability)


def _reason(kind: str, row: AnswerPrediction) -> dict[str, Any]:
    made = explanation(row.input, row.output or "(no answer)", target=row.output or "no answer")
    return {"kind": kind, "id": row.id, "gold": list(row.gold or ()), "explanation": made.to_json()}
