"""The page of the decoding lab of a language model: the ways against true text, and what each wrote, token by token."""

from __future__ import annotations

import re

import pytest
from tests.report.finished_generators import language_lab_document
from tests.report.finished_translations import lab_document

from regard.report import lab
from regard.report.lab_charts import signed


@pytest.fixture(scope="module")
def shown() -> str:
    return lab.render(language_lab_document())


def test_the_verdict_and_a_way_to_write_so(shown: str) -> None:
    assert re.search(r'<p class="lead">Take top-p 0.9: on 40 passages', shown)
    assert "regard generate runs/translator &#39;The beginning&#39; --tokens 200 --top-p 0.9</code>" in shown
    assert "scheduled_sampling" not in shown
    assert 'id="coverage"' not in shown


def test_each_way_stands_beside_the_true_text(shown: str) -> None:
    section = shown[shown.index('id="ways"') : shown.index('id="exposure"')]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>', section)
    assert [re.sub(r" *<.*", "", row) for row in rows] == [
        "greedy", "8 beams", "sampling", "top-p 0.9", "greedy, penalty 1.2", "the true text",
    ]  # fmt: skip
    assert section.count('<svg class="chart ladder"') == 2
    assert "greedy: +0.90 (95 % interval +0.80 to +1.00)" in section
    assert "greedy: +60.0 (95 % interval +50.0 to +70.0)" in section
    assert "top-p 0.9: +0.05 (95 % interval −0.05 to +0.15), within noise" in section


def test_what_truly_follows_comes_first_and_other_ways_unfold(shown: str) -> None:
    section = shown[shown.index('id="examples"') : shown.index('id="reproduce"')]
    heads = [re.sub(r" *<.*", "", head) for head in re.findall(r"<h4>(.*?)</h4>", section)]
    assert heads == ["what truly follows", "greedy and 8 beams", "sampling", "top-p 0.9", "greedy, penalty 1.2"]
    assert section.index("<details") < section.index("<h4>greedy, penalty 1.2") < section.index("</details>")
    texts = re.findall(r'<p class="text" dir="auto" data-words>(.*?)</p>', section, re.S)
    assert re.sub(r"<[^>]+>", "", texts[0]) == " went to  Rome\n"
    assert 'data-bits="' in texts[0]


def test_texts_are_no_markup() -> None:
    found = lab.render(language_lab_document(["<script>alert(1)</script>"]))
    assert "<script>alert" not in found


def test_figures_that_are_none_are_dashes() -> None:
    document = language_lab_document()
    for way in (*document["methods"], document["true"]):
        del way["figures"]["zipf"]
        way["intervals"] = {}
    assert "–</td>" in lab.render({**document, "examples": []})


def test_the_page_of_a_translator_is_its_own() -> None:
    found = lab.render(lab_document())
    assert 'id="coverage"' in found
    assert "scheduled_sampling=0.25" in found
    assert "true text" not in found


@pytest.mark.parametrize(("value", "digits", "told"), [(0.0, 1, "0.0"), (-0.04, 1, "0.0"), (-0.04, 2, "−0.04")])
def test_signed(value: float, digits: int, told: str) -> None:
    assert signed(value, digits) == told
