"""Why a stretch was given as the answer: scores that add up, on the word that points at it, in its window."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests import checkpoints

from regard import recipe as recipes
from regard.analysis.attribution import MOST_STEPS, TOLERANCE
from regard.analysis.explain_answer import METHOD, explain_answer
from regard.analysis.reasons import can_explain, explain_prediction
from regard.errors import UsageError
from regard.records import QuestionCorpus
from regard.tasks.answer import AnswerQuestions, NetworkAnswerer
from regard.tasks.answer.span_search import ALWAYS

TASK = AnswerQuestions()
WORDS = ("ada", "max", "grace", "lin", "omar", "eva", "rose", "tom", "ines", "paul")
QUESTION = "who is it ?"


def corpus(n: int = 96) -> QuestionCorpus:
    """The answer is whoever stands behind the word "named"."""
    generator, texts, starts, answers = random.Random(1), [], [], []
    for _ in range(n):
        words = generator.sample(WORDS, 6)
        words.insert(place := generator.randrange(6), "named")
        texts.append(" ".join(words))
        answers.append((words[place + 1],))
        starts.append((texts[-1].index(f" {words[place + 1]}" if place else words[1]) + bool(place),))
    return QuestionCorpus(
        "made up", [str(row) for row in range(n)], texts, list(answers), questions=[QUESTION] * n, starts=starts
    )


CORPUS = corpus()


def make(model: str, **sets: Any) -> NetworkAnswerer:
    recipe = recipes.build({"task": "answer"}, model=model, sets={"model.dropout": 0.0, **sets})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    made.model.eval()
    return made


@pytest.fixture(scope="module")
def answerer() -> NetworkAnswerer:
    sizes = {"model.hidden_size": 16, "model.embedding_size": 16, "tokens.minimum_frequency": 1}
    made = make("gru", **sizes, **{"tokens.max_length": 20, "tokens.window_stride": 6, "model.embedding_dropout": 0.0})
    encoded = TASK.encode(made.encoder, CORPUS)
    batch = made.batch(encoded, made.targets(CORPUS, encoded))
    loss, optimizer = made.loss(SimpleNamespace()), torch.optim.AdamW(made.model.parameters(), lr=0.02)  # type: ignore[arg-type]
    for _ in range(120):
        optimizer.zero_grad()
        total, windows = loss(made.model, batch)
        (total / windows).backward()
        optimizer.step()
    made.model.zero_grad()
    made.model.config.no_answer_threshold = ALWAYS
    return made


def given(text: str, question: str = QUESTION) -> QuestionCorpus:
    return TASK.given([text], [question])


def test_the_word_that_points_at_the_answer_has_the_largest_score(answerer: NetworkAnswerer) -> None:
    first = 0
    for text, (answer,) in zip(CORPUS.texts[:12], CORPUS.labels or [], strict=False):
        found = explain_answer(answerer, given(text))
        assert (found.output, found.target) == (answer, answer)
        assert [word for word, _ in found.words()] == text.split()
        first += max(found.words(), key=lambda item: item[1])[0] == "named"
    assert first >= 9


def test_scores_of_text_and_question_add_up_to_the_log_probability(answerer: NetworkAnswerer) -> None:
    for text in CORPUS.texts[:4]:
        found = explain_answer(answerer, given(text))
        change = found.detail["score"] - found.detail["baseline_score"]
        total = sum(item.score for item in found.highlights) + found.detail["question_score"]
        error = abs(total - change) / abs(change)
        assert found.detail["completeness_error"] == pytest.approx(error, abs=1e-3)
        assert error < TOLERANCE or found.detail["steps"] == MOST_STEPS
        assert found.detail["score"] <= 0
        assert (found.method, found.signed, found.detail["unit"]) == (METHOD, True, "log-probability")
        assert text[slice(*found.detail["answer"])] == found.output
        assert found.seen == [(0, len(text))]


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_checkpoints_add_up_too(family: str, tmp_path: Path) -> None:
    place = checkpoints.make(family, tmp_path / family, [*CORPUS.texts, QUESTION])
    made = make(str(place), **{"tokens.max_length": 40, "tokens.window_stride": 16})
    text = "Max was (not) named  Ada!"
    found = explain_answer(made, given(text))
    change = found.detail["score"] - found.detail["baseline_score"]
    total = sum(item.score for item in found.highlights) + found.detail["question_score"]
    assert total == pytest.approx(change, rel=2 * TOLERANCE, abs=1e-6)
    assert [text[item.start : item.end] for item in found.highlights] == [
        "Max",
        "was",
        "(",
        "not",
        ")",
        "named",
        "Ada",
        "!",
    ]


def test_of_a_long_text_the_window_with_the_answer_is_explained(answerer: NetworkAnswerer) -> None:
    text = "tom ines paul rose max lin " * 4 + "eva named ada omar"
    found = explain_answer(answerer, given(text))
    assert found.output == "ada"
    assert found.detail["windows"] > 1
    assert found.seen[0][0] > 0
    assert dict(found.words()).keys() >= {"named", "ada", "omar"}


def test_no_answer_is_explained_by_what_speaks_for_none(answerer: NetworkAnswerer) -> None:
    answerer.model.config.no_answer_threshold = -1.0
    try:
        found = explain_answer(answerer, given("tom ines paul"))
    finally:
        answerer.model.config.no_answer_threshold = ALWAYS
    assert (found.output, found.target, found.detail["answer"]) == ("(no answer)", "no answer", [0, 0])
    assert len(found.highlights) == 3
    empty = explain_answer(answerer, given(""))
    assert (empty.output, empty.highlights, empty.seen) == ("(no answer)", [], [])


def test_what_can_not_be_told_is_said(answerer: NetworkAnswerer) -> None:
    with pytest.raises(UsageError, match="can't be explained by 'weights'"):
        explain_answer(answerer, given("tom named ada"), method="weights")
    with pytest.raises(UsageError, match="no other one can be explained"):
        explain_answer(answerer, given("tom named ada"), target="tom")
    assert can_explain(TASK, answerer)


def test_a_prediction_is_explained_with_its_question(answerer: NetworkAnswerer) -> None:
    [item] = answerer.predictions(CORPUS.take([5]))
    found = explain_prediction(TASK, answerer, item)
    assert (found.output, found.detail["question"]) == (item.output, item.question)
    assert found.confidence == pytest.approx(item.confidence)


def test_the_model_is_left_as_it_was(answerer: NetworkAnswerer) -> None:
    explain_answer(answerer, given("tom named ada"))
    assert all(parameter.requires_grad and parameter.grad is None for parameter in answerer.model.parameters())
    assert not answerer.model.embedding_dropout._forward_hooks
