"""The page and the card of a model that answers questions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import ModelCard
from tests.report.conftest import MakeRun
from tests.report.finished_runs import PAYLOADS
from tests.report.test_page import Tags, sections, verdict
from tests.report.test_tag_page import part, read

from regard.metrics.answer import exact_match, f1
from regard.records import AnswerPrediction, Scores
from regard.report import answer_evidence, card, page
from regard.report.finished import Finished
from regard.report.task_report import report_of
from regard.tasks.task import task_of

SECTIONS = ["verdict", "asked", "data", "training", "scores", "kinds", "trust", "mistakes", "examples", "reproduce"]
CONTEXT = "Anna met Bob in Paris. Later Anna left Paris for Rome."


def evidence(run: Any) -> dict[str, Any]:
    return report_of("answer").evidence(Finished.read(run))


def predictions(run: Any) -> list[AnswerPrediction]:
    return task_of("answer").read_predictions(run.predictions)


def asked(output: str, *gold: str, **more: Any) -> AnswerPrediction:
    start = CONTEXT.find(output) if output else 0
    return AnswerPrediction("1", CONTEXT, "Where?", output, start, start + len(output), gold, 0.9, **more)


def test_sections_in_the_order_of_reading(make_answerer: MakeRun) -> None:
    assert sections(page.render(make_answerer())) == SECTIONS


def test_the_verdict_has_f1_exact_match_and_what_is_wrong(make_answerer: MakeRun) -> None:
    run = make_answerer(without=0.0)
    said, rows = verdict(page.render(run)), predictions(run)
    scores = Scores.from_json(run.read_json(run.scores))
    exact = sum(exact_match(row.output, row.gold or ()) for row in rows)
    partly = sum(f1(row.output, row.gold or ()) > 0 and not exact_match(row.output, row.gold or ()) for row in rows)
    assert f"lstm answers 80 test questions with an F1 of {100 * scores.values['f1']:.1f} % (95 % interval: " in said
    assert f"{exact:.0f} of the 80 answers are exactly right ({100 * exact / 80:.1f} %; 95 % interval: " in said
    assert f"{partly} share words with a right one and {80 - exact - partly:.0f} are wrong." in said
    assert "without an answer" not in said
    assert "The test questions were scored once" in said


def test_questions_without_an_answer(make_answerer: MakeRun) -> None:
    run = make_answerer(without=0.5)
    rows = predictions(run)
    without = [row for row in rows if row.gold == ()]
    silent = sum(not row.output for row in without)
    said = verdict(page.render(run))
    assert f"Of {len(without)} questions without an answer in the text {silent} got none (" in said
    assert f"of the {80 - len(without)} with an answer" in said
    assert f"Never answering would have an F1 of {100 * len(without) / 80:.1f} %" in said
    assert "or does it hold none?" in read(page.render(run))
    assert "right where there is none" in read(part(page.render(run), "scores"))


def test_all_right(make_answerer: MakeRun) -> None:
    markup = page.render(make_answerer(right=1.0, without=0.0, n=4))
    assert "4 of the 4 answers are exactly right" in verdict(markup)
    assert "are wrong" not in verdict(markup)
    assert "No mistake on these 4 questions." in read(markup)


def test_peers_are_compared_by_f1(make_answerer: MakeRun) -> None:
    run = make_answerer()
    peers = [{"model": "minilm", "figure": 0.9, "within_noise": False}]
    run.write_json(run.run_json, {**run.read_json(run.run_json), "peers": peers})
    assert "minilm has an F1 of 90.0 % on the same questions: take that one." in verdict(page.render(run))


def test_the_surest_of_each_kind(make_answerer: MakeRun) -> None:
    run = make_answerer(n=200, right=0.4)
    found = evidence(run)
    wrong = [row for row in predictions(run) if not exact_match(row.output, row.gold or ())]
    assert found["errors_in_all"] == len(wrong)
    assert sum(times for _, _, times in found["error_kinds"]) == len(wrong)
    assert [kind for kind, _, _ in found["error_kinds"]] == list(answer_evidence.KINDS)
    shown = Counter(error.kind for error in found["errors"])
    assert all(shown[kind] == min(times, answer_evidence.MOST_OF_A_KIND) for kind, _, times in found["error_kinds"])
    confidences = [error.confidence for error in found["errors"]]
    assert confidences == sorted(confidences, reverse=True)


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (asked("Bob", "Paris"), "elsewhere"),
        (asked("in Paris", "Paris"), "partly"),
        (asked("", "Paris"), "silent"),
        (asked("Bob"), "needless"),
    ],
)
def test_an_error_marks_what_was_given_and_every_place_of_what_is_right(item: AnswerPrediction, kind: str) -> None:
    (error,) = answer_evidence.errors([item], [])["errors"]
    assert error.kind == kind
    pieces = [piece for one in error.parts for piece in one.pieces]
    assert "".join(piece.text for piece in pieces) == CONTEXT
    assert "".join(piece.text for piece in pieces if piece.given) == item.output
    right = [piece.text for piece in pieces if piece.gold]
    assert right == (["Paris", "Paris"] if item.gold else [])


def test_a_right_answer_is_marked_once(make_answerer: MakeRun) -> None:
    (shown,) = answer_evidence.examples([asked("Paris", "Paris", "in Paris")], [])["examples"]
    marked = [one for one in shown.parts if one.told]
    assert [(one.told, [piece.text for piece in one.pieces]) for one in marked] == [(("given and right",), ["Paris"])]


def test_what_else_it_thought_of_has_no_answer_where_that_is_likely() -> None:
    row = predictions_with(0.25)
    assert row.others == [("", 0.25)]
    assert predictions_with(1e-6).others == []


def predictions_with(no_answer: float) -> answer_evidence.Asked:
    (error,) = answer_evidence.errors([replace(asked("Bob", "Paris"), no_answer=no_answer)], [])["errors"]
    return error


def test_scores_by_length(make_answerer: MakeRun) -> None:
    rows = [{"at_least": low, "f1": 0.5, "exact_match": 0.4, "support": 9} for low in (1, 2, 5)]
    assert [row.told for row in answer_evidence.ranges(rows)] == ["1", "2–4", "5 or more"]
    assert answer_evidence.ranges([]) == []
    assert "By words in the right answer" in page.render(make_answerer())


@pytest.mark.parametrize("n", [1, 2, 7])
def test_few_questions(make_answerer: MakeRun, n: int) -> None:
    for right in (0.0, 1.0):
        assert "reproduce" in sections(page.render(make_answerer(n=n, right=right)))


def test_long_contexts_are_folded_around_the_answers(make_answerer: MakeRun) -> None:
    markup = page.render(make_answerer(repeated=5_000, n=20, right=0.4))
    assert len(markup) < 1_000_000
    assert re.search(r"\[…[\d,]+ characters…\]", markup)


def test_hostile_questions_answers_and_texts_stay_text(make_answerer: MakeRun) -> None:
    tags = Tags()
    tags.feed(page.render(make_answerer(payloads=PAYLOADS, right=0.4)))
    names = [tag for tag, _ in tags.found]
    assert names.count("script") == names.count("style") == 1
    assert not {"img", "iframe", "link", "object", "embed", "base"} & set(names)
    attributes = {name for _, attrs in tags.found for name in attrs}
    assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert all(attrs["href"].startswith("#") for tag, attrs in tags.found if tag == "a" and attrs["href"])


def test_the_data_and_the_pace_are_counted_in_their_units(make_answerer: MakeRun) -> None:
    said = read(page.render(make_answerer(without=0.25)))
    assert "80 windows a second" in said
    assert re.search(r"with an answer: \d\d , without: \d\d", said)
    assert "31.0 % of questions" in said
    assert 'regard predict answerer-network-test "a text" --question "a question?"' in said


def test_the_card_of_a_model_that_answers(make_answerer: MakeRun) -> None:
    made = ModelCard(card.render(make_answerer()))
    assert made.data.pipeline_tag == "question-answering"
    assert {item.metric_type for item in made.data.eval_results or []} == {"f1", "exact_match"}
    assert 'model.predict("a text", "a question?")' in made.content
    assert "| asks | F1 | exact match | questions |" in made.content
    checkpoint = card.render(make_answerer(kind="checkpoint"))
    assert "pipeline(" not in checkpoint
    assert "AutoModelForQuestionAnswering.from_pretrained('answerer-checkpoint-test/model')" in checkpoint
