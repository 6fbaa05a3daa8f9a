"""Tables of scores in a terminal: in the words of their task, within 80 columns."""

from __future__ import annotations

from typing import Any

import pytest

from regard.cli import console
from regard.records import Scores

Captured = pytest.CaptureFixture[str]
FIGURES = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "support": 1200}


def scores(task: str, n: int = 1009, **more: Any) -> Scores:
    return Scores(task, "test", n, [], {"accuracy": 0.9, "f1": 0.4123}, {"f1": (0.39, 0.43)}, **more)


def printed(capsys: Captured, found: Scores) -> str:
    console.print_scores(found)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    return " ".join(out.split())


def test_a_tagger_of_names_has_a_row_for_each_type(capsys: Captured) -> None:
    found = scores("tag", per_class={"person": FIGURES, "[work] of art" * 9: FIGURES}, detail={"scheme": "bio"})
    out = printed(capsys, found)
    assert "test: 1,009 texts" in out
    assert "f1 0.4123 0.3900 – 0.4300" in out
    assert "type precision recall f1 names" in out
    assert "person 0.5000 0.2500 0.3333 1,200" in out
    assert "[work] of art" in out


def test_a_tagger_of_words_has_a_row_for_each_tag_and_of_many_the_worst(capsys: Captured) -> None:
    rows = {f"T{i}": {**FIGURES, "f1": i / 100} for i in range(30)}
    out = printed(capsys, scores("tag", per_class=rows, detail={"scheme": None}))
    assert "the 20 tags with the lowest F1" in out
    assert "tag precision recall f1 words" in out
    assert "T19 " in out
    assert "T20 " not in out


def test_answers_have_a_row_for_each_kind_of_question(capsys: Captured) -> None:
    kinds = {"how many": {"f1": 0.5, "exact_match": 0.25, "support": 12}}
    out = printed(capsys, scores("answer", n=1, per_class=kinds))
    assert "test: 1 question figure" in out
    assert "asks f1 exact match questions" in out
    assert "how many 0.5000 0.2500 12" in out


def test_classes_are_as_they_were(capsys: Captured) -> None:
    assert "class precision recall f1 texts" in printed(capsys, scores("classify", per_class={"a": FIGURES}))


@pytest.mark.parametrize(("task", "headline", "named"), [("answer", "f1", "F1"), ("classify", "accuracy", "accuracy")])
def test_a_comparison_names_its_headline_and_fits(capsys: Captured, task: str, headline: str, named: str) -> None:
    row = {
        "model": "longformer",
        "figure": 0.41,
        "interval": [0.35, 0.47],
        "figures": [0.4, 0.42],
        "train_examples": 123_456,
        "train_seconds": 500.0,
        "latency_ms": 123.4,
        "bytes": 90_000_000,
        "seeded": True,
        "seeds": [1, 2],
    }
    document = {"task": task, "headline": headline, "models": [row], "sentence": "Take it.", "report": "compare.html"}
    console.print_comparison(document)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert f"model {named} interval" in " ".join(out.split())
    assert ("questions" in out) == (task == "answer")
