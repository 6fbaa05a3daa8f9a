"""The page and the card of a translator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from tests.report.finished_runs import PAYLOADS
from tests.report.finished_translations import make_translator
from tests.report.test_page import Tags, sections, verdict
from tests.report.test_tag_page import part, read

from regard.metrics.translate import figures_of
from regard.records import Scores
from regard.report import card, page, translate_evidence
from regard.report.finished import Finished

SECTIONS = ["verdict", "asked", "data", "training", "scores", "made", "alignments", "mistakes", "reproduce"]


def scores(run: Any) -> Scores:
    return Scores.from_json(run.read_json(run.scores))


def test_sections_in_the_order_of_reading(tmp_path: Path) -> None:
    assert sections(page.render(make_translator(tmp_path))) == SECTIONS


def test_the_verdict_has_bleu_what_it_means_and_what_costs_nothing(tmp_path: Path) -> None:
    run = make_translator(tmp_path)
    said, found = verdict(page.render(run)), scores(run)
    low, high = found.intervals["bleu"]
    figure = f"lstm scores a BLEU of {found.values['bleu']:.1f} on 60 test texts, against one reference of each"
    assert f"{figure} (95 % interval: {low:.1f} – {high:.1f})." in said
    single, *_, four = found.detail["bleu"]["precisions"]
    assert f"Of its words {single:.0f} % stand in a reference of the same text" in said
    assert f"of its stretches of four words {four:.0f} %" in said
    rows = Finished.read(run).predictions
    copied = figures_of([row.input for row in rows], [row.gold for row in rows])["bleu"]
    assert (
        f"Giving the source back as it is has a BLEU of {copied:.1f}; the model has {found.values['bleu']:.1f}." in said
    )
    assert "were ended by the limit of their length" in said


def test_of_long_sources_the_first_sentence_is_a_baseline(tmp_path: Path) -> None:
    said = verdict(page.render(make_translator(tmp_path, repeated=4)))
    assert re.search(r"Giving its first sentence has a ROUGE-L of 0\.\d{3}; the model has 0\.\d{3}", said)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("“Is it?” he said. Yes!", "“Is it?”"),
        ("Version 2.5 is out", "Version 2.5 is out"),
        ("", ""),
        (" 一。 二。", "一。"),
    ],
)
def test_the_first_sentence(text: str, first: str) -> None:
    assert translate_evidence.first_sentence(text).rstrip("”") == first.rstrip("”")


def test_scores_of_a_hundred_and_of_one(tmp_path: Path) -> None:
    run = make_translator(tmp_path)
    told, found = read(part(page.render(run), "scores")), scores(run).values
    assert f"{found['bleu']:.3f}" in told
    assert f"{found['rouge_l']:.3f}" in told
    assert "BLEU by length" in page.render(run)


def test_differences_are_words_of_one_side() -> None:
    output, reference = translate_evidence.differences("Ein Mann schläft heute.", "Ein Mann isst.")
    assert "".join(one.text for one in output) == "Ein Mann schläft heute."
    assert [one.text for one in output if one.own] == ["schläft heute"]
    assert [one.text for one in reference if one.own] == ["isst"]
    assert translate_evidence.differences("", "a b")[0] == []


def test_the_worst_the_middling_and_the_best(tmp_path: Path) -> None:
    run = make_translator(tmp_path, references=2)
    found = translate_evidence.translations(Finished.read(run).predictions)
    figures = {
        kind: [one.chrf for one in found["translations"] if one.kind == kind] for kind in translate_evidence.KINDS
    }
    assert max(figures["worst"]) <= min(figures["middling"]) <= max(figures["middling"]) <= min(figures["best"])
    assert [times for _, _, times in found["kinds"]] == [10, 10, 10]
    assert all(len(one.others) == 1 for one in found["translations"])
    ids = [one.id for one in found["translations"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_few_texts(tmp_path: Path, n: int) -> None:
    for right in (0.0, 1.0):
        assert "reproduce" in sections(page.render(make_translator(tmp_path, n=n, right=right)))


def test_alignments_and_how_to_ask_for_one(tmp_path: Path) -> None:
    markup = page.render(make_translator(tmp_path))
    assert part(markup, "alignments").count('class="heat"') == 4
    assert "regard explain translator-additive-test" in markup


def test_a_model_without_attention_has_none_and_says_so(tmp_path: Path) -> None:
    markup = page.render(make_translator(tmp_path, attention="none"))
    assert "its decoder meets the source through one vector, without attention" in read(markup)
    assert "regard explain" not in markup


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    tags = Tags()
    tags.feed(page.render(make_translator(tmp_path, payloads=PAYLOADS)))
    names = [tag for tag, _ in tags.found]
    assert names.count("script") == names.count("style") == 1
    assert not {"img", "iframe", "link", "object", "embed", "base"} & set(names)
    attributes = {name for _, attrs in tags.found for name in attrs}
    assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_long_texts_leave_a_page_of_a_reasonable_size(tmp_path: Path) -> None:
    assert len(page.render(make_translator(tmp_path, repeated=20, n=6))) < 1_500_000


def test_the_card(tmp_path: Path) -> None:
    made = ModelCard(card.render(make_translator(tmp_path)))
    assert made.data.pipeline_tag == "translation"
    assert {item.metric_type for item in made.data.eval_results or []} == {"bleu", "chrf", "rouge"}
    assert "AutoModelForSeq2SeqLM.from_pretrained" in made.content
    assert "| words in the source | BLEU | chrF | texts |" in made.content
