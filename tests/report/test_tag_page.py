"""The page and the card of a tagger: names where its tags follow a scheme, else tags of words."""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Any

import pytest
from huggingface_hub import ModelCard
from tests.report.conftest import MakeRun
from tests.report.finished_runs import PAYLOADS
from tests.report.test_page import Tags, sections, verdict

from regard.metrics.span_errors import span_errors
from regard.records import Scores
from regard.report import card, page, tag_evidence
from regard.report.finished import Finished
from regard.report.task_report import report_of
from regard.tasks.task import task_of

SECTIONS = ["verdict", "asked", "data", "training", "scores", "kinds", "types", "trust", "mistakes", "examples"]
WORDS = {"types": ("NOUN", "VERB", "DET"), "scheme": None}


def read(markup: str) -> str:
    """As a reader sees it, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\u00a0", " ").split())


def part(markup: str, name: str) -> str:
    found = re.search(rf'<section id="{name}".*?</section>', markup, re.DOTALL)
    assert found
    return found.group()


def evidence(run: Any) -> dict[str, Any]:
    return report_of("tag").evidence(Finished.read(run))


def test_sections_in_the_order_of_reading(make_tagger: MakeRun) -> None:
    assert sections(page.render(make_tagger())) == [*SECTIONS, "reproduce"]
    words = [name for name in SECTIONS if name != "kinds"]
    assert sections(page.render(make_tagger(**WORDS, right=0.97))) == [*words, "reproduce"]


def test_the_verdict_on_names(make_tagger: MakeRun) -> None:
    run = make_tagger()
    said, scores = verdict(page.render(run)), Scores.from_json(run.read_json(run.scores))
    f1, pairs, of = f"{100 * scores.values['f1']:.1f}", scores.detail["pairs"], scores.detail["entities"]
    assert f"lstm finds names with an F1 of {f1} % on 80 test texts (95 % interval: " in said
    touched = pairs["wrong_type"] + pairs["wrong_boundary"] + pairs["wrong_both"]
    assert pairs["exact"] + touched + pairs["missed"] == of["gold"] == 240
    assert f"Of the 240 names in them it gives {pairs['exact']} exactly right (" in said
    assert f"{touched} with a wrong boundary or type, and misses {pairs['missed']}." in said
    assert f"Of the {of['output']} that it gives {pairs['exact']} are right (" in said
    assert f"{pairs['invented']} stand where there is none." in said
    assert "It is best at" not in said
    assert "The test texts were scored once" in said


def test_the_verdict_on_words(make_tagger: MakeRun) -> None:
    run = make_tagger(**WORDS)
    said, scores = verdict(page.render(run)), Scores.from_json(run.read_json(run.scores))
    accuracy = f"{100 * scores.values['accuracy']:.1f}"
    assert f"lstm gives the right tag to {accuracy} % of 1,280 words in 80 test texts (95 % interval: " in said
    assert "of the texts every word has the right tag." in said
    assert re.search(r"Always giving “(NOUN|VERB|DET)” would be right for \d\d\.\d % of the words: the model", said)
    rows = [row.key for row in report_of("tag").rows(Finished.read(run))]
    assert rows[0] == "accuracy"
    assert "f1" not in rows


def test_words_that_may_have_no_tag(make_tagger: MakeRun) -> None:
    """`O` beside tags without a prefix: F1 is the headline, and what is missed or invented is told."""
    run = make_tagger(types=("O", "drug", "dose"), scheme=None)
    said = verdict(page.render(run))
    assert "lstm tags words with an F1 of" in said
    assert "tagged words in them it gives" in said
    assert "with another tag, and misses" in said
    assert [row.name for row in evidence(run)["kinds"]] == ["right", "wrong tag", "missed", "invented"]


def test_best_and_worst_of_several_types(make_tagger: MakeRun) -> None:
    run = make_tagger(types=("person", "place", "work"))
    ranked = Scores.from_json(run.read_json(run.scores)).per_class
    best = max(ranked, key=lambda name: ranked[name]["f1"])
    assert f"It is best at “{best}” (F1 of" in verdict(page.render(run))


def test_peers_are_compared_by_f1(make_tagger: MakeRun) -> None:
    for options, did in (({}, "has an F1 of 99.0 % on"), (WORDS, "gives the right tag to 99.0 % of")):
        run = make_tagger(**options)
        peers = [{"model": "spacy", "figure": 0.99, "within_noise": False}]
        run.write_json(run.run_json, {**run.read_json(run.run_json), "peers": peers})
        assert f"spacy {did} the same" in verdict(page.render(run))
        assert "take that one." in verdict(page.render(run))


def test_what_became_of_names(make_tagger: MakeRun) -> None:
    run = make_tagger()
    pairs = run.read_json(run.scores)["detail"]["pairs"]
    rows = {row.name: row for row in evidence(run)["kinds"]}
    assert [row.count for row in rows.values()] == list(pairs.values())
    there = sum(row.share for name, row in rows.items() if name != "invented")
    assert there == pytest.approx(1.0)
    assert "of 240 there" in read(part(page.render(run), "kinds"))


def test_the_surest_of_each_kind(make_tagger: MakeRun) -> None:
    run = make_tagger(right=0.3)
    found = evidence(run)
    every = span_errors(task_of("tag").read_predictions(run.predictions))
    counted = Counter(error.kind for error in every)
    assert found["errors_in_all"] == len(every)
    assert {kind: times for kind, _, times in found["error_kinds"]} == counted
    shown = Counter(error.kind for error in found["errors"])
    assert all(shown[kind] >= min(times, tag_evidence.MOST_OF_A_KIND) for kind, times in counted.items())
    confidences = [error.confidence for error in found["errors"]]
    assert confidences == sorted(confidences, reverse=True)
    markup = page.render(run)
    assert re.search(rf"{len(found['errors'])} of {len(every)} mistakes: the surest of each kind\.", read(markup))


def test_an_error_shows_its_text_as_given_with_both_sides(make_tagger: MakeRun) -> None:
    run = make_tagger()
    texts = {row.id: row.input for row in task_of("tag").read_predictions(run.predictions)}
    for error in evidence(run)["errors"]:
        assert "".join(piece.text for one in error.parts for piece in one.pieces) == texts[error.id]
        (this,) = [one for one in error.parts if one.looked_at]
        sides = {side for piece in this.pieces for side in ("gold", "given") if getattr(piece, side)}
        assert sides == {"missed": {"gold"}, "invented": {"given"}}.get(error.kind, {"gold", "given"})
        assert not any(piece.right for piece in this.pieces)
    said = read(part(page.render(run), "mistakes"))
    assert "missed: place" in said
    assert re.search(r"(Anna Smith|New York City|Bob) given nothing \d+\.\d %, right is (person|place)", said)


def test_an_explanation_stands_at_the_error_that_holds_its_word(make_tagger: MakeRun) -> None:
    run = make_tagger(n=3, right=0.2)
    errors = evidence(run)["errors"]
    explained = [error for error in errors if error.explanation]
    assert explained
    for error in explained:
        start, end = error.explanation.detail["word"]
        word = error.explanation.text[start:end]
        assert any(word in words for words, _ in filter(None, (error.given, error.right)))
    assert "Words for and against" in page.render(run)


def test_examples_hold_names_and_say_their_types(make_tagger: MakeRun) -> None:
    run = make_tagger()
    found = evidence(run)["examples"]
    assert 0 < len(found) <= tag_evidence.MOST_EXAMPLES
    assert all({told for one in example.parts for told in one.told} == {"person", "place"} for example in found)


def test_words_most_often_wrong(make_tagger: MakeRun) -> None:
    run = make_tagger(**WORDS, n=20)
    rows = evidence(run)["hard_words"]
    assert all(2 <= row.wrong <= row.times == 20 for row in rows)
    assert [row.wrong for row in rows] == sorted((row.wrong for row in rows), reverse=True)
    assert "Words most often tagged wrong" in page.render(run)


def test_a_model_without_probabilities_claims_none(make_tagger: MakeRun) -> None:
    run = make_tagger(kind="baseline", part="validation")
    said = read(page.render(run))
    assert "This model gives no probabilities" in said
    for word in ("calibration error", "Does its confidence", "surest", "% sure", "regard explain"):
        assert word not in said
    made = card.render(run)
    assert "with a confidence" not in made
    assert "probabilities" not in made


@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("options", [{}, WORDS])
def test_few_texts(make_tagger: MakeRun, n: int, options: dict[str, Any]) -> None:
    for right in (0.0, 1.0):
        assert "reproduce" in sections(page.render(make_tagger(n=n, right=right, **options)))


def test_a_tagger_that_gives_nothing(make_tagger: MakeRun) -> None:
    run = make_tagger()
    scores = run.read_json(run.scores)
    scores["detail"]["entities"]["output"] = 0
    scores["detail"]["pairs"] = dict.fromkeys(scores["detail"]["pairs"], 0) | {"missed": 240}
    run.write_json(run.scores, scores)
    assert "and misses 240. It gives none." in verdict(page.render(run))
    scores["detail"]["entities"] = {"gold": 0, "output": 0}
    run.write_json(run.scores, scores)
    assert "There is no name in them. It gives none." in verdict(page.render(run))


def test_many_types_have_pairs_instead_of_a_matrix(make_tagger: MakeRun) -> None:
    markup = page.render(make_tagger(types=tuple(f"type {i}" for i in range(30)), right=0.4))
    assert 'class="matrix' not in markup
    assert "Most often mixed up" in markup


def test_long_texts_keep_the_page_small(make_tagger: MakeRun) -> None:
    markup = page.render(make_tagger(n=8, scheme="bioes", repeated=150))
    assert len(markup) < 400_000
    assert re.search(r"\[…[\d,]+ characters…\]", markup)


def test_a_name_of_a_megabyte_keeps_the_page_small(make_tagger: MakeRun) -> None:
    run = make_tagger(n=6, right=0.3, payloads=["", "x" * 1_000_000])
    run.explanations.unlink()
    run.doctor.unlink()
    assert len(page.render(run)) < 200_000


def test_hostile_names_types_and_texts_stay_text(make_tagger: MakeRun) -> None:
    for options in ({"types": tuple(PAYLOADS[:12])}, {"types": tuple(PAYLOADS[:12]), "scheme": None}):
        tags = Tags()
        tags.feed(page.render(make_tagger(payloads=PAYLOADS, right=0.4, **options)))
        names = [tag for tag, _ in tags.found]
        assert names.count("script") == names.count("style") == 1
        assert not {"img", "iframe", "link", "object", "embed", "base"} & set(names)
        attributes = {name for _, attrs in tags.found for name in attrs}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert all(attrs["href"].startswith("#") for tag, attrs in tags.found if tag == "a" and attrs["href"])


def test_the_data_and_the_pace_are_counted_in_their_units(make_tagger: MakeRun) -> None:
    said = read(page.render(make_tagger()))
    assert "80 words a second" in said
    assert re.search(r"place: 1\d\d , person: 1\d\d in 1,280 words", said)
    assert "Which words are names, and of which of 2 types? (person and place)" in said


def test_the_card_of_a_tagger(make_tagger: MakeRun) -> None:
    made = ModelCard(card.render(make_tagger()))
    assert made.data.pipeline_tag == "token-classification"
    assert {item.metric_type for item in made.data.eval_results or []} == {"f1", "precision", "recall", "accuracy"}
    assert "| type | precision | recall | F1 | names |" in made.content
    assert "AutoModelForTokenClassification" in made.content
    checkpoint = card.render(make_tagger(kind="checkpoint"))
    assert 'pipeline("token-classification", ' in checkpoint
    assert 'aggregation_strategy="first")' in checkpoint
    words = card.render(make_tagger(**WORDS, kind="checkpoint"))
    assert "neighbours with the same tag are joined" in words
    assert "| tag | precision | recall | F1 | words |" in words
