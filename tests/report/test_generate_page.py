"""The page of a language model: the verdict with its interval, passages token by token, what it wrote; nothing runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.report.finished_generators import make_generator

from regard.records import StretchPrediction
from regard.report import card, generate_evidence, page


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page.render(make_generator(tmp_path_factory.mktemp("runs")))


def test_the_verdict_comes_first(shown: str) -> None:
    lead = re.search(r'<p class="lead">(.*?)</p>', shown, re.S)
    assert lead is not None
    assert re.search(r"lstm needs \d\.\d{3} bits for a character of the test text \([\d,]+ of them\) \(95", lead[1])
    assert "Its perplexity is" in shown
    assert "Knowing only how often each character occurs" in shown
    assert "regard explain" not in shown


def test_passages_are_shown_token_by_token_as_they_are(shown: str) -> None:
    section = shown[shown.index('id="passages"') :]
    assert section.count("<article>") == 12
    for name in ("Typical", "Least expected", "Most expected"):
        assert name in section
    text = re.search(r'<p class="text" dir="auto" data-words>(.*?)</p>', section, re.S)
    assert text is not None
    assert re.sub(r"<[^>]+>", "", text[1]).startswith("Ada  went to Rome,\n  and “Max” 👩\u200d👧 stayed.")
    assert 'data-bits="' in text[1]
    assert "nbits" not in text[1]


def test_what_it_wrote_stands_behind_its_prompt(shown: str) -> None:
    section = shown[shown.index('id="samples"') : shown.index('id="passages"')]
    assert section.count("<strong>Ada</strong>") == 3
    assert "drawn, seed 1" in section


def test_texts_are_no_markup(tmp_path: Path) -> None:
    found = page.render(make_generator(tmp_path, payload="<script>alert(1)</script>"))
    assert "<script>alert" not in found
    assert "&lt;" in found


def test_few_passages_and_no_samples_have_a_page_too(tmp_path: Path) -> None:
    found = page.render(make_generator(tmp_path, n=2, part="validation", samples=0))
    assert 'id="samples"' not in found
    assert "along the text" not in found


def test_the_card_says_what_it_is(tmp_path: Path) -> None:
    told = card.render(make_generator(tmp_path))
    assert "pipeline_tag: text-generation" in told
    assert "nothing of it need be true" in told
    assert "perplexity" in told


def test_counting_characters_is_what_it_has_to_beat() -> None:
    rows = [StretchPrediction("1", "abab", ((0, 4),), (-4.0,))]
    [worse] = generate_evidence.beside_counting(rows, 1.2)
    assert worse.endswith("need 1.000: this model has not been shown to know more.")
    [better] = generate_evidence.beside_counting(rows, 0.25)
    assert better.endswith("the model saves 75.0\u00a0% of that.")
    assert generate_evidence.beside_counting([], 1.0) == []
