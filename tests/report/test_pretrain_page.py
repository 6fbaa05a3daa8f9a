"""The page and the card of a masked language model."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from tests.report.conftest import MakeRun
from tests.report.finished_pretraining import WORDS, make_pretrained
from tests.report.finished_runs import PAYLOADS
from tests.report.test_page import Tags, sections, verdict

from regard.records import MaskedPrediction, Scores
from regard.report import card, page, pretrain_evidence
from regard.tasks.task import task_of

SECTIONS = ["verdict", "asked", "data", "training", "scores", "passages", "kinds", "trust", "reproduce"]


@pytest.fixture
def make(tmp_path: Path) -> MakeRun:
    return partial(make_pretrained, tmp_path)


def predictions(run: Any) -> list[MaskedPrediction]:
    return task_of("pretrain").read_predictions(run.predictions)


def test_sections_in_the_order_of_reading(make: MakeRun) -> None:
    assert sections(page.render(make())) == SECTIONS


def test_the_verdict_says_how_many_hidden_tokens_are_found_and_against_what(make: MakeRun) -> None:
    run = make(part="test")
    said = verdict(page.render(run))
    scores = Scores.from_json(run.read_json(run.scores))
    counts = Counter(token for item in predictions(run) for token in item.gold or ())
    word, times = counts.most_common(1)[0]
    accuracy = f"{100 * scores.values['accuracy']:.1f}"
    assert f"lstm finds {accuracy} % of 180 tokens hidden in 60 test passages (95 % interval: " in said
    assert f"Always saying “{word}” would find {100 * times / 180:.1f} %: the model is better" in said
    assert "fine-tuned from it" in said
    assert "halves" not in said


def test_halves_are_told(make: MakeRun) -> None:
    run = make(halves=True)
    html = page.render(run)
    scores = Scores.from_json(run.read_json(run.scores))
    share = f"{100 * scores.values['next_sentence_accuracy']:.1f}"
    assert f"Of 60 pairs of halves it tells {share} % rightly" in verdict(html)
    assert "the second half follows" in html
    assert "the second half is from elsewhere" in html


def test_hidden_words_are_marked_with_what_was_found(make: MakeRun) -> None:
    run = make(right=0.5)
    html, rows = page.render(run), predictions(run)
    first = rows[0]
    wrong = [
        place for place, (said, stood) in enumerate(zip(first.output, first.gold or (), strict=True)) if said != stood
    ]
    assert wrong
    assert f"cat {100 * first.confidences[wrong[0]]:.0f}\u00a0%, this" in html
    shown = pretrain_evidence.shown(rows)
    assert len(shown["passages"]) == pretrain_evidence.MOST_SHOWN
    assert shown["passages"][0].found == 3 - len(wrong)
    looked_at = [part for part in shown["passages"][0].parts if part.looked_at]
    assert 1 <= len(looked_at) <= 3


def test_kinds_of_tokens_add_up(make: MakeRun) -> None:
    rows = predictions(make())
    kinds = pretrain_evidence.kinds(rows)
    assert [kind.name for kind in kinds] == [
        "words and beginnings of words",
        "further pieces of words",
        "numbers",
        "signs",
    ]
    assert sum(kind.tokens for kind in kinds) == 180
    right = sum(said == stood for item in rows for said, stood in zip(item.output, item.gold or (), strict=True))
    assert sum(kind.tokens * kind.accuracy for kind in kinds) == pytest.approx(right)
    assert len(set(WORDS)) == len(WORDS)


def test_what_a_text_holds_stays_text(make: MakeRun) -> None:
    html = page.render(make(payloads=PAYLOADS))
    tags = Tags()
    tags.feed(html)
    assert "alert(" not in re.sub(r"<[^>]*>", "", "".join(re.findall(r"<script[^>]*>.*?</script>", html, re.DOTALL)))
    assert "<img src=x" not in html


def test_the_card_says_how_it_is_used(make: MakeRun) -> None:
    run = make(halves=True)
    made = ModelCard(card.render(run))
    assert made.data.pipeline_tag == "fill-mask"
    assert {"accuracy", "perplexity"} == set(made.data.metrics)
    assert 'model.predict("a text with a [MASK] in it")' in made.text
    assert "AutoModelForMaskedLM.from_pretrained" in made.text
    assert f"regard train labelled.csv --model {run.path.name}" in made.text
    assert "| further pieces of words |" in made.text
